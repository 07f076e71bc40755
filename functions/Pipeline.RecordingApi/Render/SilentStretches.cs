using System.Collections.Concurrent;
using Pipeline.Audio.Ogg;
using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Render;

/// <summary>
/// Silent windows of a file, up to <see cref="MostWindows"/> of them in one block. They are stored while the recording goes on, as soon as
/// somebody is heard again: at the end of a day with many people there are thousands of them. What is not there at the end is stored then.
/// </summary>
internal sealed class SilentStretches(RendersContainer container, WindowEncoder encoder)
{
    private const int MostRecordings = 1_000;

    private readonly ConcurrentDictionary<RecordingId, Stored> stored = new();

    /// <summary>Windows in one block: of MP3, whose silence is as large as its sound, a quarter of an hour is 14 MB.</summary>
    public static int MostWindows(string format) => format == RenderFormat.Mp3 ? 15 : 60;

    /// <summary>Where the stretch ends that begins at this window.</summary>
    /// <param name="end">Windows there are.</param>
    public static int End(string format, int first, int end, Func<int, bool> isSilent)
    {
        int at = first + 1;
        while (at < end && at - first < MostWindows(format) && isSilent(at)) at++;
        return at;
    }

    /// <summary>Stores one stretch, if it is not there.</summary>
    public async Task<RenderedPart> StageAsync(RenderPlan plan, FileSound sound, int first, int end, StagedBlocks present,
        CancellationToken cancellation)
    {
        bool isLast = plan.IsLast(end - 1);
        (string, int, bool, int, int) place = (sound.Blob(plan), sound.Channels, sound.IsJoined, first, end);
        // The last one is as long as the recording: it is written when that is over.
        Stored? own = isLast ? null : stored.GetValueOrDefault(plan.Recording);
        if (own?.Parts.GetValueOrDefault(place) is { } known && present.Contains(known.Block)) return known;
        long start = RenderWindows.Start(first), stop = Math.Min(RenderWindows.Start(end), plan.TotalSamples);
        uint serial = sound.Serial(plan);
        (ReadOnlyMemory<byte> bytes, int frames) = sound.IsJoined
            ? (WindowEncoder.Join([], (start, stop, isLast), default, serial).Bytes, 0)
            : encoder.EncodeSilence(sound.Format, sound.Channels, start, stop - start, isLast ? plan.TotalSamples : null, serial);
        RenderedPart part = await StageAsync(sound.Blob(plan), $"{first}s", bytes, frames, present, cancellation);
        own?.Parts.TryAdd(place, part);
        return part;
    }

    /// <summary>Stores a block, if it is not there.</summary>
    public async Task<RenderedPart> StageAsync(string file, string place, ReadOnlyMemory<byte> bytes, int frames, StagedBlocks present,
        CancellationToken cancellation)
    {
        RenderedPart part = RenderedPart.Of("", bytes.Span, frames);
        part = part with { Block = RenderedPart.BlockName(place, part.Sha256) };
        if (!present.Contains(part.Block)) await container.StageAsync(file, part.Block, bytes, cancellation);
        return part;
    }

    /// <summary>Stores those of a running recording that are over.</summary>
    /// <param name="isSilent">Of a window before <see cref="RenderPlan.WindowCount"/>.</param>
    public async Task StageAheadAsync(RenderPlan plan, FileSound sound, Func<int, bool> isSilent, Func<bool> isOver,
        CancellationToken cancellation)
    {
        if (stored.Count >= MostRecordings) stored.Clear();
        ConcurrentDictionary<string, int> files = stored.GetOrAdd(plan.Recording, static _ => new Stored()).Before;
        string blob = sound.Blob(plan);
        StagedBlocks? present = files.TryGetValue(blob, out int at) ? StagedBlocks.None : null;
        while (at < plan.WindowCount && !isOver())
        {
            int end = at + 1;
            if (isSilent(at))
            {
                end = End(sound.Format, at, plan.WindowCount, isSilent);
                if (end == plan.WindowCount && end - at < MostWindows(sound.Format)) break; // It may go on.
                // Another process may have been at it before.
                present ??= await container.BlocksAsync(blob, cancellation);
                await StageAsync(plan, sound, at, end, present, cancellation);
            }
            at = end;
        }
        if (present is not null) files[blob] = at;
    }

    public void Forget(RecordingId recording) => stored.TryRemove(recording, out _);

    /// <summary>What this process has stored of the silence of a running recording.</summary>
    private sealed class Stored
    {
        /// <summary>By file whose blocks were listed: every whole stretch before this window is stored.</summary>
        public ConcurrentDictionary<string, int> Before { get; } = new();

        /// <summary>
        /// By file, channels, whether it is joined, first window and end: nothing is written once more to learn what it is called.
        /// </summary>
        public ConcurrentDictionary<(string, int, bool, int, int), RenderedPart> Parts { get; } = new();
    }
}

/// <summary>One file of a recording that is made of windows.</summary>
/// <param name="Track">Null for the mix.</param>
internal sealed record FileSound(RenderTrack? Track, string Format)
{
    public string Key { get; } = Track is null ? RenderTable.Mix : RenderTable.TrackKey(Track.UserId);

    /// <summary>1 or 2.</summary>
    public int Channels => Track?.Channels ?? 2;

    /// <summary>It is made of the packets of its segments.</summary>
    public bool IsJoined => Track is { IsJoined: true } && Format == RenderFormat.Opus;

    public string Blob(RenderPlan plan) => BlobNames.File(plan.Recording, Key, Format);

    /// <summary>Of an Ogg stream.</summary>
    public uint Serial(RenderPlan plan) => WindowEncoder.Serial(plan, Key);
}
