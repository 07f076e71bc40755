using Pipeline.Mls.Crypto;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Messages;

/// <summary>RFC 9420 §12.4.3.1: <c>u16 suite || EncryptedGroupSecrets vector || encrypted_group_info vector</c>.</summary>
internal sealed record Welcome(ushort Suite, IReadOnlyList<EncryptedGroupSecrets> Secrets, byte[] EncryptedGroupInfo)
{
    public static Welcome Parse(ReadOnlySpan<byte> bare)
    {
        MlsLimits.CheckMessage(bare);
        TlsReader reader = new(bare);
        Welcome welcome = Read(ref reader);
        reader.ExpectEnd();
        return welcome;
    }

    public static Welcome Read(ref TlsReader reader)
    {
        ushort suite = reader.ReadUInt16();
        List<EncryptedGroupSecrets> secrets = reader.ReadList(EncryptedGroupSecrets.Read);
        return new Welcome(suite, secrets, reader.ReadVector().ToArray());
    }

    public void Write(TlsWriter writer)
    {
        writer.WriteUInt16(Suite);
        writer.WriteList(Secrets, static (target, secrets) => secrets.Write(target));
        writer.WriteVector(EncryptedGroupInfo);
    }

    public byte[] Encode()
    {
        using TlsWriter writer = new();
        Write(writer);
        return writer.ToArray();
    }
}

/// <summary>RFC 9420 §12.4.3.1: one new member's secrets: <c>key package reference vector || HPKECiphertext</c>.</summary>
internal sealed record EncryptedGroupSecrets(byte[] NewMember, HpkeCiphertext Encrypted)
{
    public static EncryptedGroupSecrets Read(ref TlsReader reader) =>
        new(reader.ReadVector().ToArray(), HpkeCiphertext.Read(ref reader));

    public void Write(TlsWriter writer)
    {
        writer.WriteVector(NewMember);
        Encrypted.Write(writer);
    }
}
