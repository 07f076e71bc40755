using System.Globalization;
using Pipeline.Contracts.Api;
using Pipeline.DiscordSimulator.Media;
using Pipeline.DiscordSimulator.World;
using Pipeline.TestKit.Stage;

namespace Pipeline.Demo.Call;

/// <summary>Downloads what was recorded, compares it with what was spoken and prints both.</summary>
internal sealed class DemoReport(DemoStage stage, IReadOnlyList<DemoVoice> voices)
{
    private const double LeastCorrelation = 0.8;
    private static readonly TimeSpan MostError = TimeSpan.FromMilliseconds(20);

    public async Task<bool> PrintAsync(RecordingDetails recording, double stopToFinalized, DemoCall.Ended ended)
    {
        bool good = recording.Status == RecordingStatus.Completed && recording.MissingSegments.Count == 0;
        IReadOnlyList<VerifiedTrack> tracks = await new RecordingVerifier(stage.Functions.Api).VerifyAsync(recording, CancellationToken.None);
        Console.WriteLine();
        Console.WriteLine("speaker   segments   seconds        bytes   said at   found at   off by   within the clip   correlation");
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
        PrintCodes(ended);
        good &= ended.PrivacyCodes.All(code => code.Code is null || Digits(ended.PanelText).Contains(Digits(code.Code), StringComparison.Ordinal));
        SimulatedMessage panel = new DemoCall(stage, voices).Panel()!;
        DemoRun.Show("when all is done", panel);
        Console.WriteLine(FormattableString.Invariant($"stop -> finalized {stopToFinalized:F1} s, {recording.SegmentCount} segments, {recording.TotalSize} bytes, every one downloaded and compared"));
        Console.WriteLine($"recording: {new Uri(stage.Functions.BaseUrl, $"/api/recordings/{recording.Id}")}");
        Console.WriteLine(good ? "demo: all is well" : "demo: SOMETHING IS WRONG, see above");
        return good;
    }

    private async Task<bool> PrintTrackAsync(RecordingDetails recording, DemoVoice voice, VerifiedTrack track)
    {
        DeliveredPacket first = stage.Discord.Deliveries.All.First(packet => packet.ReceiverId == stage.Discord.Bot.Id && packet.UserId == voice.UserId && !packet.IsSilence);
        TimeSpan said = stage.Origin + first.SpokenAt - recording.RecordedAt;
        float[] audio = await Pcm.DownloadTrackAsync(stage.Functions.Api, recording, track.UserId, CancellationToken.None);
        SpeechAlignment found = SpeechAlignment.Find(Pcm.Decode(voice.File), audio);
        bool good = found.Correlation >= LeastCorrelation && found.WorstWindow <= MostError && (found.Position - said).Duration() <= TimeSpan.FromMilliseconds(100);
        Console.WriteLine(FormattableString.Invariant(
            $"{voice.Name,-9} {track.Segments,8} {track.Audio.TotalSeconds,9:F2} {track.Bytes,12} {said.TotalSeconds,8:F3} s {found.Position.TotalSeconds,8:F3} s {(found.Position - said).TotalMilliseconds,5:F0} ms {found.WorstWindow.TotalMilliseconds,14:F1} ms {found.Correlation,13:F3}{(good ? "" : "  WRONG")}"));
        return good;
    }

    private static void PrintCodes(DemoCall.Ended ended)
    {
        foreach ((string name, string? code) in ended.PrivacyCodes.Where(entry => entry.Code is not null))
            Console.WriteLine($"privacy code that {name}'s client shows: {code} {(Digits(ended.PanelText).Contains(Digits(code!), StringComparison.Ordinal) ? "(the bot's panel shows the same)" : "(NOT on the bot's panel)")}");
    }

    private static string Digits(string text) => string.Concat(text.Where(char.IsAsciiDigit));
}
