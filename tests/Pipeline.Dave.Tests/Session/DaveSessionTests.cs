using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Dave.Session;
using Pipeline.DiscordSimulator.Dave;

namespace Pipeline.Dave.Tests.Session;

/// <summary>The state machine by itself: what each opcode is answered with, and that nothing a peer sends breaks it.</summary>
public sealed class DaveSessionTests : IDisposable
{
    private const ulong Channel = 940_000_000_000_000_001, Self = 9, Other = 100;

    private readonly FakeTimeProvider time = new();
    private readonly GatewayKey gateway = new(Channel);
    private readonly DaveSession session;

    public DaveSessionTests() => session = new DaveSession(Channel, Self, time);

    public void Dispose()
    {
        session.Dispose();
        gateway.Dispose();
    }

    [Fact]
    public void A_version_is_answered_with_a_key_package_that_the_gateway_takes()
    {
        DaveOutbound sent = Assert.Single(session.OnSessionDescription(1).Messages);
        Assert.Equal((DaveOpcode.KeyPackage, true), (sent.Opcode, sent.IsBinary));
        Assert.Equal(Self, PeerKeyPackage.Parse(sent.Payload).UserId);
        Assert.Equal((DaveState.Pending, 1), (session.Snapshot.State, session.Snapshot.ProtocolVersion));
        Assert.True(session.Snapshot.PassthroughUntil < time.GetTimestamp());
    }

    [Fact]
    public void A_plain_session_sends_nothing_and_takes_everything()
    {
        Assert.Empty(session.OnSessionDescription(0).Messages);
        Assert.Equal((DaveState.Plain, long.MaxValue), (session.Snapshot.State, session.Snapshot.PassthroughUntil));
    }

