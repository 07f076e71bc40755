using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Pipeline.Audio.Loudness;
using Pipeline.Audio.Mix;
using Pipeline.Audio.Mp3;
using Pipeline.Audio.Ogg;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Render;

/// <summary>
/// Renders one window of a recording: of each track that needs it, and of the mix. Repeating it stages the same blocks and writes the same
/// rows.
/// </summary>
internal sealed class WindowRender(RenderTable table, RendersContainer container, SegmentPcm reader, WindowEncoder encoder, HeldParts held,
    RenderOptions options)
{
    private const int PeakSamples = 4800;

    /// <summary>Formats of tracks that are made without being asked for; MP3 of a track is made when somebody wants it.</summary>
    public IReadOnlyList<string> TrackFormats { get; } = [.. options.Formats.Where(format => format != RenderFormat.Mp3)];

    /// <summary>Formats of the mix.</summary>
    public IReadOnlyList<string> MixFormats { get; } = [.. options.Formats.Where(format =>
        format != RenderFormat.Mp3 || Mp3Encoder.IsAvailable)];

    /// <summary>Nothing is heard in a window of a track, and nothing comes over from the one before.</summary>
    public static bool IsSilent(RenderPlan plan, RenderTrack track, int window)
    {
        long start = RenderWindows.Start(window), end = start + plan.WindowSamples(window);
        return !track.Between(start - RenderWindows.Tail, end).Any();
    }

    /// <summary>Nobody is heard in a window, and nothing comes over from the one before.</summary>
    public static bool IsSilent(RenderPlan plan, int window) => plan.Tracks.All(track => IsSilent(plan, track, window));

    /// <summary>What a window of a track depends on; null when it is silent.</summary>
    public string? Inputs(RenderPlan plan, RenderTrack track, int window)
    {
        long start = RenderWindows.Start(window), end = start + plan.WindowSamples(window);
        if (IsSilent(plan, track, window)) return null;
        using InputHash hash = new();
        if (track.IsJoined) hash.Add(RenderWindows.JoinVersion);
        hash.Add(RenderWindows.EncoderVersion, string.Join(',', TrackFormats), track.UserId, window, track.Channels,
            plan.IsLast(window) ? plan.TotalSamples : 0);
        foreach (RenderSegment segment in track.Between(start - (window == 0 ? 0 : RenderWindows.PreRoll), end))
            hash.Add(segment.Index, segment.Start, segment.Count, segment.Channels, segment.FileSize);
        return hash.Finish();
    }

    /// <summary>What a window of the mix depends on; null when it is silent.</summary>
    public string? MixInputs(RenderPlan plan, int window)
    {
        long start = RenderWindows.Start(window), end = start + plan.WindowSamples(window);
        if (IsSilent(plan, window)) return null;
        using InputHash hash = new();
        hash.Add(RenderWindows.EncoderVersion, string.Join(',', MixFormats), RenderTable.Mix, window,
            plan.IsLast(window) ? plan.TotalSamples : 0);
        foreach (RenderTrack track in plan.Tracks)
        {
            foreach (RenderSegment segment in track.Between(start - (window == 0 ? 0 : RenderWindows.PreRoll), end))
                hash.Add(track.UserId, segment.Index, segment.Start, segment.Count, segment.Channels, segment.FileSize);
        }
        return hash.Finish();
    }

    /// <summary>The windows of a track, or of the mix, as they are and as they should be.</summary>
    /// <param name="track">Null for the mix.</param>
    /// <param name="isSettled">Nothing may wait: somebody wants what there is.</param>
    private WindowPairs Pairs(RenderPlan plan, RenderedWindows rows, RenderTrack? track, bool isSettled)
    {
        string key = track is null ? RenderTable.Mix : RenderTable.TrackKey(track.UserId);
        if (rows.Pairs.TryGetValue(key, out WindowPairs? pairs)) return pairs;
        return rows.Pairs[key] = new WindowPairs(plan, track is null ? rows.Mix : rows.Of(track), held,
            format => BlobNames.File(plan.Recording, key, format),
            track is null ? window => MixInputs(plan, window) : window => Inputs(plan, track, window), track?.IsJoined == true, isSettled);
    }

    /// <summary>Renders what is not as it should be.</summary>
    /// <param name="before">Levels at the end of the window before.</param>
    /// <param name="isSettled">Nothing may wait: somebody wants what there is.</param>
    /// <returns>False: all of it was as it should be.</returns>
    public async Task<bool> RenderAsync(RenderPlan plan, RenderedWindows rows, int window, MixLevels before, bool isSettled,
        CancellationToken cancellation)
    {
        WindowSound sound = new(reader, plan, window);
        WindowPairs mixPairs = Pairs(plan, rows, null, isSettled);
        bool worked = await StoreLonelyAsync(plan, RenderTable.Mix, window, mixPairs, cancellation);
        RenderRow? mixRow = rows.Mix.GetValueOrDefault(window);
        bool mixes = mixPairs.NeedsRender(window);
        MixWindow? mix = mixes ? sound.NewMix() : null;
        Dictionary<ulong, MixLevel> levels = before.Tracks.ToDictionary(track => track.Key, track => track.Value.Carry());
        Task storing = Task.CompletedTask;
        try
        {
            foreach (RenderTrack track in sound.TracksNearby)
            {
                WindowPairs pairs = Pairs(plan, rows, track, isSettled);
                worked |= await StoreLonelyAsync(plan, RenderTable.TrackKey(track.UserId), window, pairs, cancellation);
                bool renders = pairs.NeedsRender(window);
                if (!renders && !mixes) continue;
                worked = true;
                TrackSound own = await sound.ReadAsync(track, cancellation);
                if (mix is not null) levels[track.UserId] = sound.Add(mix, track, own.Pcm.Span, before, mixRow?.Levels);
                // One track is encoded and stored at a time, while the next is read and mixed.
                await storing;
                if (renders)
                {
                    storing = Task.Run(() => StoreTrackAsync(plan, track, window, pairs, sound.PreRoll, own, cancellation), cancellation);
                }
            }
            if (mix is not null)
                await StoreMixAsync(plan, window, mixPairs, sound, mix, levels, before, mixRow?.Levels, cancellation);
        }
        finally
        {
            await storing;
        }
        return await ForgetSilentAsync(plan, rows, window, mixPairs.Inputs(window) is null, cancellation) || worked || mixes;
    }

    private async Task StoreTrackAsync(RenderPlan plan, RenderTrack track, int window, WindowPairs pairs, int preRoll, TrackSound sound,
        CancellationToken cancellation)
    {
        string key = RenderTable.TrackKey(track.UserId), inputs = pairs.Inputs(window)!;
        string[] encoded = [.. TrackFormats.Where(format => !(track.IsJoined && format == RenderFormat.Opus))];
        byte[] peaks = Peaks(sound.Pcm.Span[(preRoll * track.Channels)..], track.Channels);
        WindowBlocks blocks = new(container, pairs, plan.Recording, key, window);
        JoinPoint before = pairs.JoinBefore(window), after = default;
        if (encoded.Length < TrackFormats.Count) after = Join(plan, key, window, sound.Files, before, blocks, cancellation);
        Encode(plan, key, track.Channels, window, preRoll, sound.Pcm, encoded, blocks, cancellation);
        await StoreAsync(plan, key, window, pairs, blocks, new RenderRow
        {
            Inputs = inputs,
            Parts = blocks.Parts,
            JoinBefore = before,
            JoinAfter = after,
            Unreadable = sound.Unreadable,
            Peaks = peaks,
        }, cancellation);
    }

    private static JoinPoint Join(RenderPlan plan, string key, int window, IReadOnlyList<JoinedSegment> files, JoinPoint before,
        WindowBlocks blocks, CancellationToken cancellation)
    {
        long start = RenderWindows.Start(window), end = start + plan.WindowSamples(window);
        (ReadOnlyMemory<byte> bytes, JoinPoint after) = WindowEncoder.Join(files, (start, end, plan.IsLast(window)), before,
            WindowEncoder.Serial(plan, key));
        blocks.Add(RenderFormat.Opus, Part(window, bytes), bytes, cancellation);
        return after;
    }

    // A block is named by its bytes, not by what they were made of: two workers with other levels of the mix must not store two contents
    // under one name, of which the row of one of them would speak.
    private static RenderedPart Part(int window, ReadOnlyMemory<byte> bytes, int frames = 0)
    {
        RenderedPart part = RenderedPart.Of("", bytes.Span, frames);
        return part with { Block = RenderedPart.BlockName($"{window}", part.Sha256) };
    }

    private async Task StoreMixAsync(
        RenderPlan plan, int window, WindowPairs pairs, WindowSound sound, MixWindow mix, Dictionary<ulong, MixLevel> levels,
            MixLevels before, MixLevels? frozen, CancellationToken cancellation)
    {
        string inputs = pairs.Inputs(window)!;
        (short[] pcm, MixLevel master) = sound.Finish(mix, before, frozen);
        LoudnessMeter meter = new(2);
        meter.Add(pcm.AsSpan(sound.PreRoll * 2));
        float[] energies = [.. meter.Energies.Select(energy => (float)energy)];
        WindowBlocks blocks = new(container, pairs, plan.Recording, RenderTable.Mix, window);
        Encode(plan, RenderTable.Mix, 2, window, sound.PreRoll, pcm, MixFormats, blocks, cancellation);
        await StoreAsync(plan, RenderTable.Mix, window, pairs, blocks, new RenderRow
        {
            Inputs = inputs,
            Parts = blocks.Parts,
            Levels = new MixLevels { Tracks = levels, Master = master },
            Peaks = Peaks(pcm.AsSpan(sound.PreRoll * 2), 2),
            Energies = MemoryMarshal.AsBytes(energies.AsSpan()).ToArray(),
        }, cancellation);
    }

    /// <summary>Encodes, and begins to store.</summary>
    private void Encode(RenderPlan plan, string key, int channels, int window, int preRoll, ReadOnlyMemory<short> pcm,
        IReadOnlyList<string> formats, WindowBlocks blocks, CancellationToken cancellation)
    {
        (ReadOnlyMemory<byte> Bytes, int Frames)[] encoded = new (ReadOnlyMemory<byte>, int)[formats.Count];
        long? total = plan.IsLast(window) ? plan.TotalSamples : null;
        ParallelOptions width = new() { MaxDegreeOfParallelism = formats.Count == 0 ? 1 : formats.Count, CancellationToken = cancellation };
        Parallel.For(0, formats.Count, width, at =>
            encoded[at] = encoder.Encode(formats[at], pcm.Span, channels, preRoll, RenderWindows.Start(window), total,
                WindowEncoder.Serial(plan, key)));
        for (int at = 0; at < formats.Count; at++)
        {
            (ReadOnlyMemory<byte> bytes, int frames) = encoded[at];
            blocks.Add(formats[at], Part(window, bytes, frames), bytes, cancellation);
        }
    }

    private async Task StoreAsync(RenderPlan plan, string key, int window, WindowPairs pairs, WindowBlocks blocks, RenderRow row,
        CancellationToken cancellation)
    {
        await blocks.StagedAsync();
        if (blocks.Before is { } before)
        {
            await table.WritePairAsync(plan.Recording, key, window, row, before, cancellation);
            pairs.Rows[window - 1] = before;
        }
        else await table.WriteWindowAsync(plan.Recording, key, window, row, cancellation);
        pairs.Rows[window] = row;
    }

    // The window behind is silent, or nobody waits for it any more.
    private async Task<bool> StoreLonelyAsync(RenderPlan plan, string key, int window, WindowPairs pairs, CancellationToken cancellation)
    {
        if (!pairs.IsLonely(window)) return false;
        RenderRow row = pairs.Rows[window];
        WindowBlocks blocks = new(container, pairs, plan.Recording, key, window);
        bool isHere = blocks.TryAddHeld(row, cancellation);
        await blocks.StagedAsync();
        if (isHere)
        {
            await table.WritePartsAsync(plan.Recording, key, window, row with { Parts = blocks.Parts }, cancellation);
            pairs.Rows[window] = row with { Parts = blocks.Parts };
        }
        else pairs.Rows[window] = row with { Inputs = "" }; // Its bytes are gone: it is rendered again.
        return true;
    }

    // A window whose sound was deleted since is silence now.
    private async Task<bool> ForgetSilentAsync(RenderPlan plan, RenderedWindows rows, int window, bool isSilent,
        CancellationToken cancellation)
    {
        bool found = false;
        foreach (RenderTrack track in plan.Tracks)
        {
            if (rows.Of(track).ContainsKey(window) && Inputs(plan, track, window) is null)
            {
                await table.DeleteWindowAsync(plan.Recording, RenderTable.TrackKey(track.UserId), window, cancellation);
                found = rows.Of(track).Remove(window);
            }
        }
        if (!isSilent || !rows.Mix.Remove(window)) return found;
        await table.DeleteWindowAsync(plan.Recording, RenderTable.Mix, window, cancellation);
        return true;
    }

    /// <summary>Ten pairs of least and greatest value a second, all channels together, as int8.</summary>
    internal static byte[] Peaks(ReadOnlySpan<short> pcm, int channels)
    {
        int step = PeakSamples * channels;
        byte[] peaks = new byte[(pcm.Length + step - 1) / step * 2];
        for (int at = 0; at * step < pcm.Length; at++)
        {
            ReadOnlySpan<short> part = pcm.Slice(at * step, Math.Min(step, pcm.Length - (at * step)));
            // Zero is always between them.
            short least = Math.Min((short)0, TensorPrimitives.Min(part)), greatest = Math.Max((short)0, TensorPrimitives.Max(part));
            (peaks[2 * at], peaks[(2 * at) + 1]) = ((byte)(sbyte)(least >> 8), (byte)(sbyte)Math.Min(127, (greatest + 255) >> 8));
        }
        return peaks;
    }
}

