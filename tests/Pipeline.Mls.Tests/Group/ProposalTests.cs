using System.Security.Cryptography;
using CsCheck;
using Pipeline.Mls.Crypto;
using Pipeline.Mls.Group;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Tests.Peers;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tests.Group;

public sealed class ProposalTests : IDisposable
{
    private readonly OwnCall call = new(3);
    private readonly OwnMember newcomer;
    private readonly byte[] package;

    public ProposalTests()
    {
        newcomer = call.Prepare(9);
        package = newcomer.Begin();
    }

    private GroupState Group => call.Group(0);

    [Fact]
    public void Adds_and_removes_of_the_external_sender_are_queued()
    {
        QueuedProposal add = Group.ValidateProposal(call.Sign(DeliveryService.Add(package)));
        Assert.Equal((ProposalKind.Add, 9ul, null), (add.Kind, add.UserId, add.LeafIndex));
        QueuedProposal remove = Group.ValidateProposal(call.Sign(DeliveryService.Remove(1)));
        Assert.Equal((ProposalKind.Remove, 2ul, 1u), (remove.Kind, remove.UserId, remove.LeafIndex));
        Assert.NotEqual(add.Reference, remove.Reference);
        Assert.True(Group.TryParseProposal(call.Sign(DeliveryService.Remove(1)), out _, out MlsError? none));
        Assert.Null(none);
    }

    [Fact]
    public void No_changed_or_cut_proposal_is_taken()
    {
        Refused.EveryChange(call.Sign(DeliveryService.Add(package)), changed => Group.ValidateProposal(changed));
        Refused.EveryChange(call.Sign(DeliveryService.Remove(1)), changed => Group.ValidateProposal(changed));
    }

    /// <summary>The gateway itself may be hostile: it signs, but it cannot make up members.</summary>
    [Fact]
    public void No_changed_key_package_is_taken_though_the_gateway_signs_it() => Refused.EveryChange(
        package, changed => Group.ValidateProposal(call.Sign(DeliveryService.Add(changed))));

    [Fact]
    public void No_spliced_proposal_is_taken()
    {
        byte[] valid = call.Sign(DeliveryService.Add(package));
        Mutations.Of(valid).Sample(changed =>
        {
            if (changed.AsSpan().SequenceEqual(valid)) return;
            bool taken = Group.TryParseProposal(changed, out _, out MlsError? error);
            Assert.False(taken);
            Assert.NotNull(error);
        }, seed: "0N0XIzNsQ0O2", iter: 1000, threads: 1);
    }

