using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Crypto;

/// <summary>RFC 9420 §7.6: <c>kem_output vector || ciphertext vector</c>.</summary>
internal sealed record HpkeCiphertext(byte[] KemOutput, byte[] Ciphertext)
{
    public static HpkeCiphertext Read(ref TlsReader reader) =>
        new(reader.ReadVector().ToArray(), reader.ReadVector().ToArray());

    public void Write(TlsWriter writer)
    {
        writer.WriteVector(KemOutput);
        writer.WriteVector(Ciphertext);
    }
}
