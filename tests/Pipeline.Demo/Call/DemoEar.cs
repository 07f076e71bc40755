using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Pipeline.TestKit.Speech;
using Pipeline.TestKit.Stage;

namespace Pipeline.Demo.Call;

/// <summary>
/// Turns sound into text as a speech service does, for the demo's voices and no others: it finds by cross-correlation which of them is
/// heard and from where on, and answers with the sentences that lie there. What it is sent has to be what was said, at its place.
/// </summary>
internal sealed class DemoEar(IEnumerable<string> soundFiles)
{
    private const double LeastCorrelation = 0.6;
    private const int HeaderSize = 44;

    private readonly List<Known> voices = [.. soundFiles.Select(file => new Known(Pcm.Decode(file), Sentences(file)))];

    /// <summary>For <see cref="SpeechService.Answer"/>.</summary>
    public Task<IResult> AnswerAsync(SpeechRequest request)
    {
        float[] sound = At48(request.Wave);
        (SpeechAlignment found, Known voice) = voices.Select(known => (Found: SpeechAlignment.Find(sound, known.Sound), known))
            .MaxBy(candidate => candidate.Found.Correlation);
        List<Sentence> heard = [];
        if (found.Correlation >= LeastCorrelation)
        {
            double from = found.Position.TotalSeconds;
            heard = [.. voice.Sentences.Select(said => said with { Start = said.Start - from, End = said.End - from })
                .Where(said => said.Start + said.End is > 0 && (said.Start + said.End) / 2 < request.Seconds)];
        }
        object answer = new
        {
            task = "transcribe",
            language = "english",
            duration = request.Seconds,
            text = string.Join(' ', heard.Select(said => said.Text)),
            segments = heard.Select((said, id) => new
            {
                id,
                start = Math.Max(0, said.Start),
                end = Math.Min(request.Seconds, said.End),
                text = " " + said.Text
            }),
            words = Array.Empty<object>(),
        };
        return Task.FromResult(Results.Text(JsonSerializer.Serialize(answer), "application/json"));
    }

    /// <summary>A voice's sentences with their seconds in its file, from the text file beside it.</summary>
    public static IReadOnlyList<Sentence> Sentences(string soundFile) =>
        [.. File.ReadLines(Path.ChangeExtension(soundFile, "txt")).Select(line => line.Split(' ', 3))
            .Select(parts => new Sentence(Seconds(parts[0]), Seconds(parts[1]), parts[2]))];

    private static double Seconds(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    // One channel at 16 kHz; the correlation looks below 3 kHz only, so that each sample may stand for three.
    private static float[] At48(byte[] wave)
    {
        ReadOnlySpan<short> samples = MemoryMarshal.Cast<byte, short>(wave.AsSpan(HeaderSize));
        float[] sound = new float[samples.Length * 3];
        for (int i = 0; i < sound.Length; i++) sound[i] = samples[i / 3] / 32768f;
        return sound;
    }

    internal sealed record Sentence(double Start, double End, string Text);

    private sealed record Known(float[] Sound, IReadOnlyList<Sentence> Sentences);
}
