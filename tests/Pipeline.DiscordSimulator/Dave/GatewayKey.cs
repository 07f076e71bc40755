using System.Security.Cryptography;

namespace Pipeline.DiscordSimulator.Dave;

/// <summary>The voice gateway as external sender: its key pair, its announcement (op 25), and the proposals that it signs.</summary>
public sealed class GatewayKey(ulong channelId) : IDisposable
{
    private const uint SenderIndex = 0;

    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>
    /// Body of op 25: <c>signature_key&lt;V&gt; || u16 credential_type=1 || identity&lt;V&gt;</c>, the identity one zero byte.
    /// </summary>
    public byte[] Announcement
    {
        get
        {
            ECPoint q = key.ExportParameters(false).Q;
            return [.. MlsWire.Vector([4, .. q.X!, .. q.Y!]), 0, 1, .. MlsWire.Vector([0])];
        }
    }

    public SignedProposal Add(ulong epoch, PeerKeyPackage keyPackage) => Sign(epoch, [0, 1, .. keyPackage.Bytes], keyPackage.UserId, null);

    public SignedProposal Remove(ulong epoch, uint leaf, ulong userId) => Sign(epoch, [0, 3, .. MlsWire.BigEndian(leaf)], userId, leaf);

    /// <summary>Any proposal body, for hostile cases.</summary>
    public SignedProposal Sign(ulong epoch, byte[] proposal, ulong userId, uint? leaf)
    {
        // FramedContent: group id, epoch, external sender 0, no authenticated data, a proposal (RFC 9420 §6).
        byte[] content =
        [
            .. MlsWire.Vector(MlsWire.BigEndian(channelId)), .. MlsWire.BigEndian(epoch),
            2, .. MlsWire.BigEndian(SenderIndex), 0, 2, .. proposal,
        ];
        byte[] signature = LabelledCrypto.Sign(key, "FramedContentTBS", [0, 1, 0, 1, .. content]);
        byte[] authenticated = [0, 1, .. content, .. MlsWire.Vector(signature)];
        return new SignedProposal([0, 1, .. authenticated], LabelledCrypto.Reference("Proposal Reference", authenticated), userId, leaf);
    }

    public void Dispose() => key.Dispose();
}
