using Microsoft.Extensions.Caching.Memory;
using Pipeline.Contracts;

namespace Pipeline.RecordingApi.Render;

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
