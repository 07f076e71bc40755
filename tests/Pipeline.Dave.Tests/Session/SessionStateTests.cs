using Microsoft.Extensions.Time.Testing;
using Pipeline.Dave.Session;
using Pipeline.DiscordSimulator.Dave;

namespace Pipeline.Dave.Tests.Session;

/// <summary>What each step of a session leaves behind: its version, keys that go, windows, what waits, what recovery says.</summary>
public sealed class SessionStateTests : IDisposable
{
    private const ulong Channel = 940_000_000_000_000_001, Self = 9, Other = 100;

    private readonly FakeTimeProvider time = new();
    private readonly GatewayKey gateway = new(Channel);
    private readonly DaveSession session;

    public SessionStateTests() => session = new DaveSession(Channel, Self, time);

    private DaveSnapshot Now => session.Snapshot;

    public void Dispose()
    {
        session.Dispose();
        gateway.Dispose();
    }

    [Fact]
    public void Description_without_encryption_leaves_the_group_and_forgets_announced_switch_overs()
    {
        Activate();
        session.OnPrepareTransition(0, 40);
        Assert.Equal(DaveNoticeKind.PlainNow, Assert.Single(session.OnSessionDescription(0).Notices).Kind);
        Assert.Equal((DaveState.Plain, 0, 0ul, 0), (Now.State, Now.ProtocolVersion, Now.Epoch, Now.Members.Length));
        Assert.Equal(10, SecondsUntil(Assert.Single(Now.Keys).ExpiresAt));
        Assert.Equal(DaveNoticeKind.UnknownTransition, Assert.Single(session.OnExecuteTransition(40).Notices).Kind);
        Assert.Equal(DaveNoticeKind.ProposalsIgnored, Assert.Single(session.OnProposals(AddOf(Other)).Notices).Kind);
    }

    [Fact]
    public void Epoch_1_without_encryption_leaves_the_group_too()
    {
        Activate();
        Assert.Equal(DaveNoticeKind.PlainNow, Assert.Single(session.OnPrepareEpoch(0, 1).Notices).Kind);
        Assert.Equal((DaveState.Plain, 0, 0ul, 0), (Now.State, Now.ProtocolVersion, Now.Epoch, Now.Members.Length));
        Assert.Equal((10, long.MaxValue), (SecondsUntil(Assert.Single(Now.Keys).ExpiresAt), Now.PassthroughUntil));
        Assert.Equal(DaveNoticeKind.ProposalsIgnored, Assert.Single(session.OnProposals(AddOf(Other)).Notices).Kind);
    }

    [Fact]
    public void Group_of_a_plain_call_ends_with_a_description_that_begins_encryption()
    {
        Prepare();
        session.OnPrepareTransition(0, 0); // executed at once; the key package is out still
        session.OnCommit(7, CommitOf(session.OnProposals(AddOf(Other))));
        Assert.Equal((DaveState.Active, 0, long.MaxValue), (Now.State, Now.ProtocolVersion, Assert.Single(Now.Keys).ExpiresAt));
        Assert.False(Now.PassthroughForMembers); // still everybody's
        session.OnSessionDescription(1);
        Assert.Equal((DaveState.Pending, 1, 10), (Now.State, Now.ProtocolVersion, SecondsUntil(Assert.Single(Now.Keys).ExpiresAt)));
    }

    [Fact]
    public void Version_in_force_is_the_last_encrypted_one_that_was_told()
    {
        session.OnSessionDescription(2);
        session.OnPrepareEpoch(5, 7); // there is no group whose version it could be
        Assert.Equal(2, Now.ProtocolVersion);
        int before = Now.Revision;
        DaveReply reply = session.OnPrepareEpoch(1, 1);
        Assert.Equal((1, DaveNoticeKind.Pending), (Now.Revision - before, Assert.Single(reply.Notices).Kind));
        Assert.Equal(1, Now.ProtocolVersion);
        session.OnExternalSender(gateway.Announcement);
        session.OnClientsConnect([Other, Other + 1]);
        session.OnCommit(0, CommitOf(session.OnProposals(AddOf(Other))));
        Assert.Equal(1, Now.ProtocolVersion);
        session.OnPrepareEpoch(0, 5);
        time.Advance(TimeSpan.FromSeconds(1));
        session.OnCommit(0, CommitOf(session.OnProposals(AddOf(Other + 1, epoch: 1))));
        Assert.Equal((DaveState.Active, 1, 2ul), (Now.State, Now.ProtocolVersion, Now.Epoch));
    }

