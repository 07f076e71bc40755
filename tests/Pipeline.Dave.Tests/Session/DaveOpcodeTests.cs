using Microsoft.Extensions.Time.Testing;
using Pipeline.Dave.Session;
using Pipeline.DiscordSimulator.Dave;

namespace Pipeline.Dave.Tests.Session;

/// <summary>Binary messages by their length, and states without a group.</summary>
public sealed class DaveOpcodeTests : IDisposable
{
    private readonly FakeTimeProvider time = new();
    private readonly DaveSession session;

    public DaveOpcodeTests() => session = new DaveSession(940_000_000_000_000_001, 9, time);

    public void Dispose() => session.Dispose();

    [Theory]
    [InlineData(29, 0, DaveNoticeKind.Malformed)]
    [InlineData(29, 1, DaveNoticeKind.Malformed)]
    [InlineData(29, 2, DaveNoticeKind.CommitLost)]
    [InlineData(30, 0, DaveNoticeKind.Malformed)]
    [InlineData(30, 1, DaveNoticeKind.Malformed)]
    [InlineData(30, 2, DaveNoticeKind.Invalid)]
    [InlineData(25, 0, DaveNoticeKind.ExternalSenderIgnored)]
    [InlineData(27, 0, DaveNoticeKind.ProposalsIgnored)]
    [InlineData(28, 40, DaveNoticeKind.Malformed)]
    [InlineData(255, 40, DaveNoticeKind.Malformed)]
    public void Binary_message_is_taken_by_its_opcode_and_whole_transition_id(byte opcode, int length, DaveNoticeKind expected)
    {
        session.OnSessionDescription(1);
        Assert.Equal(expected, session.OnBinary(opcode, new byte[length]).Notices[0].Kind);
    }

    [Fact]
    public void Welcome_that_comes_again_is_ignored_and_transition_0_ends_encryption_at_once()
    {
        byte[] welcome = Join();
        Assert.Equal((DaveState.Active, 2), (session.Snapshot.State, session.Snapshot.Members.Length));

        DaveReply again = session.OnWelcome(0, welcome);
        Assert.Empty(again.Messages);
        Assert.Equal(DaveNoticeKind.DuplicateIgnored, Assert.Single(again.Notices).Kind);
        Assert.Equal(DaveState.Active, session.Snapshot.State);

        Assert.Empty(session.OnPrepareTransition(0, 0).Messages);
        Assert.Equal((DaveState.Plain, 0), (session.Snapshot.State, session.Snapshot.ProtocolVersion));
        Assert.Equal(10, time.GetElapsedTime(time.GetTimestamp(), Assert.Single(session.Snapshot.Keys).ExpiresAt).TotalSeconds);
    }

    [Fact]
    public void Epoch_that_is_not_the_first_tells_the_version_of_the_group_that_is()
    {
        Join();
        Assert.Empty(session.OnPrepareEpoch(2, 5).Messages);
        Assert.Equal((DaveState.Active, 2, 2),
            (session.Snapshot.State, session.Snapshot.ProtocolVersion, session.Snapshot.Members.Length));
    }

    [Fact]
    public void Session_that_ends_wipes_its_keys()
    {
        Join();
        EpochKeys keys = Assert.Single(session.Snapshot.Keys);
        Assert.True(keys.TryGetBaseSecret(9, out ReadOnlySpan<byte> secret) && secret.ContainsAnyExcept((byte)0));
        session.Dispose();
        Assert.True(keys.TryGetBaseSecret(9, out secret) && !secret.ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void Executed_upgrade_of_a_call_without_a_group_is_pending()
    {
        session.OnSessionDescription(0);
        session.OnPrepareTransition(1, 5);
        Assert.Equal((DaveState.Plain, 0, true),
            (session.Snapshot.State, session.Snapshot.ProtocolVersion, session.Snapshot.TransitionPending));
        session.OnExecuteTransition(5);
        Assert.Equal((DaveState.Pending, 1, false),
            (session.Snapshot.State, session.Snapshot.ProtocolVersion, session.Snapshot.TransitionPending));
        Assert.Equal(10, time.GetElapsedTime(time.GetTimestamp(), session.Snapshot.PassthroughUntil).TotalSeconds);
    }

    [Fact]
    public void Transition_that_is_executed_while_recovering_leaves_it_so()
    {
        session.OnSessionDescription(1);
        session.OnWelcome(3, [1, 2, 3]);
        Assert.Equal(DaveState.Recovering, session.Snapshot.State);
        session.OnPrepareTransition(1, 5);
        session.OnExecuteTransition(5);
        Assert.Equal((DaveState.Recovering, 1), (session.Snapshot.State, session.Snapshot.ProtocolVersion));
    }

    /// <summary>Another member's group takes ours in by a Welcome, which is given back.</summary>
    private byte[] Join()
    {
        using GatewayKey gateway = new(940_000_000_000_000_001);
        using DaveSession other = new(940_000_000_000_000_001, 100, time);
        PeerKeyPackage package = PeerKeyPackage.Parse(session.OnSessionDescription(1).Messages[0].Payload);
        other.OnSessionDescription(1);
        session.OnExternalSender(gateway.Announcement);
        other.OnExternalSender(gateway.Announcement);
        other.OnClientsConnect([9]);
        DaveReply made = other.OnProposals(SignedProposal.Append([gateway.Add(0, package)]));
        byte[] both = Assert.Single(made.Messages).Payload.ToArray();
        byte[] welcome = both[PeerCommit.Parse(both, 940_000_000_000_000_001).Message.Length..];
        Assert.Empty(session.OnWelcome(0, welcome).Messages);
        Assert.Equal(Assert.Single(session.Snapshot.Keys).Serial, session.Snapshot.JoinedSerial);
        return welcome;
    }
}
