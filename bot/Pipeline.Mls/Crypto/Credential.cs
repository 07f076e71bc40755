using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Crypto;

/// <summary>
/// Who a signature key belongs to (RFC 9420 §5.3): <c>u16 type || identity vector</c> for basic (1),
/// <c>u16 type || certificates vector</c> for x509 (2), which is parsed and never accepted.
/// </summary>
internal sealed record Credential(ushort Type, byte[] Identity)
{
    public const ushort Basic = 1;
    public const ushort X509 = 2;

    public static Credential Read(ref TlsReader reader)
    {
        ushort type = reader.ReadUInt16();
        // The length of an unknown credential is unknown too: nothing after it can be read.
        MlsException.ThrowIf(type is not (Basic or X509), MlsError.BadCredential);
        byte[] identity = reader.ReadVector().ToArray();
        if (type == X509)
        {
            TlsReader certificates = new(identity);
            while (!certificates.IsAtEnd) certificates.ReadVector();
        }

        return new Credential(type, identity);
    }

    public void Write(TlsWriter writer)
    {
        writer.WriteUInt16(Type);
        writer.WriteVector(Identity);
    }

    public bool IsSameAs(Credential other) => Type == other.Type && Identity.AsSpan().SequenceEqual(other.Identity);
}
