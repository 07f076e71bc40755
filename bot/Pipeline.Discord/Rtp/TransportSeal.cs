namespace Pipeline.Discord.Rtp;

/// <summary>The receiving side of one transport key: opens a packet once. One thread.</summary>
internal sealed class TransportSeal(ITransportCipher cipher) : IDisposable
{
    private readonly ReplayGuard guard = new();

    /// <summary>None, NotAuthentic or Replayed.</summary>
    /// <param name="packet">The parsed packet.</param>
    /// <param name="plaintext">Exactly <see cref="RtpPacket.PlaintextLength"/> bytes; written when the result is None.</param>
    public DropReason Open(in RtpPacket packet, Span<byte> plaintext)
    {
        if (!cipher.TryOpen(packet, plaintext)) return DropReason.NotAuthentic;
        return guard.TryUse(packet) ? DropReason.None : DropReason.Replayed;
    }

    public void Dispose() => cipher.Dispose();
}
