using Pipeline.Mls.Crypto;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tree;

/// <summary>
/// Someone outside the group who may propose (RFC 9420 §12.1.8.1): <c>signature_key vector || credential</c>.
/// Discord's voice gateway announces itself so (DAVE, op 25).
/// </summary>
public sealed class ExternalSender
{
    private readonly byte[] signatureKey;

    private ExternalSender(byte[] signatureKey, Credential credential)
    {
        this.signatureKey = signatureKey;
        Credential = credential;
    }

    /// <summary>65 bytes: an uncompressed P-256 point (any bytes in a group of another ciphersuite).</summary>
    public ReadOnlySpan<byte> SignatureKey => signatureKey;

    internal Credential Credential { get; }

    /// <summary>Parses the whole of <paramref name="encoded"/>; throws <see cref="MlsException"/>.</summary>
    public static ExternalSender Parse(ReadOnlySpan<byte> encoded)
    {
        TlsReader reader = new(encoded);
        ExternalSender sender = Read(ref reader);
        reader.ExpectEnd();
        MlsException.ThrowIf(!Crypto.EllipticCurve.HasPointForm(sender.SignatureKey), MlsError.BadKey);
        return sender;
    }

    /// <summary>Whether key and credential are the same.</summary>
    public bool IsSameAs(ExternalSender other) =>
        SignatureKey.SequenceEqual(other.SignatureKey) && Credential.IsSameAs(other.Credential);

    internal static ExternalSender Read(ref TlsReader reader) =>
        new(reader.ReadVector().ToArray(), Credential.Read(ref reader));

    internal void Write(TlsWriter writer)
    {
        writer.WriteVector(signatureKey);
        Credential.Write(writer);
    }
}
