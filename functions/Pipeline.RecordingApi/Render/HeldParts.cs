using System.Collections.Concurrent;
using Pipeline.Contracts;

namespace Pipeline.RecordingApi.Render;

/// <summary>
/// Encoded bytes of a window that wait for those of the next one: two windows of a small format become one block, and one request. They
/// lie in memory only; what is lost with it is encoded again.
/// </summary>
internal sealed class HeldParts(TimeProvider time)
{
    /// <summary>Bytes of all recordings together; what does not fit is stored as a block of its own.</summary>
    public const long Most = 64L << 20;

    /// <summary>So long after it was made nobody comes for a part any more.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);

    // One part of each file: the newest.
    private readonly ConcurrentDictionary<string, Held> parts = new();

    /// <returns>False: there is no room for it.</returns>
    public bool TryHold(string file, int window, RenderedPart part, ReadOnlyMemory<byte> bytes)
    {
        long oldest = time.GetTimestamp(), taken = bytes.Length;
        foreach ((string other, Held held) in parts)
        {
            if (time.GetElapsedTime(held.Since, oldest) > Kept) parts.TryRemove(new(other, held));
            else if (other != file) taken += held.Bytes.Length;
        }
        if (taken > Most) return false;
        parts[file] = new Held(window, part.Sha256, bytes.ToArray(), oldest);
        return true;
    }

    public bool Has(string file, int window, RenderedPart part) => Find(file, window, part) is not null;

    /// <summary>The bytes of a window's part, which are given up then; null where they are not here.</summary>
    public byte[]? Take(string file, int window, RenderedPart part)
    {
        Held? held = Find(file, window, part);
        if (held is not null) parts.TryRemove(new(file, held));
        return held?.Bytes;
    }

    public void Forget(RecordingId recording)
    {
        foreach (string file in parts.Keys.Where(file => file.StartsWith($"{recording}/", StringComparison.Ordinal)))
            parts.TryRemove(file, out _);
    }

    private Held? Find(string file, int window, RenderedPart part) =>
        parts.TryGetValue(file, out Held? held) && held.Window == window && held.Sha256 == part.Sha256 ? held : null;

    private sealed record Held(int Window, string Sha256, byte[] Bytes, long Since);
}
