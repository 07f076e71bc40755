using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Messages;

/// <summary>
/// Names a pre-shared key (RFC 9420 §8.4): <c>u8 1 || psk_id vector || nonce vector</c> (external) or
/// <c>u8 2 || u8 usage || group_id vector || u64 epoch || nonce vector</c> (resumption).
/// </summary>
internal sealed record PreSharedKeyId(bool IsExternal, byte Usage, byte[] Id, ulong Epoch, byte[] Nonce)
{
    /// <summary>RFC 9420 §8.4: a resumption key used within its own group.</summary>
    public const byte ApplicationUsage = 1;

    private const byte External = 1;
    private const byte Resumption = 2;

    public static PreSharedKeyId Read(ref TlsReader reader)
    {
        byte type = reader.ReadUInt8();
        MlsException.ThrowIf(type is not (External or Resumption), MlsError.Malformed);
        bool isExternal = type == External;
        byte usage = isExternal ? (byte)0 : reader.ReadUInt8();
        // RFC 9420 §8.4: usages application, reinit and branch.
        MlsException.ThrowIf(!isExternal && usage is < 1 or > 3, MlsError.Malformed);
        byte[] id = reader.ReadVector().ToArray();
        ulong epoch = isExternal ? 0 : reader.ReadUInt64();
        return new PreSharedKeyId(isExternal, usage, id, epoch, reader.ReadVector().ToArray());
    }

    public void Write(TlsWriter writer)
    {
        writer.WriteUInt8(IsExternal ? External : Resumption);
        if (!IsExternal) writer.WriteUInt8(Usage);
        writer.WriteVector(Id);
        if (!IsExternal) writer.WriteUInt64(Epoch);
        writer.WriteVector(Nonce);
    }
}
