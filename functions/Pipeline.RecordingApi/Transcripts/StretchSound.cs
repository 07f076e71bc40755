using Pipeline.Audio.Wav;
using Pipeline.Contracts;
using Pipeline.RecordingApi.Render;

namespace Pipeline.RecordingApi.Transcripts;

/// <summary>The sound of a stretch without its silences, as it is sent, and the way back from its times to the recording's.</summary>
internal sealed class StretchSound
{
    // Services take words that touch for one.
    private const int Between = 3 * SampleClock.SamplesPerSecond / 10;

    private const double Apart = 1.5; // seconds

    // Below it is nothing but the noise of the last bits.
    private const int Audible = 40;

    private readonly List<(long Source, long Target, long Count)> map = [];

    private StretchSound()
    {
    }

    /// <summary>WAV, 16 kHz, one channel.</summary>
    public byte[] Wave { get; private init; } = [];

    /// <summary>There is nothing to hear.</summary>
    public bool IsSilent { get; private init; }

    /// <summary>Null where none of it can be read.</summary>
    public static async Task<StretchSound?> ReadAsync(SegmentPcm reader, RenderTrack track, Stretch stretch, CancellationToken cancellation)
    {
        int total = (int)stretch.Samples + (Between * (stretch.Pieces.Count - 1));
        short[] mono = new short[total];
        List<(long, long, long)> map = [];
        HashSet<int> unreadable = [];
        int at = 0;
        foreach (SampleStretch piece in stretch.Pieces)
        {
            int count = (int)piece.SampleCount;
            short[] pcm = new short[count * track.Channels];
            unreadable.UnionWith(await reader.ReadAsync(track, piece.StartSample, count, pcm, cancellation));
            Mix(pcm, track.Channels, mono.AsSpan(at, count));
            map.Add((piece.StartSample, at, count));
            at += count + Between;
        }
        if (stretch.Segments.All(segment => unreadable.Contains(segment.Index))) return null;
        bool isSilent = !mono.AsSpan().ContainsAnyExceptInRange((short)-Audible, (short)Audible);
        StretchSound sound = new() { Wave = isSilent ? [] : SpeechWave.Of(mono), IsSilent = isSilent };
        sound.map.AddRange(map);
        return sound;
    }

    /// <summary>The quietest 200 ms of a part of a track; the middle of them.</summary>
    public static async Task<long> QuietestAsync(SegmentPcm reader, RenderTrack track, long from, long to, CancellationToken cancellation)
    {
        const int step = SampleClock.SamplesPerSecond / 50, width = 10;
        int frames = (int)((to - from) / step);
        if (frames <= width) return to;
        short[] pcm = new short[frames * step * track.Channels];
        await reader.ReadAsync(track, from, frames * step, pcm, cancellation);
        long[] energies = new long[frames];
        for (int frame = 0; frame < frames; frame++)
        {
            foreach (short value in pcm.AsSpan(frame * step * track.Channels, step * track.Channels)) energies[frame] += value * value;
        }
        int best = 0;
        long least = long.MaxValue;
        for (int frame = 0; frame + width <= frames; frame++)
        {
            long sum = energies.AsSpan(frame, width).ToArray().Sum();
            if (sum <= least) (best, least) = (frame, sum);
        }
        return from + ((best + (width / 2)) * (long)step);
    }

    /// <summary>Puts what was heard to its place in the recording. What the service says beyond the sound is put to its end.</summary>
    public StretchText Place(Transcription heard) => new(heard.Language,
        [.. heard.Phrases.SelectMany(Place).OrderBy(phrase => phrase.Start).ThenBy(phrase => phrase.End)]);

    private IEnumerable<TextPhrase> Place(HeardPhrase phrase)
    {
        (double start, double end) = Place(phrase.Start, phrase.End);
        if (phrase.Words.Count == 0) return [new TextPhrase(start, end, phrase.Text, phrase.Confidence, [])];
        // The phrase's own spelling, with its commas, where it has a part for each word.
        string[] parts = phrase.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        bool isSpelled = parts.Length == phrase.Words.Count;
        List<TextPhrase> placed = [];
        List<(HeardWord Word, string Spelling)> run = [];
        foreach ((int at, HeardWord word) in phrase.Words.Index())
        {
            (double first, double last) = Place(word.Start, word.End);
            // The service did not hear the silence that was left out: what stands on both sides of it is two phrases.
            if (run.Count > 0 && first - run[^1].Word.End > Apart) EndRun();
            run.Add((new HeardWord(first, last, word.Text, word.Confidence), isSpelled ? parts[at] : word.Text));
        }
        EndRun();
        return placed;

        void EndRun()
        {
            bool isAll = run.Count == phrase.Words.Count;
            // Phrases of some services begin with the silence before them; words do not.
            placed.Add(new TextPhrase(run[0].Word.Start, Math.Max(run[^1].Word.End, run[0].Word.Start),
                isAll ? phrase.Text : string.Join(' ', run.Select(one => one.Spelling)), phrase.Confidence,
                [.. run.Select(one => one.Word)]));
            run.Clear();
        }
    }

    private (double Start, double End) Place(double start, double end)
    {
        double from = Place(double.IsFinite(start) ? start : 0, isEnd: false);
        return (from, Math.Max(from, Place(double.IsFinite(end) ? end : start, isEnd: true)));
    }

    // A time within the silence between two pieces belongs to the end of the first or the start of the second.
    private double Place(double seconds, bool isEnd)
    {
        double target = Math.Max(0, seconds) * SampleClock.SamplesPerSecond;
        int at = map.FindLastIndex(piece => isEnd ? piece.Target < target : piece.Target <= target);
        if (at < 0) at = 0;
        (long source, long begins, long count) = map[at];
        double offset = target - begins;
        if (offset > count && !isEnd && at + 1 < map.Count) (source, offset) = (map[at + 1].Source, 0);
        return Math.Round((source + Math.Clamp(offset, 0, count)) / SampleClock.SamplesPerSecond, 3);
    }

    private static void Mix(ReadOnlySpan<short> pcm, int channels, Span<short> mono)
    {
        if (channels == 1) pcm.CopyTo(mono);
        else for (int i = 0; i < mono.Length; i++) mono[i] = (short)((pcm[2 * i] + pcm[(2 * i) + 1]) / 2);
    }
}