    [Fact]
    public void A_description_sent_again_leaves_the_group_as_it_is()
    {
        Activate();
        DaveSnapshot before = session.Snapshot;
        Assert.Same(DaveReply.Empty, session.OnSessionDescription(1));
        Assert.Same(before, session.Snapshot);
        Assert.Empty(session.OnSessionDescription(0).Messages);
        Assert.Equal(DaveState.Plain, session.Snapshot.State);
        Assert.Equal(DaveOpcode.KeyPackage, Assert.Single(session.OnSessionDescription(1).Messages).Opcode);
        Assert.Equal(10, time.GetElapsedTime(time.GetTimestamp(), session.Snapshot.PassthroughUntil).TotalSeconds);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_external_sender_may_come_before_or_after_the_version(bool before)
    {
        if (before) session.OnExternalSender(gateway.Announcement);
        session.OnSessionDescription(1);
        if (!before) session.OnExternalSender(gateway.Announcement);
        session.OnClientsConnect([Other]);
        DaveOutbound commit = Assert.Single(session.OnProposals(AddOf(Other)).Messages);
        Assert.Equal(DaveOpcode.CommitWelcome, commit.Opcode);
        Assert.NotNull(PeerCommit.Parse(commit.Payload, Channel).Welcome);
    }

    [Fact]
    public void Proposals_without_a_group_are_ignored()
    {
        Assert.Empty(session.OnProposals(AddOf(Other)).Messages);
        session.OnSessionDescription(1);
        Assert.Equal(DaveNoticeKind.ProposalsIgnored, Assert.Single(session.OnProposals(AddOf(Other)).Notices).Kind);
    }

    [Fact]
    public void A_repeated_proposal_is_answered_with_the_same_commit()
    {
        Prepare();
        byte[] add = AddOf(Other);
        byte[] first = session.OnProposals(add).Messages[0].Payload.ToArray();
        time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(first, session.OnProposals(add).Messages[0].Payload.ToArray());
    }

    [Fact]
    public void A_commit_of_ours_that_wins_is_adopted_and_its_duplicate_ignored()
    {
        Prepare();
        byte[] commit = CommitOf(session.OnProposals(AddOf(Other)));
        DaveReply reply = session.OnCommit(7, commit);
        Assert.Equal((DaveOpcode.TransitionReady, 7), (reply.Messages[0].Opcode, reply.Messages[0].TransitionId));
        Assert.Equal((DaveState.Active, 1ul, 2), (session.Snapshot.State, session.Snapshot.Epoch, session.Snapshot.Members.Length));
        Assert.True(session.Snapshot.TransitionPending);

        DaveReply again = session.OnCommit(7, commit);
        Assert.Empty(again.Messages);
        Assert.Equal(DaveNoticeKind.DuplicateIgnored, Assert.Single(again.Notices).Kind);
        Assert.Empty(session.OnExecuteTransition(7).Messages);
        Assert.False(session.Snapshot.TransitionPending);
        Assert.Equal(DaveNoticeKind.UnknownTransition, Assert.Single(session.OnExecuteTransition(7).Notices).Kind);
    }

    [Fact]
    public void An_earlier_commit_of_ours_may_win_too()
    {
        Prepare();
        session.OnClientsConnect([Other + 1]);
        byte[] first = CommitOf(session.OnProposals(AddOf(Other)));
        time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Single(session.OnProposals(AddOf(Other + 1)).Messages);
        session.OnCommit(1, first);
        Assert.Equal([Self, Other], session.Snapshot.Members.Select(member => member.UserId));
    }

    [Fact]
    public void Transition_0_is_executed_at_once_and_not_answered()
    {
        Prepare();
        Assert.Empty(session.OnCommit(0, CommitOf(session.OnProposals(AddOf(Other)))).Messages);
        Assert.Equal((DaveState.Active, false), (session.Snapshot.State, session.Snapshot.TransitionPending));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(300)]
    public void A_Welcome_that_does_not_fit_is_answered_by_31_and_26_with_its_id(int transitionId)
    {
        Prepare();
        DaveReply reply = session.OnWelcome(transitionId, [0, 2, 1, 2, 3]);
        Assert.Equal([DaveOpcode.InvalidCommitWelcome, DaveOpcode.KeyPackage], reply.Messages.Select(message => message.Opcode));
        Assert.Equal(transitionId, reply.Messages[0].TransitionId);
        Assert.Equal(DaveState.Recovering, session.Snapshot.State);
    }

    [Fact]
    public void Five_refused_messages_are_answered_by_a_reset_each_and_the_sixth_demands_a_rejoin()
    {
        Prepare();
        for (int i = 0; i < 5; i++) Assert.Equal(DaveDemand.None, session.OnWelcome(i + 1, [0, 2, 1, 2, (byte)i]).Demand);
        Assert.Equal(DaveDemand.Rejoin, session.OnWelcome(6, [0, 2, 1, 2, 9]).Demand);
        Assert.Equal(DaveDemand.None, session.OnWelcome(7, [0, 2, 1, 2, 10]).Demand);
    }

    [Fact]
    public void Another_members_first_commit_is_left_to_the_Welcome_that_follows()
    {
        Prepare();
        DaveReply reply = session.OnCommit(1, new byte[200]);
        Assert.Empty(reply.Messages);
        Assert.Equal(DaveNoticeKind.CommitLost, Assert.Single(reply.Notices).Kind);
    }

    [Fact]
    public void An_external_sender_in_an_established_group_is_ignored_and_survives_a_new_epoch_1()
    {
        Activate();
        using GatewayKey impostor = new(Channel);
        Assert.Equal(DaveNoticeKind.ExternalSenderIgnored, Assert.Single(session.OnExternalSender(impostor.Announcement).Notices).Kind);
        Assert.Equal(DaveOpcode.KeyPackage, Assert.Single(session.OnPrepareEpoch(1, 1).Messages).Opcode);
        Assert.Single(session.OnProposals(AddOf(Other)).Messages);
    }

    [Fact]
    public void Epoch_1_keeps_the_older_keys_for_ten_seconds()
    {
        Activate();
        session.OnPrepareEpoch(1, 1);
        Assert.Equal((DaveState.Pending, "", 1), (session.Snapshot.State, session.Snapshot.PrivacyCode, session.Snapshot.Keys.Length));
        time.Advance(TimeSpan.FromSeconds(11));
        session.OnTimer(DaveHealth.Good(session.Snapshot.Revision));
        Assert.Empty(session.Snapshot.Keys);
    }

    [Fact]
    public void Several_transitions_may_wait_and_each_brings_its_own_version()
    {
        Activate();
        session.OnPrepareTransition(0, 40);
        session.OnPrepareTransition(1, 41);
        Assert.Equal(10, SecondsOfPassthrough);
        session.OnExecuteTransition(41);
        Assert.Equal((DaveState.Active, 1), (session.Snapshot.State, session.Snapshot.ProtocolVersion));
        session.OnExecuteTransition(40);
        Assert.Equal((DaveState.Plain, 0), (session.Snapshot.State, session.Snapshot.ProtocolVersion));
        Assert.Equal((long.MaxValue, DaveProtection.Unencrypted), (session.Snapshot.PassthroughUntil, session.Snapshot.Protection));
    }

    [Fact]
    public void An_announced_downgrade_ends_by_itself_and_opens_nothing_a_second_time()
    {
        Activate();
        string code = session.Snapshot.PrivacyCode;
        Assert.Equal(DaveNoticeKind.DowngradeAnnounced, Assert.Single(session.OnPrepareTransition(0, 40).Notices).Kind);
        Assert.Equal((10, DaveProtection.DowngradeAnnounced, true),
            (SecondsOfPassthrough, session.Snapshot.Protection, session.Snapshot.PassthroughForMembers));
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.Empty(session.OnPrepareTransition(0, 41).Notices);
        Assert.Equal(4, SecondsOfPassthrough);
        time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(DaveNoticeKind.DowngradeLapsed, Assert.Single(Tick().Notices).Kind);
        Assert.Equal((DaveProtection.EndToEnd, code), (session.Snapshot.Protection, session.Snapshot.PrivacyCode));
        Assert.Empty(session.OnPrepareTransition(0, 42).Notices);
        Assert.True(session.Snapshot.PassthroughUntil <= time.GetTimestamp());
        Assert.Equal(DaveProtection.EndToEnd, session.Snapshot.Protection);

        // Executed after all: that is a plain call, and it is said.
        Assert.Equal(DaveNoticeKind.PlainNow, Assert.Single(session.OnExecuteTransition(42).Notices).Kind);
        Assert.Equal((DaveProtection.Unencrypted, ""), (session.Snapshot.Protection, session.Snapshot.PrivacyCode));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_plain_call_that_gets_a_group_refuses_unencrypted_frames_after_seconds_executed_or_not(bool executed)
    {
        session.OnSessionDescription(0);
        session.OnPrepareEpoch(1, 1);
        Assert.Equal((long.MaxValue, DaveProtection.Unencrypted), (session.Snapshot.PassthroughUntil, session.Snapshot.Protection));
        session.OnExternalSender(gateway.Announcement);
        session.OnClientsConnect([Other]);
        session.OnCommit(7, CommitOf(session.OnProposals(AddOf(Other))));
        Assert.Equal((20, DaveProtection.Unencrypted, true),
            (SecondsOfPassthrough, session.Snapshot.Protection, session.Snapshot.PassthroughForMembers));
        time.Advance(TimeSpan.FromSeconds(1));
        if (executed)
        {
            session.OnExecuteTransition(7);
            Assert.Equal((10, DaveProtection.EndToEnd), (SecondsOfPassthrough, session.Snapshot.Protection));
        }
        time.Advance(TimeSpan.FromSeconds(19));
        Tick();
        Assert.True(session.Snapshot.PassthroughUntil <= time.GetTimestamp());
        Assert.Equal(DaveProtection.EndToEnd, session.Snapshot.Protection);
    }

    [Fact]
    public void A_member_whom_the_gateway_has_not_announced_is_named_until_it_is()
    {
        PeerKeyPackage ours = PeerKeyPackage.Parse(session.OnSessionDescription(1).Messages[0].Payload);
        session.OnExternalSender(gateway.Announcement);
        using DaveSession other = new(Channel, Other, time);
        other.OnSessionDescription(1);
        other.OnExternalSender(gateway.Announcement);
        other.OnClientsConnect([Self]);
        DaveOutbound commit = Assert.Single(other.OnProposals(SignedProposal.Append([gateway.Add(0, ours)])).Messages);
        session.OnWelcome(5, PeerCommit.Parse(commit.Payload, Channel).Welcome!.NarrowedTo(ours.Reference));
        Assert.Equal([Other], session.Snapshot.Unannounced);
        DaveSnapshot before = session.Snapshot;
        session.OnTimer(DaveHealth.Good(before.Revision));
        Assert.Same(before, session.Snapshot);
        session.OnClientsConnect([Other]);
        Assert.Empty(session.Snapshot.Unannounced);
        session.OnClientDisconnect(Other); // its leaving is known before the group has removed it
        Assert.Empty(session.Snapshot.Unannounced);
    }

    [Fact]
    public void A_departed_users_decryptor_has_ten_seconds_and_a_return_keeps_it()
    {
        Activate();
        session.OnClientDisconnect(Other);
        Assert.Equal(10, time.GetElapsedTime(time.GetTimestamp(), session.Snapshot.Departures[Other]).TotalSeconds);
        session.OnClientsConnect([Other]);
        Assert.Empty(session.Snapshot.Departures);
        session.OnClientDisconnect(Self);
        Assert.Empty(session.Snapshot.Departures);
    }

    [Fact]
    public void Proposals_of_unannounced_users_are_kept_within_bounds()
    {
        Prepare();
        List<DaveNoticeKind> notices = [];
        for (ulong user = 500; user < 600; user++) notices.AddRange(session.OnProposals(AddOf(user)).Notices.Select(notice => notice.Kind));
        Assert.Equal(16, notices.Count(kind => kind == DaveNoticeKind.ProposalsDeferred));
        Assert.Equal(84, notices.Count(kind => kind == DaveNoticeKind.ProposalsRefused));
        Assert.Single(session.OnClientsConnect(Enumerable.Range(500, 100).Select(user => (ulong)user)).Messages);
        time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(16, PeerCommit.Parse(Assert.Single(session.OnCommitDue().Messages).Payload, Channel).References.Count);
    }

    [Fact]
    public void Proposals_that_come_one_by_one_are_answered_together()
    {
        Prepare();
        ulong[] users = [.. Enumerable.Range(500, 300).Select(user => (ulong)user)];
        session.OnClientsConnect(users);
        byte[][] proposals = [.. users.Select(AddOf)];
        List<DaveOutbound> commits = [];
        List<DaveNotice> notices = [];
        foreach (byte[] proposal in proposals)
        {
            DaveReply reply = session.OnProposals(proposal);
            commits.AddRange(reply.Messages);
            notices.AddRange(reply.Notices);
            time.Advance(TimeSpan.FromMilliseconds(10));
            if (session.CommitDueIn > TimeSpan.Zero || session.CommitDueIn is null) continue;
            reply = session.OnCommitDue();
            commits.AddRange(reply.Messages);
            notices.AddRange(reply.Notices);
        }
        Assert.InRange(commits.Count, 5, 12);
        Assert.InRange(commits.Sum(commit => (long)commit.Payload.Length), 1, 2_000_000);
        Assert.All(commits, commit => Assert.InRange(PeerCommit.Parse(commit.Payload, Channel).References.Count, 1, 100));
        Assert.InRange(notices.Count(notice => notice.Kind == DaveNoticeKind.CommitNotMade), 1, 30);
    }

    [Fact]
    public void Queue_of_proposals_has_an_end_and_what_is_beyond_it_is_refused()
    {
        Prepare();
        ulong[] users = [.. Enumerable.Range(500, 513).Select(user => (ulong)user)];
        session.OnClientsConnect(users);
        byte[][] proposals = [.. users.Select(AddOf)];
        foreach (byte[] proposal in proposals.SkipLast(1))
            Assert.DoesNotContain(session.OnProposals(proposal).Notices, notice => notice.Kind == DaveNoticeKind.ProposalsRefused);
        Assert.Contains(session.OnProposals(proposals[^1]).Notices, notice => notice.Kind == DaveNoticeKind.ProposalsRefused);
        Assert.DoesNotContain(session.OnProposals(proposals[0]).Notices, notice => notice.Kind == DaveNoticeKind.ProposalsRefused);
    }

    [Fact]
    public void Proposal_after_a_quiet_moment_is_answered_at_once_and_a_repeated_one_by_the_same_commit()
    {
        Prepare();
        byte[] add = AddOf(Other);
        DaveOutbound first = Assert.Single(session.OnProposals(add).Messages);
        Assert.Null(session.CommitDueIn);
        Assert.Empty(session.OnProposals(add).Messages);
        Assert.Equal(TimeSpan.FromMilliseconds(100), session.CommitDueIn);
        time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.True(first.Payload.Span.SequenceEqual(Assert.Single(session.OnCommitDue().Messages).Payload.Span));
        Assert.Null(session.CommitDueIn);
    }

    [Fact]
    public void Nothing_that_changed_nothing_makes_a_new_snapshot()
    {
        Activate();
        DaveSnapshot before = session.Snapshot;
        session.OnTimer(DaveHealth.Good(before.Revision));
        session.OnExternalSender([1, 2, 3]);
        session.OnBinary(27, []);
        session.OnExecuteTransition(999);
        Assert.Same(before, session.Snapshot);
    }

    [Fact]
    public void Arbitrary_messages_in_any_order_never_throw()
    {
        Gen<(byte Opcode, byte[] Body)> binary = Gen.Select(Gen.Byte[24, 32], Gen.Byte.Array[0, 300]);
        Gen<(byte Opcode, byte[] Body)> shaped = Gen.Select(Gen.OneOf(Gen.Const((byte)27), Gen.Const((byte)29), Gen.Const((byte)30)),
            Gen.Byte[0, 2], Gen.Byte.Array[0, 60],
            (opcode, first, rest) => (opcode, (byte[])[first, .. MlsWire.Vector(rest)]));
        Gen.OneOf(binary, shaped).Array[1, 12].Sample(messages =>
        {
            using DaveSession victim = new(Channel, Self, time);
            victim.OnSessionDescription(1);
            victim.OnExternalSender(gateway.Announcement);
            foreach ((byte opcode, byte[] body) in messages)
            {
                victim.OnBinary(opcode, body);
                victim.OnPrepareTransition(opcode & 1, body.Length);
                victim.OnExecuteTransition(opcode);
                victim.OnClientDisconnect(opcode);
                victim.OnPrepareEpoch(opcode & 1, (ulong)body.Length & 3);
            }
            return victim.Snapshot.Members.IsEmpty;
        }, iter: 150, threads: 1);
    }

    private double SecondsOfPassthrough => time.GetElapsedTime(time.GetTimestamp(), session.Snapshot.PassthroughUntil).TotalSeconds;

    private DaveReply Tick() => session.OnTimer(DaveHealth.Good(session.Snapshot.Revision));

    private void Prepare()
    {
        session.OnSessionDescription(1);
        session.OnExternalSender(gateway.Announcement);
        session.OnClientsConnect([Other]);
    }

    private void Activate()
    {
        Prepare();
        session.OnCommit(0, CommitOf(session.OnProposals(AddOf(Other))));
        Assert.Equal(DaveState.Active, session.Snapshot.State);
    }

    private static byte[] CommitOf(DaveReply reply) => PeerCommit.Parse(Assert.Single(reply.Messages).Payload, Channel).Message;

    private byte[] AddOf(ulong user)
    {
        using DaveSession other = new(Channel, user, time);
        PeerKeyPackage keyPackage = PeerKeyPackage.Parse(other.OnSessionDescription(1).Messages[0].Payload);
        return SignedProposal.Append([gateway.Add(0, keyPackage)]);
    }
}
