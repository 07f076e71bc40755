using System.Security.Cryptography;
using Pipeline.Dave.Frames;

namespace Pipeline.Dave.Keys;

/// <summary>
/// Opens frames under one 16-byte key: AES-128-GCM with the tag cut to 8 bytes, nonce = 8 zero bytes then the 32-bit
/// truncated nonce little-endian, the clear ranges as associated data (DAVE protocol, "AES-128-GCM").
/// </summary>
/// <remarks>
/// The framework's AesGcm refuses 8-byte tags. GCM is counter mode plus a hash, so encrypting the ciphertext gives the
/// plaintext, and encrypting that plaintext again with the associated data gives the full tag to compare with.
/// Not safe for threads: AesGcm is not, and the scratch is shared.
/// </remarks>
internal sealed class FrameCipher : IDisposable
{
    private const int FullTagLength = 16;

    private readonly AesGcm aes;

    /// <param name="key">16 bytes; copied into the cipher, the caller wipes its own.</param>
    public FrameCipher(ReadOnlySpan<byte> key) => aes = new AesGcm(key, FullTagLength);

    /// <summary>
    /// Writes the plain frame, <c>frame.Body.Length</c> bytes, to the start of <paramref name="destination"/>.
    /// False: the tag is wrong, and the destination holds zeros.
    /// </summary>
    public bool TryOpen(in DaveFrame frame, Span<byte> destination, FrameScratch scratch)
    {
        Span<byte> plain = destination[..frame.Body.Length];
        ReadOnlySpan<byte> nonce =
            [0, 0, 0, 0, 0, 0, 0, 0, (byte)frame.Nonce, (byte)(frame.Nonce >> 8), (byte)(frame.Nonce >> 16), frame.Generation];
        scratch.Rent(plain.Length, out Span<byte> discard, out Span<byte> ciphertext, out Span<byte> clear, out Span<byte> opened);

        bool authentic = frame.ClearRanges.IsEmpty
            ? OpenCore(nonce, frame.Body, plain, discard, [], frame.Tag)
            : OpenInterleaved(nonce, in frame, plain, discard, ciphertext, clear, opened);
        if (!authentic) CryptographicOperations.ZeroMemory(plain);
        return authentic;
    }

    public void Dispose() => aes.Dispose();

    private bool OpenCore(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> ciphertext, Span<byte> plain, Span<byte> discard,
        ReadOnlySpan<byte> clear, ReadOnlySpan<byte> tag)
    {
        Span<byte> fullTag = stackalloc byte[FullTagLength];
        aes.Encrypt(nonce, ciphertext, plain, fullTag);
        aes.Encrypt(nonce, plain, discard, fullTag, clear);
        return CryptographicOperations.FixedTimeEquals(fullTag[..DaveFrame.TagLength], tag);
    }

    private bool OpenInterleaved(
        ReadOnlySpan<byte> nonce, in DaveFrame frame, Span<byte> plain, Span<byte> discard, Span<byte> ciphertext, Span<byte> clear,
            Span<byte> opened)
    {
        int at = 0, clearLength = 0, cipherLength = 0;
        foreach (ClearRange range in frame.ClearRanges)
        {
            frame.Body[at..range.Offset].CopyTo(ciphertext[cipherLength..]);
            cipherLength += range.Offset - at;
            frame.Body.Slice(range.Offset, range.Size).CopyTo(clear[clearLength..]);
            clearLength += range.Size;
            at = range.End;
        }
        frame.Body[at..].CopyTo(ciphertext[cipherLength..]);
        cipherLength += frame.Body.Length - at;

        if (!OpenCore(nonce, ciphertext[..cipherLength], opened[..cipherLength], discard[..cipherLength], clear[..clearLength], frame.Tag))
            return false;
        Interleave(in frame, opened[..cipherLength], plain);
        CryptographicOperations.ZeroMemory(opened[..cipherLength]);
        return true;
    }

    private static void Interleave(in DaveFrame frame, ReadOnlySpan<byte> opened, Span<byte> plain)
    {
        int at = 0;
        foreach (ClearRange range in frame.ClearRanges)
        {
            opened[..(range.Offset - at)].CopyTo(plain[at..]);
            opened = opened[(range.Offset - at)..];
            frame.Body.Slice(range.Offset, range.Size).CopyTo(plain[range.Offset..]);
            at = range.End;
        }
        opened.CopyTo(plain[at..]);
    }
}
