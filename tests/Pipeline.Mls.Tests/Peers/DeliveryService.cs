using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tests.Peers;

/// <summary>
/// The voice gateway's part in DAVE: external sender, keeper of the order of leaves, narrower of Welcomes. Uses none of the
/// product's MLS, only its vectors.
/// </summary>
internal sealed class DeliveryService : IDisposable
{
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly List<ulong?> leaves = [];

    public DeliveryService(ulong channelId)
    {
        BinaryPrimitives.WriteUInt64BigEndian(GroupId, channelId);
        ChannelId = channelId;
        ECPoint point = key.ExportParameters(false).Q;
        ExternalSender = [0x40, 0x41, 4, .. point.X!, .. point.Y!, 0, 1, 1, 0];
    }

    public ulong ChannelId { get; }

    public byte[] GroupId { get; } = new byte[8];

    /// <summary>What op 25 carries.</summary>
    public byte[] ExternalSender { get; }

    public ulong Epoch { get; private set; }

    /// <summary>Who sits on which leaf.</summary>
    public IReadOnlyList<ulong?> Leaves => leaves;

    public static byte[] Add(ReadOnlySpan<byte> keyPackage) => [0, 1, .. keyPackage];

    public static byte[] Remove(uint leaf)
    {
        byte[] proposal = [0, 3, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt32BigEndian(proposal.AsSpan(2), leaf);
        return proposal;
    }

    public byte[] RemoveUser(ulong user) => Remove((uint)leaves.IndexOf(user));

    /// <summary>One proposal as an MLSMessage of the current epoch, from external sender 0.</summary>
    public byte[] Sign(ReadOnlySpan<byte> proposal) => Sign(proposal, Epoch, GroupId, 0, key);

    public static byte[] Sign(ReadOnlySpan<byte> proposal, ulong epoch, ReadOnlySpan<byte> groupId, uint index, ECDsa key)
    {
        using TlsWriter message = new();
        message.WriteUInt16(1);
        message.WriteUInt16(1);
        message.WriteVector(groupId);
        message.WriteUInt64(epoch);
        message.WriteUInt8(2);
        message.WriteUInt32(index);
        message.WriteVector([]);
        message.WriteUInt8(2);
        message.WriteBytes(proposal);
        using TlsWriter signed = new();
        signed.WriteVector(Encoding.ASCII.GetBytes("MLS 1.0 FramedContentTBS"));
        signed.WriteVector(message.Written);
        message.WriteVector(key.SignData(
            signed.Written, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        return message.ToArray();
    }

    /// <summary>The payload of op 27 without its operation type: a vector of messages.</summary>
    public byte[] Proposals(IEnumerable<byte[]> proposals)
    {
        using TlsWriter messages = new();
        int start = messages.BeginVector();
        foreach (byte[] proposal in proposals) messages.WriteBytes(Sign(proposal));
        messages.EndVector(start);
        return messages.ToArray();
    }

    /// <summary>The creator of the group; everybody else comes by <see cref="Advance"/>.</summary>
    public void Begin(ulong creator)
    {
        Epoch = 0;
        leaves.Clear();
        leaves.Add(creator);
    }

    /// <summary>A commit was chosen: removes first, then adds to the leftmost blank leaves.</summary>
    public void Advance(IEnumerable<ulong> added, IEnumerable<ulong> removed)
    {
        foreach (ulong user in removed) leaves[leaves.IndexOf(user)] = null;
        foreach (ulong user in added)
        {
            int free = leaves.IndexOf(null);
            if (free < 0) leaves.Add(user);
            else leaves[free] = user;
        }

        Epoch++;
    }

    /// <summary>The Welcome with nobody's secrets but those for this key package.</summary>
    public static byte[] Narrow(ReadOnlySpan<byte> welcome, ReadOnlySpan<byte> keyPackage)
    {
        using TlsWriter named = new();
        named.WriteVector("MLS 1.0 KeyPackage Reference"u8);
        named.WriteVector(keyPackage);
        byte[] reference = SHA256.HashData(named.Written);
        TlsReader reader = new(welcome);
        using TlsWriter narrowed = new();
        narrowed.WriteUInt16(reader.ReadUInt16());
        TlsReader secrets = reader.ReadNested();
        while (!secrets.IsAtEnd)
        {
            int start = secrets.Position;
            bool ours = secrets.ReadVector().SequenceEqual(reference);
            secrets.ReadVector();
            secrets.ReadVector();
            if (ours) narrowed.WriteVector(secrets.ReadSince(start));
        }

        narrowed.WriteVector(reader.ReadVector());
        return narrowed.ToArray();
    }

    public void Dispose() => key.Dispose();
}
