using Microsoft.Extensions.Time.Testing;
using Pipeline.Dave.Session;

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
}
