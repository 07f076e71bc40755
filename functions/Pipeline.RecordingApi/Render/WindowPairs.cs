using Microsoft.Extensions.Caching.Memory;
using Pipeline.Audio.Ogg;
using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Render;

/// <summary>
/// The windows of one track, or of the mix, two by two: which of them have to be rendered, and which parts wait for the window behind.
/// </summary>
/// <param name="file">Name of the blob of a format.</param>
/// <param name="inputs">What a window depends on; null when it is silent.</param>
/// <param name="isJoined">Its Opus file is joined: a window also depends on what the one before it has left.</param>
/// <param name="isSettled">Nothing may wait: somebody wants what there is.</param>
internal sealed class WindowPairs(RenderPlan plan, SortedDictionary<int, RenderRow> rows, HeldParts held, Func<string, string> file,
    Func<int, string?> inputs, bool isJoined, bool isSettled)
{
    // A pass asks for those of a window up to six times.
    private readonly Dictionary<int, string?> known = [];

    public SortedDictionary<int, RenderRow> Rows => rows;

    /// <summary>What a window depends on; null when it is silent.</summary>
    public string? Inputs(int window)
    {
        if (!known.TryGetValue(window, out string? found)) known[window] = found = inputs(window);
        return found;
    }

    public JoinPoint JoinBefore(int window) => isJoined ? rows.GetValueOrDefault(window - 1)?.JoinAfter ?? default : default;

    /// <summary>It is not there as the plan wants it, or what waited of it is lost and the next window is here to take it along.</summary>
    public bool NeedsRender(int window)
    {
        if (Inputs(window) is null) return false;
        if (IsStale(window)) return true;
        RenderRow row = rows[window];
        return row.IsHeld && window + 1 < plan.WindowCount && !row.Parts.Where(part => part.Value.IsHeld)
            .All(part => held.Has(file(part.Key), window, part.Value));
    }

    /// <summary>
    /// Its small parts may wait: the window behind it is rendered for the first time and takes them along. What is rendered again later
    /// has a block of its own, so that a change touches no other window.
    /// </summary>
    public bool AwaitsNext(int window)
    {
        if (!RenderWindows.BeginsPair(window)) return false;
        int next = window + 1;
        return next >= plan.WindowCount ? !plan.IsFinal && !isSettled : Inputs(next) is not null && !rows.ContainsKey(next);
    }

    /// <summary>Parts of it wait for a window that does not come.</summary>
    public bool IsLonely(int window) => rows.TryGetValue(window, out RenderRow? row) && row.IsHeld && Inputs(window) is not null
        && !IsStale(window) && !AwaitsNext(window);

    /// <summary>The bytes of a part that waits, which are given up then; null where they have to be made again.</summary>
    public byte[]? Take(int window, string format, RenderedPart part) => held.Take(file(format), window, part);

    /// <summary>The part of the window before that waits for this one, and its bytes; null when none does.</summary>
    public (RenderedPart Part, byte[] Bytes)? TakeBefore(int window, string format) =>
        !RenderWindows.BeginsPair(window)
            && rows.GetValueOrDefault(window - 1)?.Parts.GetValueOrDefault(format) is { IsHeld: true } part
            && held.Take(file(format), window - 1, part) is { } bytes ? (part, bytes) : null;

    /// <returns>False: it has to be stored now.</returns>
    public bool TryHold(int window, string format, RenderedPart part, ReadOnlyMemory<byte> bytes) =>
        format != RenderFormat.Flac && AwaitsNext(window) && held.TryHold(file(format), window, part, bytes);

    private bool IsStale(int window) => !rows.TryGetValue(window, out RenderRow? row) || row.Inputs != Inputs(window)
        || row.JoinBefore != JoinBefore(window);
}

/// <summary>
/// Stores the parts of one window of a track or of the mix: as blocks of their own, or together with those of the window before.
/// </summary>
internal sealed class WindowBlocks(RendersContainer container, WindowPairs pairs, RecordingId recording, string key, int window)
{
    private readonly List<Task> staging = [];

