namespace Pipeline.Discord.Rtp;

/// <summary>
/// The seal of the hop between the SFU and us. One instance belongs to one thread. Nonce: the 4 suffix bytes, then zeros up to the
/// cipher's nonce length; associated data: the clear header; tag: 16 bytes (Discord: Voice Connections, Transport Encryption Modes).
/// </summary>
public interface ITransportCipher : IDisposable
{
    /// <summary>Opens one packet. False, without an exception and without output, when the tag does not match.</summary>
    /// <param name="packet">The parsed packet.</param>
    /// <param name="plaintext">Exactly <see cref="RtpPacket.PlaintextLength"/> bytes.</param>
    bool TryOpen(in RtpPacket packet, Span<byte> plaintext);

    /// <summary>Seals one packet of ours. The caller never repeats a suffix under one transport key.</summary>
    /// <param name="header">Clear RTP header.</param>
    /// <param name="payload">What is sealed.</param>
    /// <param name="suffix">4 bytes.</param>
    /// <param name="sealedPayload">Ciphertext and tag: payload length + 16 bytes.</param>
    void Seal(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> suffix, Span<byte> sealedPayload);
}
