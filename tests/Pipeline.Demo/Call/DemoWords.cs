using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Pipeline.Contracts.Api;

namespace Pipeline.Demo.Call;

/// <summary>
/// Prints the transcript and compares it with what each voice said: every sentence once, in order, of the right speaker, at its time,
/// also where a pause between two talks has cut one.
/// </summary>
internal sealed class DemoWords(DemoStage stage, IReadOnlyList<DemoVoice> voices)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <param name="talksOf">By voice, where its talks stand in the recording.</param>
    public async Task<bool> PrintAsync(RecordingDetails recording,
        IReadOnlyDictionary<string, IReadOnlyList<SpokenWords.Talk>> talksOf)
    {
        using CancellationTokenSource patience = new(Patience);
        HttpClient api = stage.Functions.Api.Http;
        while ((await api.GetFromJsonAsync(new Uri($"/api/recordings/{recording.Id}?segments=none", UriKind.Relative),
            ApiJsonContext.Default.RecordingDetails, patience.Token))!.Transcript?.Status != TranscriptState.Ready)
            await Task.Delay(100, patience.Token);
        Console.WriteLine();
        Console.WriteLine("transcript (of a stand-in for a speech service, which knows these three voices):");
        Console.Write(await api.GetStringAsync(new Uri($"/api/recordings/{recording.Id}/files/transcript.txt", UriKind.Relative),
            patience.Token));
        using JsonDocument transcript = JsonDocument.Parse(await api.GetByteArrayAsync(
            new Uri($"/api/recordings/{recording.Id}/files/transcript.json", UriKind.Relative), patience.Token));
        bool good = true;
        foreach (DemoVoice voice in voices)
        {
            (string Text, double Start)[] heard = [.. transcript.RootElement.GetProperty("turns").EnumerateArray()
                .Where(turn => turn.GetProperty("user").GetString() == voice.UserId.ToString(CultureInfo.InvariantCulture))
                .Select(turn => (turn.GetProperty("text").GetString()!, turn.GetProperty("start").GetDouble()))];
            IReadOnlyList<DemoEar.Sentence> said = DemoEar.Sentences(voice.File);
            IReadOnlyList<SpokenWords.Talk> talks = talksOf.GetValueOrDefault(voice.Name) ?? [];
            bool same = SpokenWords.AreThere(heard, said, talks);
            if (!same)
            {
                Console.WriteLine($"WRONG: {voice.Name} said {said.Count} sentences, other ones or at other times are here:");
                foreach (string line in SpokenWords.Differences(heard, said, talks)) Console.WriteLine("  " + line);
            }
            good &= same;
        }
        return good;
    }
}