    [Fact]
    public void Join_gap_lasts_ten_seconds_from_the_description_and_from_the_Welcome_and_two_from_the_execution()
    {
        PeerKeyPackage ours = PeerKeyPackage.Parse(session.OnSessionDescription(1).Messages[0].Payload);
        Assert.Equal(10, SecondsUntil(Now.JoinGapUntil));
        session.OnExternalSender(gateway.Announcement);
        time.Advance(TimeSpan.FromSeconds(3));
        DaveReply reply = session.OnWelcome(5, WelcomeFor(ours));
        Assert.Equal([DaveNoticeKind.UnannouncedMember, DaveNoticeKind.EpochAdopted], reply.Notices.Select(notice => notice.Kind));
        Assert.Equal((10, Now.Keys[0].Serial), (SecondsUntil(Now.JoinGapUntil), Now.JoinedSerial));
        session.OnExecuteTransition(5);
        Assert.Equal(2, SecondsUntil(Now.JoinGapUntil));
    }

    [Fact]
    public void What_waited_for_a_group_goes_when_its_next_epoch_comes()
    {
        Prepare();
        Assert.Equal(DaveNoticeKind.ProposalsDeferred, Assert.Single(session.OnProposals(AddOf(500)).Notices).Kind);
        byte[] add = AddOf(Other), commit = CommitOf(session.OnProposals(add));
        session.OnProposals(add);
        Assert.NotNull(session.CommitDueIn);
        int before = Now.Revision;
        DaveReply adopted = session.OnCommit(0, commit);
        Assert.Equal(DaveNoticeKind.EpochAdopted, Assert.Single(adopted.Notices).Kind);
        Assert.Equal((1, null), (Now.Revision - before, session.CommitDueIn));
        Assert.Same(DaveReply.Empty, session.OnClientsConnect([500]));
        Assert.Single(session.OnProposals(AddOf(500, epoch: 1)).Messages); // the first answer of an epoch waits for nothing
    }

    [Fact]
    public void What_waited_for_a_group_goes_when_it_begins_again()
    {
        Prepare();
        session.OnProposals(AddOf(500));
        session.OnPrepareEpoch(1, 1);
        Assert.Same(DaveReply.Empty, session.OnClientsConnect([500]));
    }

    [Fact]
    public void Answer_that_is_due_goes_out_with_the_timer()
    {
        Prepare();
        session.OnClientsConnect([Other + 1]);
        Assert.Single(session.OnProposals(AddOf(Other)).Messages);
        Assert.Empty(session.OnProposals(AddOf(Other + 1)).Messages);
        time.Advance(TimeSpan.FromMilliseconds(100));
        DaveOutbound sent = Assert.Single(session.OnTimer(DaveHealth.Good(Now.Revision)).Messages);
        Assert.Equal((DaveOpcode.CommitWelcome, 2), (sent.Opcode, PeerCommit.Parse(sent.Payload, Channel).References.Count));
    }

    [Fact]
    public void Who_left_is_forgotten_by_the_timer_unless_a_key_of_theirs_lives()
    {
        Activate();
        session.OnClientsConnect([77]);
        session.OnClientDisconnect(77);
        session.OnClientDisconnect(Other);
        DaveSnapshot before = Now;
        session.OnTimer(DaveHealth.Good(before.Revision));
        Assert.Same(before, Now);
        time.Advance(TimeSpan.FromSeconds(10));
        session.OnTimer(DaveHealth.Good(before.Revision));
        Assert.Equal([Other], Now.Departures.Keys);
    }

    [Fact]
    public void Recovery_answers_with_the_id_that_was_seen_last()
    {
        Prepare();
        Assert.Equal(DaveNoticeKind.CommitLost, Assert.Single(session.OnCommit(5, new byte[200]).Notices).Kind);
        AssertRecovers(5);
        session.OnWelcome(300, [0, 2, 1, 2, 3]);
        time.Advance(TimeSpan.FromSeconds(5));
        AssertRecovers(300);
        session.OnPrepareTransition(1, 0);
        time.Advance(TimeSpan.FromSeconds(5));
        AssertRecovers(0);
    }