/// <summary>Rows of all windows of a recording, by track.</summary>
internal sealed class RenderedWindows
{
    private const int ReadsAtOnce = 4;

    private readonly Dictionary<ulong, SortedDictionary<int, RenderRow>> tracks = [];
    private MixLevels before = MixLevels.None;

    // What was found last: a pass asks for one window after the other, and there may be thousands of silent ones between two with sound.
    private (int Window, MixLevels Levels)? found;

    public SortedDictionary<int, RenderRow> Mix { get; private init; } = [];

    /// <summary>The same two by two, by track or <c>mix</c>, for one pass over all windows.</summary>
    public Dictionary<string, WindowPairs> Pairs { get; } = [];

    public SortedDictionary<int, RenderRow> Of(RenderTrack track) => tracks[track.UserId];

    /// <param name="from">Windows before it are not looked at; of these only the last one's rows are read.</param>
    /// <param name="before">Levels at the end of the window before that one.</param>
    public static async Task<RenderedWindows> ReadAsync(RenderTable table, RenderPlan plan, CancellationToken cancellation, int from = 0,
        MixLevels? before = null)
    {
        int first = Math.Max(0, from - 1);
        RenderedWindows rows = new()
        {
            Mix = await table.ReadWindowsAsync(plan.Recording, RenderTable.Mix, withSound: false, cancellation, first),
            before = before ?? MixLevels.None,
        };
        foreach (RenderTrack track in plan.Tracks) rows.tracks[track.UserId] = [];
        // A row is there only where there is sound, or comes over, or was.
        IEnumerable<RenderTrack> heard = plan.Tracks.Where(track =>
            first == 0 || track.Between(RenderWindows.Start(first) - RenderWindows.Tail, long.MaxValue).Any());
        ParallelOptions width = new() { MaxDegreeOfParallelism = ReadsAtOnce, CancellationToken = cancellation };
        await Parallel.ForEachAsync(heard, width, async (track, stop) =>
        {
            SortedDictionary<int, RenderRow> own = await table.ReadWindowsAsync(plan.Recording, RenderTable.TrackKey(track.UserId),
                withSound: false, stop, first);
            lock (rows.tracks) rows.tracks[track.UserId] = own;
        });
        return rows;
    }

    /// <summary>Levels at the end of the last window before this one that has sound. A window that was rendered keeps its own.</summary>
    public MixLevels LevelsBefore(int window)
    {
        (int known, MixLevels levels) = found is { } last && last.Window <= window ? last : (0, before);
        for (int at = window - 1; at >= known; at--)
        {
            if (!Mix.TryGetValue(at, out RenderRow? row) || row.Levels is not { } own) continue;
            levels = own;
            break;
        }
        found = (window, levels);
        return levels;
    }
}

/// <summary>Names of blobs in the renders container: ASCII, whatever people are called.</summary>
internal static class BlobNames
{
    /// <param name="key">A user's id in 20 digits, or <c>mix</c>, <c>all-flac</c>, <c>info</c>.</param>
    public static string File(Contracts.RecordingId recording, string key, string format) => $"{recording}/{key}.{format}";
}
