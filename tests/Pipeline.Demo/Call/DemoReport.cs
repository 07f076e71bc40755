using System.Globalization;
using Pipeline.Contracts.Api;
using Pipeline.DiscordSimulator.Media;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.DiscordSimulator.World;
using Pipeline.TestKit.Stage;

namespace Pipeline.Demo.Call;

/// <summary>Downloads what was recorded, compares it with what was spoken and prints both.</summary>
internal sealed class DemoReport(DemoStage stage, IReadOnlyList<DemoVoice> voices)
{
    private const double LeastCorrelation = 0.8;
    private static readonly TimeSpan MostError = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan FrameDuration = TimeSpan.FromMilliseconds(20);

    // The recorder corrects within talk from 2 ms on.
    private static readonly TimeSpan Tolerance = TimeSpan.FromMilliseconds(2);

    private readonly List<TimeSpan> errors = [];
    private readonly Dictionary<string, double> beganAt = [];

    public async Task<bool> PrintAsync(RecordingDetails recording, double stopToFinalized, DemoCall.Ended ended)
    {
        bool good = recording.Status == RecordingStatus.Completed && recording.MissingSegments.Count == 0;
        IReadOnlyList<VerifiedTrack> tracks = await new RecordingVerifier(stage.Functions.Api)
            .VerifyAsync(recording, CancellationToken.None);
        Console.WriteLine();
        Console.WriteLine(
            "speaker   segments   seconds        bytes    talks   on the wire   found at   off by   within a talk   correlation   slipped");
        foreach (DemoVoice voice in voices)
        {
            string userId = voice.UserId.ToString(CultureInfo.InvariantCulture);
            VerifiedTrack? track = tracks.FirstOrDefault(candidate => candidate.UserId == userId);
            if (track is null)
            {
                Console.WriteLine($"{voice.Name,-9} no track");
                good = false;
                continue;
            }
            good &= await PrintTrackAsync(recording, voice, track);
        }
        TimeSpan apart = errors.Count == 0 ? TimeSpan.Zero : errors.Max() - errors.Min();
        good &= apart <= MostError;
        Console.WriteLine(
            FormattableString.Invariant($"tracks and talks lie {apart.TotalMilliseconds:F1} ms apart at most, against the wire"));
        good &= await new DemoFiles(stage, voices).PrintAsync(recording, ended.StoppedAt);
        good &= await new DemoWords(stage, voices).PrintAsync(recording, beganAt);
        PrintCodes(ended);
        good &= ended.PrivacyCodes.All(code =>
            code.Code is null || Digits(ended.PanelText).Contains(Digits(code.Code), StringComparison.Ordinal));
        SimulatedMessage panel = new DemoCall(stage, voices).Panel()!;
        DemoRun.Show("when all is done", panel);
        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture,
            $"stop -> finalized {stopToFinalized:F1} s, {recording.SegmentCount} segments, {recording.TotalSize} bytes, every one "
            + $"downloaded and compared"));
        Console.WriteLine($"recording: {new Uri(stage.Functions.BaseUrl, $"/api/recordings/{recording.Id}")}");
        Console.WriteLine(good ? "demo: all is well" : "demo: SOMETHING IS WRONG, see above");
        return good;
    }

    private async Task<bool> PrintTrackAsync(RecordingDetails recording, DemoVoice voice, VerifiedTrack track)
    {
        IReadOnlyList<DeliveredTalk> talks = stage.Discord.Deliveries.Talks(stage.Discord.Bot.Id, voice.UserId);
        float[] audio = await Pcm.DownloadTrackAsync(stage.Functions.Api, recording, track.UserId, CancellationToken.None);
        float[] clip = Pcm.Decode(voice.File);
        bool good = talks.Count == voice.Spoken.Count;
        SpeechAlignment worst = new(TimeSpan.Zero, 1, TimeSpan.Zero);
        TimeSpan worstError = TimeSpan.Zero, wire = TimeSpan.Zero;
        int from = 0;
        foreach ((OpusClip spoken, DeliveredTalk talk) in voice.Spoken.Zip(talks))
        {
            int length = Math.Min(spoken.Frames.Sum(frame => frame.Samples), clip.Length - from);
            SpeechAlignment found = SpeechAlignment.Find(clip.AsSpan(from, length), audio);
            // A frame that overtakes the sender's op 5 is refused, by Discord too: then the talk begins before its first packet.
            TimeSpan refused = (spoken.Frames.Count - talk.Frames) * FrameDuration;
            TimeSpan begun = stage.Origin + talk.Earliest - refused - recording.RecordedAt;
            TimeSpan error = found.Position - begun;
            errors.Add(error);
            if (from == 0) beganAt[voice.Name] = found.Position.TotalSeconds;
            if (from == 0 || error.Duration() > worstError.Duration()) (worstError, wire) = (error, begun);
            worst = new SpeechAlignment(found.Position, Math.Min(worst.Correlation, found.Correlation),
                TimeSpan.FromTicks(Math.Max(worst.WorstWindow.Ticks, found.WorstWindow.Ticks)));
            from += length;
        }

        long slipped = recording.Health.GetValueOrDefault(track.UserId)?.GetValueOrDefault("slipped") ?? 0;
        TimeSpan asked = TimeSpan.FromSeconds(talks.Sum(talk => talk.Wandering.TotalSeconds));
        good &= worst.Correlation >= LeastCorrelation && worst.WorstWindow <= MostError && worstError.Duration() <= MostError;
        good &= slipped <= (asked < Tolerance ? 0 : (asked + Tolerance).TotalSeconds * Pcm.SamplesPerSecond);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{voice.Name,-9} {track.Segments,8} {track.Audio.TotalSeconds,9:F2} {track.Bytes,12} {talks.Count,8} "
                + $"{wire.TotalSeconds,11:F3} s {(wire + worstError).TotalSeconds,8:F3} s {worstError.TotalMilliseconds,5:F1} ms "
                + $"{worst.WorstWindow.TotalMilliseconds,12:F1} ms {worst.Correlation,13:F3} {slipped,9}{(good ? "" : "  WRONG")}"));
        return good;
    }

    private static void PrintCodes(DemoCall.Ended ended)
    {
        foreach ((string name, string? code) in ended.PrivacyCodes.Where(entry => entry.Code is not null))
            Console.WriteLine(
                $"privacy code that {name}'s client shows: {code} "
                + (Digits(ended.PanelText).Contains(Digits(code!), StringComparison.Ordinal)
                    ? "(the bot's panel shows the same)" : "(NOT on the bot's panel)"));
    }

    private static string Digits(string text) => string.Concat(text.Where(char.IsAsciiDigit));
}