    [Fact]
    public void After_a_resume_the_gateway_is_told_again_what_it_must_know_as_things_stand()
    {
        Assert.Same(DaveReply.Empty, session.OnResumed());
        byte[] keyPackage = session.OnSessionDescription(1).Messages[0].Payload.ToArray();
        session.OnExternalSender(gateway.Announcement);
        session.OnClientsConnect([Other]);
        Assert.Equal([(DaveOpcode.KeyPackage, 0)], Told(session.OnResumed()));
        DaveOutbound made = Assert.Single(session.OnProposals(AddOf(Other)).Messages);
        time.Advance(TimeSpan.FromMilliseconds(100));
        DaveReply again = session.OnResumed();
        Assert.Equal([(DaveOpcode.KeyPackage, 0), (DaveOpcode.CommitWelcome, 0)], Told(again));
        Assert.Equal([keyPackage, made.Payload.ToArray()], again.Messages.Select(message => message.Payload.ToArray()));

        session.OnCommit(7, PeerCommit.Parse(made.Payload, Channel).Message);
        Assert.Equal([(DaveOpcode.TransitionReady, 7)], Told(session.OnResumed()));
        session.OnExecuteTransition(7);
        Assert.Same(DaveReply.Empty, session.OnResumed());
        byte[] renewed = session.OnWelcome(300, [0, 2, 1, 2, 3]).Messages[1].Payload.ToArray();
        again = session.OnResumed();
        Assert.Equal([(DaveOpcode.InvalidCommitWelcome, 300), (DaveOpcode.KeyPackage, 0)], Told(again));
        Assert.Equal(renewed, again.Messages[1].Payload.ToArray());
    }

    [Fact]
    public void Commit_that_was_left_to_its_Welcome_is_known_when_it_comes_again_behind_it()
    {
        PeerKeyPackage ours = PeerKeyPackage.Parse(session.OnSessionDescription(1).Messages[0].Payload);
        session.OnExternalSender(gateway.Announcement);
        session.OnClientsConnect([Other]);
        (byte[] commit, byte[] welcome) = CommitFor(ours);
        Assert.Equal(DaveNoticeKind.CommitLost, Assert.Single(session.OnCommit(5, commit).Notices).Kind);
        session.OnWelcome(5, welcome);
        Assert.Equal(DaveState.Active, Now.State);
        DaveReply replayed = session.OnCommit(5, commit);
        Assert.Equal(DaveNoticeKind.DuplicateIgnored, Assert.Single(replayed.Notices).Kind);
        Assert.Empty(replayed.Messages);
        Assert.Equal((DaveState.Active, 1ul), (Now.State, Now.Epoch));
    }

    [Fact]
    public void One_sender_of_whom_nothing_opens_costs_a_reset_a_minute_and_never_the_voice_session()
    {
        Activate();
        int resets = 0;
        for (int second = 0; second < 600; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            // Now and then the others pause, and then all that comes is what does not open.
            bool othersPause = second % 30 > 20;
            DaveReply reply = session.OnTimer(new DaveHealth(Now.Revision, 50, othersPause ? 300 : 2,
                time.GetTimestamp() - (othersPause ? 6 : 0) * time.TimestampFrequency, 100));
            Assert.Equal(DaveDemand.None, reply.Demand);
            if (reply.Messages.IsEmpty) continue;
            resets++;
            session.OnCommit(0, CommitOf(session.OnProposals(AddOf(Other)))); // the gateway adds us again
        }
        Assert.Equal(10, resets);
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(1, 1)] // the keys are right for somebody: one reset a minute is all
    public void Resets_follow_each_other_where_nothing_opens_at_all(long opened, int expected)
    {
        Activate();
        int resets = 0;
        for (int i = 0; i < 2; i++)
        {
            time.Advance(TimeSpan.FromSeconds(5));
            if (session.OnTimer(Bad(Now.Revision) with { Opened = opened }).Messages.IsEmpty) continue;
            resets++;
            session.OnCommit(0, CommitOf(session.OnProposals(AddOf(Other)))); // the gateway adds us again
            Assert.Equal(DaveState.Active, Now.State);
        }
        Assert.Equal(expected, resets);
    }

