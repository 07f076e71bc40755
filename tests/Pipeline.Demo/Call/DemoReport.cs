using System.Globalization;
using Pipeline.Contracts.Api;
using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Media;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.DiscordSimulator.World;
using Pipeline.TestKit.Stage;

namespace Pipeline.Demo.Call;

/// <summary>Downloads what was recorded, compares it with what was spoken and prints both.</summary>
internal sealed class DemoReport(DemoStage stage, IReadOnlyList<DemoVoice> voices)
{
    private readonly List<TimeSpan> errors = [];
    private static readonly TimeSpan PanelPatience = TimeSpan.FromSeconds(60);
    private readonly Dictionary<string, IReadOnlyList<SpokenWords.Talk>> talksOf = [];

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
        (TimeSpan apart, bool areTogether) = WirePlaces.Between(errors);
        good &= areTogether;
        Console.WriteLine(
            "slipped: samples that were left out of a talk or put into it, so that the track keeps to the speaker's clock");
        Console.WriteLine(
            FormattableString.Invariant($"tracks and talks lie {apart.TotalMilliseconds:F1} ms apart at most, against the wire"));
        good &= await new DemoFiles(stage, voices).PrintAsync(recording, ended.StoppedAt);
        good &= await new DemoWords(stage, voices).PrintAsync(recording, talksOf);
        PrintCodes(ended);
        good &= ended.PrivacyCodes.All(code =>
            code.Code is null || Digits(ended.PanelText).Contains(Digits(code.Code), StringComparison.Ordinal));
        good &= await ShowLastPanelAsync();
        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture,
            $"stop -> finalized {stopToFinalized:F1} s, {recording.SegmentCount} segments, {recording.TotalSize} bytes, every one "
            + $"downloaded and compared"));
        if (stage.IsKept) Console.WriteLine($"recording: {new Uri(stage.Functions.BaseUrl, $"/api/recordings/{recording.Id}")}");
        Console.WriteLine(good ? "demo: all is well" : "demo: SOMETHING IS WRONG, see above");
        return good;
    }

    // The bot asks after a while how far the files are, and edits the panel once more.
    private async Task<bool> ShowLastPanelAsync()
    {
        SimulatedMessage panel = new DemoCall(stage, voices).Panel()!;
        bool isReady = true;
        try
        {
            await Simulator.WaitUntilAsync(() => panel.Text.Contains("are ready.", StringComparison.Ordinal), PanelPatience);
        }
        catch (TimeoutException)
        {
            isReady = false;
        }
        DemoRun.Show("when all is done", panel);
        if (!isReady) Console.WriteLine("WRONG: all files are ready, and the panel does not say so");
        return isReady;
    }

    private async Task<bool> PrintTrackAsync(RecordingDetails recording, DemoVoice voice, VerifiedTrack track)
    {
        IReadOnlyList<DeliveredTalk> talks = stage.Discord.Deliveries.Talks(stage.Discord.Bot.Id, voice.UserId);
        float[] audio = await Pcm.DownloadTrackAsync(stage.Functions.Api, recording, track.UserId, CancellationToken.None);
        SpokenTalks said = new(Pcm.Decode(voice.File), voice.Spoken);
        IReadOnlyList<SpeechAlignment> places = said.Find(audio);
        talksOf[voice.Name] = [.. said.Parts.Zip(places, SpokenWords.Talk.Of)];
        SpokenTalks.Verdict verdict = said.Judge(places);
        WirePlaces wire = WirePlaces.Of([.. voice.Spoken.Select(talk => talk.Frames.Count)], talks,
            [.. places.Select(place => place.Position)], recording.RecordedAt - stage.Origin);
        errors.AddRange(wire.Errors);
        long slipped = recording.Health.GetValueOrDefault(track.UserId)?.GetValueOrDefault("slipped") ?? 0;
        bool good = verdict.IsGood && wire.IsGood(slipped);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{voice.Name,-9} {track.Segments,8} {track.Audio.TotalSeconds,9:F2} {track.Bytes,12} {talks.Count,8} "
                + $"{wire.Wire.TotalSeconds,11:F3} s {(wire.Wire + wire.Worst).TotalSeconds,8:F3} s {wire.Worst.TotalMilliseconds,5:F1} ms "
                + $"{verdict.WorstWindow.TotalMilliseconds,12:F1} ms {verdict.Correlation,13:F3} {slipped,9}{(good ? "" : "  WRONG")}"));
        if (!good) PrintWire(voice, recording.Health.GetValueOrDefault(track.UserId));
        return good;
    }

    // What there is to say where the fault lies: how late the packets of each second went on the wire, and what the recorder counted.
    private void PrintWire(DemoVoice voice, IReadOnlyDictionary<string, long>? health)
    {
        DeliveredPacket[] packets = [.. stage.Discord.Deliveries.Delivered(stage.Discord.Bot.Id, voice.UserId)
            .Where(packet => !packet.IsSilence)];
        if (packets.Length == 0) return;
        double[] delays = [.. packets.Select(packet =>
            packet.At.TotalMilliseconds - ((int)(packet.Timestamp - packets[0].Timestamp) / (Pcm.SamplesPerSecond / 1000.0)))];
        double least = delays.Min();
        IEnumerable<string> seconds = packets.Zip(delays).GroupBy(one => (int)one.First.At.TotalSeconds)
            .Select(second => string.Create(CultureInfo.InvariantCulture, $"{second.Min(one => one.Second) - least:F0}"));
        Console.WriteLine($"          least delay of each second on the wire, in ms: {string.Join(' ', seconds)}");
        Console.WriteLine("          first packets, in ms: "
            + string.Join(' ', delays.Take(12).Select(delay => string.Create(CultureInfo.InvariantCulture, $"{delay - least:F0}"))));
        IEnumerable<string> counted = (health ?? new Dictionary<string, long>()).Where(one => one.Value != 0)
            .Select(one => $"{one.Key} {one.Value}");
        Console.WriteLine($"          counted: {string.Join(", ", counted)}");
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
