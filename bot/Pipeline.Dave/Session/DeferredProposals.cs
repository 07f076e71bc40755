namespace Pipeline.Dave.Session;

/// <summary>
/// Proposals messages that add somebody whom the gateway announces only afterwards. Bounded; what does not fit is refused,
/// and the commit of another member then decides.
/// </summary>
internal sealed class DeferredProposals
{
    private const int MaxCount = 16;
    private const int MaxBytes = 256 * 1024;

    private readonly List<byte[]> waiting = [];

    public bool TryAdd(ReadOnlySpan<byte> payload)
    {
        if (waiting.Count >= MaxCount || payload.Length + waiting.Sum(bytes => bytes.Length) > MaxBytes) return false;
        waiting.Add(payload.ToArray());
        return true;
    }

    public byte[][] TakeAll()
    {
        byte[][] all = [.. waiting];
        waiting.Clear();
        return all;
    }

    public void Clear() => waiting.Clear();
}
