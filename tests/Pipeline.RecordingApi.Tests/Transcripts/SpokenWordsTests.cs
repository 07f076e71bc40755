using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Pipeline.Audio.Wav;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.TestKit;
using Pipeline.TestKit.Speech;

namespace Pipeline.RecordingApi.Tests.Transcripts;

/// <summary>Spoken words, a recogniser that hears them, and the files that people get.</summary>
public sealed partial class SpokenWordsTests(AzuriteFixture azurite, ITestOutputHelper output) : IDisposable
{
    private const ulong Ada = 31, Grace = 32;
    private const double Tolerance = 0.3; // seconds

    private readonly Judge judge = new();
    private readonly TempFolder folder = new();

    public void Dispose()
    {
        judge.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Words_come_in_order_from_the_right_person_within_300_ms_of_where_they_were_spoken()
    {
        Judge.SkipUnlessInstalled("espeak-ng", "sox");
        Assert.SkipUnless(Sphinx.IsInstalled, "pocketsphinx is not installed");
        await using TranscriptStage stage = await TranscriptStage.StartAsync(azurite);
        stage.Service.Answer = new Sphinx(folder).AnswerAsync;
        Recorded recorded = await stage.Stage.BeginAsync();
        List<(string Name, string Word, double At)>[] runs =
        [
            await SpeakAsync(stage, recorded, Ada, "Ada Lovelace", 3, "en-us+m3", ["november", "elephant", "banana"]),
            await SpeakAsync(stage, recorded, Grace, "Grace", 14, "en-us+f2", ["computer", "kangaroo"]),
            await SpeakAsync(stage, recorded, Ada, "Ada Lovelace", 33, "en-us+m3", ["computer", "kangaroo"]),
            await SpeakAsync(stage, recorded, Grace, "Grace", 34, "en-us+f2", ["elephant", "banana", "november"]),
        ];
        (string Name, string Word, double At)[] spoken = [.. runs.SelectMany(run => run)];
        await stage.Stage.FinalizeAsync(recorded);

        await stage.TranscribeAsync(recorded);

        Assert.Empty(stage.Service.Refused);
        JsonElement json = await stage.JsonAsync(recorded);
        Assert.Equal("ready", json.GetProperty("status").GetString());
        (string Name, string Word, double At)[] heard = [.. json.GetProperty("turns").EnumerateArray().SelectMany(turn =>
            turn.GetProperty("words").EnumerateArray().Select(word => (turn.GetProperty("username").GetString()!,
                word.GetProperty("text").GetString()!, word.GetProperty("start").GetDouble())))];
        foreach (string name in new[] { "Ada Lovelace", "Grace" })
        {
            (string Name, string Word, double At)[] own = [.. heard.Where(word => word.Name == name)];
            (string Name, string Word, double At)[] expected = [.. spoken.Where(word => word.Name == name)];
            foreach ((string _, string word, double at) in own) output.WriteLine($"{name}: {word} at {at:F3}");
            Assert.Equal(expected.Select(word => word.Word), own.Select(word => word.Word));
            foreach (((string _, string word, double at), (string _, string _, double found)) in expected.Zip(own))
                Assert.True(Math.Abs(at - found) <= Tolerance, $"{word} was spoken at {at:F3} and heard at {found:F3}");
        }
        DemandTimes(await stage.TextAsync(recorded, "transcript.vtt"), runs, name => $"<v {name}>");
        DemandTimes(await stage.TextAsync(recorded, "transcript.srt"), runs, name => $"{name}: ");
        string[] lines = (await stage.TextAsync(recorded, "transcript.txt")).TrimEnd().Split('\n');
        Assert.Equal(4, lines.Length);
        Assert.Equal("[00:00:03] Ada Lovelace: november elephant banana", lines[0]);
    }

    /// <summary>Each run of words is a cue that begins where its first word was spoken.</summary>
    private static void DemandTimes(string text, List<(string Name, string Word, double At)>[] runs, Func<string, string> mark)
    {
        foreach (List<(string Name, string Word, double At)> run in runs)
        {
            string said = mark(run[0].Name) + string.Join(' ', run.Select(word => word.Word));
            string cue = text.Split("\n\n").Single(cue => cue.Contains(said, StringComparison.Ordinal));
            Match time = Start().Match(cue);
            double at = (int.Parse(time.Groups[1].Value, CultureInfo.InvariantCulture) * 60)
                + double.Parse($"{time.Groups[2].Value}.{time.Groups[3].Value}", CultureInfo.InvariantCulture);
            Assert.InRange(at, run[0].At - Tolerance, run[0].At + Tolerance);
        }
    }

    /// <summary>Puts one segment with these words, half a second between them.</summary>
    private async Task<List<(string Name, string Word, double At)>> SpeakAsync(TranscriptStage stage, Recorded recorded, ulong userId,
        string name, int second, string voice, string[] words)
    {
        List<short> pcm = [];
        List<(string, string, double)> spoken = [];
        foreach (string word in words)
        {
            string said = judge.Combine("said.wav"), wave = judge.Combine("wide.wav");
            judge.Run("espeak-ng", "-v", voice, "-s", "130", "-w", said, word);
            judge.Run("sox", said, "-r", "48000", "-b", "16", "-c", "1", wave);
            byte[] bytes = await File.ReadAllBytesAsync(wave, TestContext.Current.CancellationToken);
            short[] sound = MemoryMarshal.Cast<byte, short>(bytes.AsSpan(WavFormat.HeaderSize)).ToArray();
            int onset = Array.FindIndex(sound, value => Math.Abs((int)value) > 500);
            spoken.Add((name, word, second + ((pcm.Count + onset) / 48_000.0)));
            pcm.AddRange(sound);
            pcm.AddRange(new short[24_000]);
        }
        await stage.Stage.AddAsync(recorded, userId, name, second * 48_000L, [.. pcm], 1);
        return spoken;
    }

    [GeneratedRegex(@"00:(\d\d):(\d\d)[.,](\d\d\d) -->")]
    private static partial Regex Start();
}
