using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Pipeline.TestKit.Speech;
using Pipeline.TestKit.Stage;

namespace Pipeline.Demo.Call;

/// <summary>
/// Turns sound into text as a speech service does, for the demo's voices and no others: it finds by cross-correlation which of them is
/// heard and from where on, and answers with the sentences that lie there. What it is sent has to be what was said, at its place. The
/// pauses between talks are left out of it, so that what stands between two silences is looked for by itself.
/// </summary>
internal sealed class DemoEar(IEnumerable<string> soundFiles)
{
    private const double LeastCorrelation = 0.6;
    private const double LeastCorrelationBeside = 0.3; // that it is at its place says much by itself
    private const int HeaderSize = 44;
    private const int Silence = Pcm.SamplesPerSecond / 4; // who sends the sound puts a little more between what does not belong together
    private const float Silent = 2 / 32768f;
    private const double Same = 0.1; // seconds

    private readonly List<Known> voices = [.. soundFiles.Select(file => new Known(Pcm.Decode(file), Sentences(file)))];

    /// <summary>For <see cref="SpeechService.Answer"/>.</summary>
    public Task<IResult> AnswerAsync(SpeechRequest request)
    {
        List<Sentence> heard = [.. Stretches(At48(request.Wave)).SelectMany(Heard)];
        object answer = new
        {
            task = "transcribe",
            language = "english",
            duration = request.Seconds,
            text = string.Join(' ', heard.Select(said => said.Text)),
            segments = heard.Select((said, id) => new
            {
                id,
                start = said.Start,
                end = said.End,
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

    /// <summary>A sentence belongs to the stretch that holds its middle.</summary>
    private static IEnumerable<Sentence> Heard(Stretch stretch) => stretch.Voice.Sentences
        .Select(said => said with { Start = said.Start + stretch.Shift, End = said.End + stretch.Shift })
        .Where(said => (said.Start + said.End) / 2 >= stretch.Start && (said.Start + said.End) / 2 < stretch.End)
        .Select(said => said with { Start = Math.Max(said.Start, stretch.Start), End = Math.Min(said.End, stretch.End) });

    /// <summary>What was said without a break; a pause for breath that is silent too does not end it.</summary>
    private List<Stretch> Stretches(float[] sound)
    {
        List<Stretch> found = [];
        foreach (Stretch next in Places(sound))
        {
            bool goesOn = found.Count > 0 && found[^1].Voice == next.Voice && Math.Abs(found[^1].Shift - next.Shift) < Same;
            if (goesOn) found[^1] = found[^1] with { End = next.End };
            else found.Add(next);
        }
        return found;
    }

    /// <summary>
    /// A part that is found nowhere by itself, being short or full of losses, is looked for where the one before or behind it goes on.
    /// </summary>
    private IEnumerable<Stretch> Places(float[] sound)
    {
        (int From, int To)[] parts = [.. BetweenSilences(sound)];
        Stretch?[] places = [.. parts.Select(part => Anywhere(sound, part))];
        for (int at = 0; at < parts.Length; at++)
        {
            Stretch? neighbour = places[..at].LastOrDefault(place => place is not null)
                ?? places[at..].FirstOrDefault(place => place is not null);
            places[at] ??= neighbour is null ? null : Beside(sound, parts[at], neighbour);
        }
        return places.OfType<Stretch>();
    }

    private Stretch? Anywhere(float[] sound, (int From, int To) part)
    {
        (SpeechAlignment place, Known voice) = voices
            .Select(known => (Found: SpeechAlignment.Find(sound.AsSpan(part.From, part.To - part.From), known.Sound), known))
            .MaxBy(candidate => candidate.Found.Correlation);
        return place.Correlation < LeastCorrelation ? null : At(voice, part, place);
    }

    private static Stretch? Beside(float[] sound, (int From, int To) part, Stretch neighbour)
    {
        TimeSpan expected = TimeSpan.FromSeconds((double)part.From / Pcm.SamplesPerSecond - neighbour.Shift);
        SpeechAlignment place = SpeechAlignment.FindNear(sound.AsSpan(part.From, part.To - part.From), neighbour.Voice.Sound, expected);
        return place.Correlation < LeastCorrelationBeside ? null : At(neighbour.Voice, part, place);
    }

    private static Stretch At(Known voice, (int From, int To) part, SpeechAlignment place)
    {
        double start = (double)part.From / Pcm.SamplesPerSecond;
        return new Stretch(voice, start, (double)part.To / Pcm.SamplesPerSecond, start - place.Position.TotalSeconds);
    }

    private static IEnumerable<(int From, int To)> BetweenSilences(float[] sound)
    {
        int from = -1, last = -1;
        for (int i = 0; i < sound.Length; i++)
        {
            if (Math.Abs(sound[i]) <= Silent) continue;
            if (from >= 0 && i - last > Silence)
            {
                yield return (from, last + 1);
                from = i;
            }
            if (from < 0) from = i;
            last = i;
        }
        if (from >= 0) yield return (from, last + 1);
    }

    // One channel at 16 kHz; the correlation looks below 3 kHz only, so that each sample may stand for three.
    private static float[] At48(byte[] wave)
    {
        ReadOnlySpan<short> samples = MemoryMarshal.Cast<byte, short>(wave.AsSpan(HeaderSize));
        float[] sound = new float[samples.Length * 3];
        for (int i = 0; i < sound.Length; i++) sound[i] = samples[i / 3] / 32768f;
        return sound;
    }

    internal sealed record Sentence(double Start, double End, string Text);

    /// <param name="Shift">From a time of the voice's own file to one of the sound, in seconds.</param>
    private sealed record Stretch(Known Voice, double Start, double End, double Shift);

    private sealed record Known(float[] Sound, IReadOnlyList<Sentence> Sentences);
}