    /// <summary>By format; complete before anything is stored.</summary>
    public Dictionary<string, RenderedPart> Parts { get; } = [];

    /// <summary>The window before with the blocks that it shares now; null when none waited.</summary>
    public RenderRow? Before { get; private set; }

    /// <summary>Begins to store a part, or keeps its bytes for the next window.</summary>
    /// <param name="part">With the block's id that it has alone.</param>
    public void Add(string format, RenderedPart part, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        if (pairs.TryHold(window, format, part, bytes)) part = part with { Block = "" };
        else if (pairs.TakeBefore(window, format) is { } before)
        {
            byte[] both = [.. before.Bytes, .. bytes.Span];
            part = part with { Block = RenderedPart.PairName(window - 1, both) };
            RenderRow row = Before ?? pairs.Rows[window - 1];
            Before = row with
            {
                Parts = new Dictionary<string, RenderedPart>(row.Parts) { [format] = before.Part with { Block = part.Block } },
            };
            Stage(format, part.Block, both, cancellation);
        }
        else Stage(format, part.Block, bytes, cancellation);
        Parts[format] = part;
    }

    /// <summary>Begins to store the parts of a row that waited for the next window.</summary>
    /// <returns>False: the bytes of one are gone.</returns>
    public bool TryAddHeld(RenderRow row, CancellationToken cancellation)
    {
        foreach ((string format, RenderedPart part) in row.Parts)
        {
            Parts[format] = part;
            if (!part.IsHeld) continue;
            if (pairs.Take(window, format, part) is not { } bytes) return false;
            Parts[format] = part with { Block = RenderedPart.BlockName($"{window}", part.Sha256) };
            Stage(format, Parts[format].Block, bytes, cancellation);
        }
        return true;
    }

    public Task StagedAsync() => Task.WhenAll(staging);

    private void Stage(string format, string block, ReadOnlyMemory<byte> bytes, CancellationToken cancellation) =>
        staging.Add(container.StageAsync(BlobNames.File(recording, key, format), block, bytes, cancellation));
}

/// <summary>
/// Encoded bytes of a window that wait for those of the next one: two windows of a small format become one block, and one request. They
/// lie in memory only; what is lost with it is encoded again.
/// </summary>
internal sealed class HeldParts : IDisposable
{
    /// <summary>Bytes of all recordings together; what does not fit is stored as a block of its own.</summary>
    public const long Most = 64L << 20;

    // So long after it was made nobody comes for a part any more.
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);

    // One part of each file: the newest.
    private readonly MemoryCache parts = new(new MemoryCacheOptions { SizeLimit = Most });

    /// <returns>False: there is no room for it.</returns>
    public bool TryHold(string file, int window, RenderedPart part, ReadOnlyMemory<byte> bytes)
    {
        parts.Set(file, new Held(window, part.Sha256, bytes.ToArray()),
            new MemoryCacheEntryOptions { Size = bytes.Length, AbsoluteExpirationRelativeToNow = Kept });
        return Has(file, window, part);
    }

    public bool Has(string file, int window, RenderedPart part) => Find(file, window, part) is not null;

    /// <summary>The bytes of a window's part, which are given up then; null where they are not here.</summary>
    public byte[]? Take(string file, int window, RenderedPart part)
    {
        Held? held = Find(file, window, part);
        if (held is not null) parts.Remove(file);
        return held?.Bytes;
    }

    public void Forget(RecordingId recording)
    {
        foreach (string file in parts.Keys.Cast<string>().Where(file => file.StartsWith($"{recording}/", StringComparison.Ordinal)))
            parts.Remove(file);
    }

    public void Dispose() => parts.Dispose();

    private Held? Find(string file, int window, RenderedPart part) =>
        parts.TryGetValue(file, out Held? held) && held!.Window == window && held.Sha256 == part.Sha256 ? held : null;

    private sealed record Held(int Window, string Sha256, byte[] Bytes);
}
