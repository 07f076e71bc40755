using Pipeline.Mls.Crypto;
using Pipeline.Mls.Group;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Schedule;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tests.Group;

/// <summary>What members may propose where the application is not DAVE (RFC 9420 §12.1), and how that is checked.</summary>
public sealed class MemberProposalTests : IDisposable
{
    private readonly OwnCall call = new(3);

    public void Dispose() => call.Dispose();

    private GroupState Group => ByRfc(2);

    // RFC 9420 §6.1, §6.2
    [Fact]
    public void Proposal_of_a_member_is_tagged_and_signed()
    {
        QueuedProposal taken = Group.ValidateProposal(Propose(signer: 1).EncodeMessage());
        Assert.Equal((ProposalKind.Remove, 0u, 1ul), (taken.Kind, taken.LeafIndex, taken.UserId));
        Refused.With(MlsError.BadSignature, () => Group.ValidateProposal(Propose(signer: 0).EncodeMessage()));
        Refused.With(MlsError.BadMembershipTag, () =>
            Group.ValidateProposal((Propose(signer: 1) with { MembershipTag = new byte[32] }).EncodeMessage()));
    }

    // RFC 9420 §12.4.2
    [Fact]
    public void Proposal_within_a_commit_is_checked_as_any_other()
    {
        using MlsIdentity newcomer = MlsIdentity.Create(9);
        AddProposal bad = new((new LeafForge(newcomer) with { Version = 2 }).KeyPackage());
        Commit commit = new([new ProposalOrReference(bad, null)], null);
        Sender first = new(SenderType.Member, 0);
        FramedContent content = FramedContent.ForCommit(Group.Context.GroupId, Group.Epoch, first, commit);
        Refused.With(MlsError.WrongVersion, () => Group.Apply(
            Protect(AuthenticatedContent.Sign(content, Group.ContextBytes, call[0].Identity.Key) with { ConfirmationTag = new byte[32] })
                .EncodeMessage(),
            []));
    }

    // RFC 9420 §12.1.7
    [Theory]
    [InlineData(Extension.ApplicationId, true)]
    [InlineData(0x0A0A, false)]
    public void Commit_brings_only_extensions_that_every_member_supports(ushort type, bool isTaken)
    {
        GroupState committer = ByRfc(0);
        byte[] proposal = Propose(signer: 1, new GroupContextExtensionsProposal([new Extension(type, [])])).EncodeMessage();
        CommitResult result = committer.Commit([committer.ValidateProposal(proposal)]);
        result.NextState.Dispose();
        GroupState Apply() => Group.Apply(result.Commit, [Group.ValidateProposal(proposal)]);
        if (!isTaken)
        {
            Refused.With(MlsError.UnsupportedCapabilities, () => Apply());
            return;
        }
        using GroupState next = Apply();
        Assert.Equal([type], next.Context.Extensions.Select(extension => extension.Type));
    }

    // One leaf of the call, under the rules of the RFC alone; the call disposes what it holds.
    private GroupState ByRfc(int leaf) => new(call.Group(leaf).Identity, new GroupRules(GroupPolicy.Rfc, PreSharedKeys.None),
        call.Group(leaf).Context, call.Group(leaf).Tree, call.Group(leaf).Keys, call.Group(leaf).Secrets, new byte[32]);

    private PublicMessage Propose(int signer, Proposal? proposal = null)
    {
        FramedContent content = new(call.Service.GroupId, Group.Epoch, new Sender(SenderType.Member, 1), [], ContentType.Proposal,
            proposal ?? new RemoveProposal(new LeafIndex(0)), null, null);
        return Protect(AuthenticatedContent.Sign(content, Group.ContextBytes, call[signer].Identity.Key));
    }

    private PublicMessage Protect(AuthenticatedContent signed) =>
        PublicMessage.Protect(signed, Group.Secrets.MembershipKey, Group.ContextBytes);
}