    [Fact]
    public void Nothing_is_recovered_in_a_plain_call_or_by_counts_of_older_keys()
    {
        session.OnSessionDescription(0);
        Assert.Empty(session.OnTimer(Bad(Now.Revision)).Messages);
        Prepare();
        Assert.Empty(session.OnTimer(Bad(Now.Revision - 1)).Messages);
        Assert.Equal(2, session.OnTimer(Bad(Now.Revision)).Messages.Length);
    }

    [Theory]
    [InlineData(0, 0, 1, DaveDemand.None)]
    [InlineData(1, 0, 1, DaveDemand.Rejoin)]
    [InlineData(0, 1, 1, DaveDemand.Rejoin)]
    [InlineData(0, 0, 0, DaveDemand.Rejoin)]
    public void Resets_are_forgotten_when_frames_open_and_none_fails(int worstRun, int failed, long opened, DaveDemand expected)
    {
        Prepare();
        for (int i = 0; i < 5; i++) session.OnWelcome(i + 1, [0, 2, 1, 2, (byte)i]);
        time.Advance(TimeSpan.FromSeconds(10));
        session.OnTimer(new DaveHealth(Now.Revision, worstRun, failed, long.MaxValue, opened));
        Assert.Equal(expected, session.OnWelcome(6, [0, 2, 1, 2, 9]).Demand);
    }

    [Fact]
    public void Session_that_ended_joins_nothing_any_more()
    {
        Prepare();
        session.Dispose();
        Assert.Throws<ObjectDisposedException>(() => session.OnPrepareEpoch(1, 1));
    }

    private static DaveHealth Bad(int revision) => new(revision, RecoveryTriggers.MaxRun + 1, 40, 0, 0);

    private static byte[] CommitOf(DaveReply reply) => PeerCommit.Parse(Assert.Single(reply.Messages).Payload, Channel).Message;

    private double SecondsUntil(long timestamp) => time.GetElapsedTime(time.GetTimestamp(), timestamp).TotalSeconds;

    private void AssertRecovers(int transitionId)
    {
        DaveReply reply = session.OnTimer(Bad(Now.Revision));
        Assert.Equal([(DaveOpcode.InvalidCommitWelcome, transitionId), (DaveOpcode.KeyPackage, 0)],
            reply.Messages.Select(message => (message.Opcode, message.TransitionId)));
        Assert.Contains(reply.Notices, notice => notice.Kind == DaveNoticeKind.Recovery);
        Assert.Equal(DaveState.Recovering, Now.State);
    }

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
        Assert.Equal((DaveState.Active, 1), (Now.State, Now.ProtocolVersion));
    }

    private byte[] AddOf(ulong user, ulong epoch = 0)
    {
        using DaveSession other = new(Channel, user, time);
        PeerKeyPackage keyPackage = PeerKeyPackage.Parse(other.OnSessionDescription(1).Messages[0].Payload);
        return SignedProposal.Append([gateway.Add(epoch, keyPackage)]);
    }

    private static IEnumerable<(byte Opcode, int TransitionId)> Told(DaveReply reply) =>
        reply.Messages.Select(message => (message.Opcode, message.TransitionId));

    private byte[] WelcomeFor(PeerKeyPackage keyPackage) => CommitFor(keyPackage).Welcome;

    private (byte[] Commit, byte[] Welcome) CommitFor(PeerKeyPackage keyPackage)
    {
        using DaveSession other = new(Channel, Other, time);
        other.OnSessionDescription(1);
        other.OnExternalSender(gateway.Announcement);
        other.OnClientsConnect([keyPackage.UserId]);
        byte[] both = Assert.Single(other.OnProposals(SignedProposal.Append([gateway.Add(0, keyPackage)])).Messages).Payload.ToArray();
        byte[] commit = PeerCommit.Parse(both, Channel).Message;
        return (commit, both[commit.Length..]);
    }
}
