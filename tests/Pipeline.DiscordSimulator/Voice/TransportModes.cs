namespace Pipeline.DiscordSimulator.Voice;

/// <summary>Names of the transport ciphers (Discord "Voice Connections", Transport Encryption Modes).</summary>
internal static class TransportModes
{
    public const string AesGcm = "aead_aes256_gcm_rtpsize";
    public const string XChaCha = "aead_xchacha20_poly1305_rtpsize";

    public static bool IsKnown(string mode) => mode is AesGcm or XChaCha;
}
