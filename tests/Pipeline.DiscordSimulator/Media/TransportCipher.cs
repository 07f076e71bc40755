namespace Pipeline.DiscordSimulator.Media;

/// <summary>
/// The SFU hop's encryption, written for the simulator alone: <c>header | ciphertext | tag (16) | nonce suffix (4)</c>,
/// the header being additional data (Discord "Voice Connections", Encrypting and Sending Voice).
/// </summary>
public abstract class TransportCipher : IDisposable
{
    /// <summary>Bytes after the ciphertext: tag and nonce suffix.</summary>
    public const int Overhead = TagSize + SuffixSize;

    private protected const int TagSize = 16;
    private protected const int SuffixSize = 4;

    /// <summary>The cipher of a mode.</summary>
    /// <param name="mode">Name as in op 1.</param>
    /// <param name="key">32 bytes.</param>
    /// <exception cref="ArgumentException">No such mode.</exception>
    public static TransportCipher Create(string mode, ReadOnlySpan<byte> key) => mode switch
    {
        Voice.TransportModes.AesGcm => new AesGcmTransport(key),
        Voice.TransportModes.XChaCha => new XChaChaTransport(key),
        _ => throw new ArgumentException($"There is no mode {mode}.", nameof(mode)),
    };

    /// <summary>Writes ciphertext, tag and suffix.</summary>
    /// <param name="suffix">4 bytes, copied into the nonce as they are.</param>
    /// <param name="header">Additional data.</param>
    /// <param name="plain">What to hide.</param>
    /// <param name="destination"><paramref name="plain"/> plus <see cref="Overhead"/> bytes; must not overlap it.</param>
    public void Seal(ReadOnlySpan<byte> suffix, ReadOnlySpan<byte> header, ReadOnlySpan<byte> plain, Span<byte> destination)
    {
        Encrypt(suffix, header, plain, destination[..(plain.Length + TagSize)]);
        suffix.CopyTo(destination[(plain.Length + TagSize)..]);
    }

    /// <summary>Opens ciphertext, tag and suffix.</summary>
    /// <returns>False when anything was altered.</returns>
    public bool TryOpen(ReadOnlySpan<byte> header, ReadOnlySpan<byte> sealedBody, Span<byte> plain)
    {
        if (sealedBody.Length < Overhead)
            return false;
        return Decrypt(sealedBody[^SuffixSize..], header, sealedBody[..^SuffixSize], plain);
    }

    /// <summary>Releases the key.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    private protected abstract void Encrypt(
        ReadOnlySpan<byte> suffix, ReadOnlySpan<byte> header, ReadOnlySpan<byte> plain, Span<byte> cipherAndTag);

    private protected abstract bool Decrypt(
        ReadOnlySpan<byte> suffix, ReadOnlySpan<byte> header, ReadOnlySpan<byte> cipherAndTag, Span<byte> plain);

    private protected abstract void Dispose(bool disposing);
}
