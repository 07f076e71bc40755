using System.Security.Cryptography;

namespace Pipeline.Mls.Crypto;

/// <summary>Secret bytes of one calculation: zeros where their block ends, whichever way it ends.</summary>
/// <param name="bytes">Taken over.</param>
public readonly ref struct Wiped(Span<byte> bytes)
{
    public Span<byte> Bytes { get; } = bytes;

    public void Dispose() => CryptographicOperations.ZeroMemory(Bytes);
}