    [Fact]
    public void Wrong_epoch_group_sender_and_signature_are_refused()
    {
        using ECDsa foreign = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] remove = DeliveryService.Remove(1);
        byte[] groupId = call.Service.GroupId;
        ulong epoch = Group.Epoch;
        RefusedProposal(MlsError.BadSignature, DeliveryService.Sign(remove, epoch, groupId, 0, foreign));
        RefusedProposal(MlsError.WrongSender, DeliveryService.Sign(remove, epoch, groupId, 1, foreign));
        RefusedProposal(MlsError.WrongSender, DeliveryService.Sign(remove, epoch, groupId, uint.MaxValue, foreign));
        RefusedProposal(MlsError.WrongEpoch, DeliveryService.Sign(remove, epoch + 1, groupId, 0, foreign));
        RefusedProposal(MlsError.WrongEpoch, DeliveryService.Sign(remove, epoch - 1, groupId, 0, foreign));
        RefusedProposal(MlsError.WrongGroup, DeliveryService.Sign(remove, epoch, new byte[8], 0, foreign));
    }

    [Fact]
    public void Other_kinds_of_proposals_are_refused()
    {
        byte[] psk = [0, 4, 1, 1, 7, 32, .. new byte[32]];
        byte[] reinit = [0, 5, 1, 7, 0, 1, 0, 2, 0];
        byte[] externalInit = [0, 6, 1, 7];
        byte[] extensions = [0, 7, 0];
        byte[] update = [0, 2, .. LeafOf(newcomer)];
        byte[] unknown = [0x0a, 0x0a, 0];
        foreach (byte[] proposal in (byte[][])[psk, reinit, externalInit, extensions, update, unknown])
        {
            RefusedProposal(MlsError.ProposalNotAllowed, call.Sign(proposal));
        }
    }

    [Fact]
    public void Removes_of_nobody_are_refused()
    {
        RefusedProposal(MlsError.UnknownLeaf, call.Sign(DeliveryService.Remove(3)));
        RefusedProposal(MlsError.UnknownLeaf, call.Sign(DeliveryService.Remove(uint.MaxValue)));
    }

    [Fact]
    public void A_commit_or_a_members_proposal_is_not_a_proposal_from_outside()
    {
        CommitResult result = Commit(DeliveryService.Remove(2));
        result.NextState.Dispose();
        RefusedProposal(MlsError.WrongMessageType, result.Commit);
        FramedContent byMember = new(
            call.Service.GroupId, Group.Epoch, new Sender(SenderType.Member, 1), [], ContentType.Proposal, new RemoveProposal(new(1)), null,
                null);
        AuthenticatedContent signed = AuthenticatedContent.Sign(byMember, Group.ContextBytes, call[1].Identity.Key);
        PublicMessage message = PublicMessage.Protect(signed, Group.Secrets.MembershipKey, Group.ContextBytes);
        RefusedProposal(MlsError.ProposalNotAllowed, message.EncodeMessage());
    }

    [Fact]
    public void Lists_that_cannot_stand_together_are_not_committed()
    {
        using OwnMember twin = call.Prepare(2);
        byte[] twinPackage = twin.Begin();
        RefusedCommit(MlsError.BadProposalList, DeliveryService.Remove(1), DeliveryService.Remove(1));
        RefusedCommit(MlsError.RemovesOurselves, DeliveryService.Remove(0));
        RefusedCommit(MlsError.DuplicateKey, DeliveryService.Add(package), DeliveryService.Add(package));
        RefusedCommit(MlsError.DuplicateIdentity, DeliveryService.Add(twinPackage));
        using GroupState replaced = Commit(DeliveryService.Remove(1), DeliveryService.Add(twinPackage)).NextState;
        Assert.Equal([1ul, 2, 3], replaced.Members.Select(member => member.UserId));
    }

    /// <summary>Two megabytes that only look like proposals cost at most a few times their size.</summary>
    [Fact]
    public void Huge_inputs_are_refused_without_much_memory()
    {
        byte[] valid = call.Sign(DeliveryService.Remove(1));
        byte[] many = [.. Enumerable.Repeat(valid, 1_000_000 / valid.Length).SelectMany(message => message)];
        byte[] random = new byte[1_000_000];
        new Random(5).NextBytes(random);
        byte[] longVector = [.. valid[..4], 0x80, 0x0f, 0x42, 0x40, .. new byte[1_000_000]];
        byte[] tinyItems = [.. valid[..22], 0, 2, 0, 1, .. package[..4], 0x80, 0x0f, 0x00, 0x00, .. new byte[0xf_0000]];
        foreach (byte[] input in (byte[][])[many, random, longVector, tinyItems, new byte[1_000_000],
            new byte[MlsLimits.MaxMessageBytes + 1]])
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Refused.Somehow(() => Group.ValidateProposals(input), $"{input.Length} bytes");
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < 32_000_000, $"{allocated} bytes for {input.Length}");
        }
    }

    [Fact]
    public void One_proposal_is_asked_for_and_neither_none_nor_two()
    {
        byte[] remove = call.Sign(DeliveryService.Remove(1));
        RefusedProposal(MlsError.Malformed, []);
        RefusedProposal(MlsError.Malformed, [.. remove, .. remove]);
    }

    [Fact]
    public void Message_brings_at_most_a_thousand_proposals()
    {
        byte[] remove = call.Sign(DeliveryService.Remove(1));
        byte[] full = [.. Enumerable.Repeat(remove, 1000).SelectMany(message => message)];
        Assert.Equal(1000, Group.ValidateProposals(full).Count);
        Refused.With(MlsError.TooLarge, () => Group.ValidateProposals([.. full, .. remove]));
    }

    [Fact]
    public void Users_whom_proposals_would_add_are_read_before_anything_is_proven()
    {
        byte[] add = call.Sign(DeliveryService.Add(package)), remove = call.Sign(DeliveryService.Remove(1));
        byte[] unproven = [.. add[..^1], (byte)(add[^1] ^ 1)];
        Assert.Equal([9ul, 9ul], GroupState.ReadAddedUsers([.. add, .. remove, .. unproven], 3));
        Refused.With(MlsError.TooLarge, () => GroupState.ReadAddedUsers([.. add, .. remove, .. unproven], 2));
        Refused.With(MlsError.TooLarge, () => GroupState.ReadAddedUsers(new byte[2 * 1024 * 1024 + 1], 3));
        LeafForge nameless = new(newcomer.Identity) { Credential = new Credential(Credential.Basic, new byte[9]) };
        byte[] addNameless = call.Sign(DeliveryService.Add(nameless.KeyPackage().Encoded));
        Refused.With(MlsError.BadCredential, () => GroupState.ReadAddedUsers(addNameless, 3));
    }

    [Fact]
    public void Input_of_more_than_two_megabytes_is_refused()
    {
        byte[] large = new byte[2 * 1024 * 1024 + 1];
        Refused.With(MlsError.TooLarge, () => Group.ValidateProposals(large));
        Refused.With(MlsError.TooLarge, () => PublicMessage.Parse(large));
        Refused.With(MlsError.TooLarge, () => Welcome.Parse(large));
    }

    public void Dispose()
    {
        newcomer.Dispose();
        call.Dispose();
    }

    private static byte[] LeafOf(OwnMember member) => member.KeyPackage!.Package.Leaf.Encoded.ToArray();

    private void RefusedProposal(MlsError error, byte[] message) =>
        Refused.With(error, () => Group.ValidateProposal(message));

    private CommitResult Commit(params byte[][] proposals)
    {
        TlsReader reader = new(call.Service.Proposals(proposals));
        return Group.Commit(Group.ValidateProposals(reader.ReadVector()));
    }

    private void RefusedCommit(MlsError error, params byte[][] proposals) => Refused.With(error, () => Commit(proposals));
}
