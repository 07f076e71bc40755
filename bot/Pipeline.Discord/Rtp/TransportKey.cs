using System.Security.Cryptography;

namespace Pipeline.Discord.Rtp;

/// <summary>
/// The SFU hop's secret with the mode that it is for, as the session description gave it. Immutable until it is disposed, which wipes it.
/// Any thread may make ciphers of it; each cipher then belongs to one thread.
/// </summary>
public sealed class TransportKey : IDisposable
{
    /// <summary>Both modes take 32 bytes.</summary>
    public const int Length = 32;

    /// <summary>Preferred, not offered by every server.</summary>
    public const string AesGcmMode = "aead_aes256_gcm_rtpsize";

    /// <summary>Offered by every server.</summary>
    public const string XChaCha20Mode = "aead_xchacha20_poly1305_rtpsize";

    private readonly byte[] secret;

    /// <param name="mode">One of the two modes.</param>
    /// <param name="secret">32 bytes; copied.</param>
    /// <exception cref="ArgumentException">Another mode or length.</exception>
    public TransportKey(string mode, ReadOnlySpan<byte> secret)
    {
        CheckLength(secret);
        if (mode is not (AesGcmMode or XChaCha20Mode))
            throw new ArgumentException($"transport mode '{mode}' is not supported", nameof(mode));
        Mode = mode;
        this.secret = secret.ToArray();
    }

    public string Mode { get; }

    /// <summary>The mode to select among what the server offers, or null when it offers none that we know.</summary>
    public static string? ChooseMode(IReadOnlyCollection<string> offered)
    {
        if (offered.Contains(AesGcmMode) && AesGcm.IsSupported) return AesGcmMode;
        return offered.Contains(XChaCha20Mode) ? XChaCha20Mode : null;
    }

    /// <summary>Whether both are the same secret for the same mode.</summary>
    public bool Matches(TransportKey other) => Mode == other.Mode && CryptographicOperations.FixedTimeEquals(secret, other.secret);

    /// <summary>A new cipher; the caller disposes it.</summary>
    public ITransportCipher CreateCipher() => Mode == AesGcmMode ? new AesGcmTransportCipher(secret) : new XChaCha20TransportCipher(secret);

    public void Dispose() => CryptographicOperations.ZeroMemory(secret);

    /// <summary>Never the secret.</summary>
    public override string ToString() => Mode;

    internal static void CheckLength(ReadOnlySpan<byte> secret)
    {
        if (secret.Length != Length)
            throw new ArgumentException($"a transport key has {Length} bytes, not {secret.Length}", nameof(secret));
    }
}
