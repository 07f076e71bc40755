using System.Security.Cryptography;
using Pipeline.Mls.Crypto;
using Pipeline.Mls.Group;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Benchmarks;

/// <summary>The voice gateway as a group sees it: a sender from outside who proposes that people come and go.</summary>
internal sealed class MlsGateway : IDisposable
{
    public static readonly byte[] GroupId = [1, 2, 3, 4, 5, 6, 7, 8];

    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public MlsGateway()
    {
        ECPoint point = key.ExportParameters(includePrivateParameters: false).Q;
        Sender = ExternalSender.Parse([0x40, 0x41, 4, .. point.X!, .. point.Y!, 0, 1, 1, 0]);
    }

    public ExternalSender Sender { get; }

    /// <summary>Proposals to add so many people, signed one by one and checked by the group.</summary>
    public List<QueuedProposal> Adds(GroupState group, ulong firstUser, int count) =>
        [.. SignedAdds(group.Epoch, firstUser, count).Select(proposal => group.ValidateProposal(proposal))];

    /// <summary>The same as they come over the wire.</summary>
    public List<byte[]> SignedAdds(ulong epoch, ulong firstUser, int count)
    {
        List<byte[]> adds = [];
        for (int i = 0; i < count; i++)
        {
            using MlsIdentity identity = MlsIdentity.Create(firstUser + (ulong)i);
            using KeyPackageBundle bundle = KeyPackageBundle.Create(identity);
            adds.Add(SignAdd(epoch, bundle.KeyPackage.Span));
        }
        return adds;
    }

    public byte[] SignAdd(ulong epoch, ReadOnlySpan<byte> keyPackage)
    {
        TlsReader reader = new(keyPackage);
        return Sign(epoch, new AddProposal(KeyPackage.Read(ref reader)));
    }

    public byte[] Sign(ulong epoch, Proposal proposal)
    {
        FramedContent content = new(
            GroupId, epoch, new Sender(SenderType.External, 0), [], ContentType.Proposal, proposal, null, null);
        return new PublicMessage(AuthenticatedContent.Sign(content, [], key), null).EncodeMessage();
    }

    public void Dispose() => key.Dispose();
}
