using System.Buffers.Binary;
using System.Collections.Immutable;
using Pipeline.Dave.Codes;
using Pipeline.Mls.Wire;

namespace Pipeline.Dave.Session;

/// <summary>
/// End-to-end encryption of one voice session: follows the gateway's opcodes 4, 11, 13 and 21-30, says what to answer, and
/// publishes for the media thread which keys open whose frames (DAVE protocol, "Voice Gateway Opcodes" and "Transitions").
/// </summary>
/// <remarks>
/// Belongs to the control loop: one thread, messages in order of arrival; no sockets, no waiting. Only
/// <see cref="Snapshot"/> may be read from elsewhere. A voice session that is resumed keeps its object, one that is joined
/// again gets a new one. Dispose after the media thread has stopped.
/// </remarks>
public sealed class DaveSession : IDisposable
{
    /// <summary>Highest protocol version that this session speaks; for <c>max_dave_protocol_version</c>.</summary>
    public const int MaxProtocolVersion = 1;

    private readonly GroupKeeper mls;
    private readonly EpochKeyStore keys;
    private readonly Transitions transitions;
    private readonly ReceiveWindows windows;
    private readonly RecentMessages adopted = new();
    private readonly CallMembers call;
    private readonly ReplyBuilder reply = new();
    private readonly ProposalIntake proposals;
    private readonly Recovery recovery;
    private ImmutableArray<DaveMember> members = [];
    private bool described;
    private DaveState state = DaveState.Plain;
    private int version;
    private int encryptedVersion = MaxProtocolVersion;
    private int joinedSerial;
    private int revision;
    private DaveSnapshot snapshot = DaveSnapshot.Plain;

    /// <param name="channelId">Names the MLS group; another channel is another voice session.</param>
    /// <param name="selfUserId">Our own user.</param>
    /// <param name="time">Clock for expiries; the receiver's too.</param>
    /// <param name="ladder">Shared by the voice sessions of one call; null for one of its own.</param>
    public DaveSession(ulong channelId, ulong selfUserId, TimeProvider time, RecoveryLadder? ladder = null)
    {
        mls = new GroupKeeper(channelId, selfUserId);
        keys = new EpochKeyStore(time);
        transitions = new Transitions(time);
        windows = new ReceiveWindows(time);
        call = new CallMembers(selfUserId, time);
        proposals = new ProposalIntake(mls, call, reply, time);
        recovery = new Recovery(ladder ?? new RecoveryLadder(time), transitions, reply, time);
    }

    /// <summary>When <see cref="OnCommitDue"/> is to be called; null: not at all.</summary>
    public TimeSpan? CommitDueIn => proposals.DueIn;

    /// <summary>The latest published state; any thread.</summary>
    public DaveSnapshot Snapshot => Volatile.Read(ref snapshot);

    /// <summary>Op 4: the version that the gateway chose for this session.</summary>
    public DaveReply OnSessionDescription(int protocolVersion)
    {
        // Sent again it brings another transport key. The group lives on: epochs and versions have messages of their own.
        if (version > 0 && protocolVersion > 0) return DaveReply.Empty;
        transitions.Clear();
        if (protocolVersion > 0)
        {
            if (described) windows.ClosePassthrough();
            else windows.ForbidPassthrough();
            windows.BeginJoinGap();
            SetVersion(protocolVersion);
            keys.ExpireAll();
            Restart(DaveState.Pending);
        }
        else
        {
            mls.Leave();
            GoPlain();
        }
        described = true;
        return Conclude();
    }

    /// <summary>Any binary opcode, as it comes: what follows <c>u16 seq || u8 opcode</c>.</summary>
    public DaveReply OnBinary(byte opcode, ReadOnlySpan<byte> payload)
    {
        switch (opcode)
        {
            case DaveOpcode.ExternalSender:
                return OnExternalSender(payload);
            case DaveOpcode.Proposals:
                return OnProposals(payload);
            case DaveOpcode.AnnounceCommit when payload.Length >= sizeof(ushort):
                return OnCommit(BinaryPrimitives.ReadUInt16BigEndian(payload), payload[sizeof(ushort)..]);
            case DaveOpcode.Welcome when payload.Length >= sizeof(ushort):
                return OnWelcome(BinaryPrimitives.ReadUInt16BigEndian(payload), payload[sizeof(ushort)..]);
            default:
                reply.Note(DaveNoticeKind.Malformed, $"binary opcode {opcode}, {payload.Length} bytes");
                return Conclude();
        }
    }

    /// <summary>Op 25.</summary>
    public DaveReply OnExternalSender(ReadOnlySpan<byte> externalSender)
    {
        if (mls.Group is not null)
        {
            reply.Note(DaveNoticeKind.ExternalSenderIgnored, "a group is established");
            return Conclude();
        }
        try
        {
            mls.SetExternalSender(externalSender);
        }
        catch (MlsException refusal)
        {
            reply.Note(DaveNoticeKind.ExternalSenderIgnored, refusal.Message);
        }
        return Conclude();
    }

    /// <summary>Op 11. Proposals that came before their user was announced get another chance.</summary>
    public DaveReply OnClientsConnect(IEnumerable<ulong> userIds)
    {
        call.Connect(userIds);
        proposals.RetryDeferred();
        return Conclude();
    }

    /// <summary>Op 13.</summary>
    public DaveReply OnClientDisconnect(ulong userId)
    {
        call.Disconnect(userId);
        return Conclude();
    }

    /// <summary>Op 21.</summary>
    public DaveReply OnPrepareTransition(int protocolVersion, int transitionId)
    {
        if (protocolVersion == 0 && windows.AnnounceDowngrade())
            reply.Note(DaveNoticeKind.DowngradeAnnounced, $"transition {transitionId}");
        AnnounceTransition(transitionId, protocolVersion);
        return Conclude();
    }

    /// <summary>Op 22.</summary>
    public DaveReply OnExecuteTransition(int transitionId)
    {
        if (transitions.TryTake(transitionId, out int prepared)) Execute(prepared);
        else reply.Note(DaveNoticeKind.UnknownTransition, $"transition {transitionId}");
        return Conclude();
    }

    /// <summary>Op 24. Epoch 1 starts a new group; any other only tells the version of the present one.</summary>
    public DaveReply OnPrepareEpoch(int protocolVersion, ulong epoch)
    {
        if (epoch == 1 && protocolVersion > 0)
        {
            SetVersion(protocolVersion);
            keys.ExpireAll();
            Restart(DaveState.Pending);
        }
        else if (epoch == 1)
        {
            mls.Leave();
            GoPlain();
        }
        else if (mls.Group is not null)
        {
            SetVersion(protocolVersion);
        }
        return Conclude();
    }

    /// <summary>Op 27: <c>u8 operation || vector</c>.</summary>
    public DaveReply OnProposals(ReadOnlySpan<byte> payload)
    {
        proposals.Take(payload);
        return Conclude();
    }

    /// <summary>Op 29 after its transition id: an MLSMessage with the commit that won.</summary>
    public DaveReply OnCommit(int transitionId, ReadOnlySpan<byte> commit)
    {
        if (IsDuplicate(commit, transitionId)) return Conclude();
        transitions.See(transitionId);
        try
        {
            if (mls.FollowCommit(commit)) AdoptEpoch(commit, transitionId, joined: false);
            else LeaveToWelcome(commit, transitionId);
        }
        catch (MlsException refusal)
        {
            Refuse(transitionId, $"commit of transition {transitionId}: {refusal.Error}");
        }
        return Conclude();
    }

    /// <summary>Op 30 after its transition id: a bare Welcome.</summary>
    public DaveReply OnWelcome(int transitionId, ReadOnlySpan<byte> welcome)
    {
        if (IsDuplicate(welcome, transitionId)) return Conclude();
        transitions.See(transitionId);
        try
        {
            mls.Join(welcome, RecogniseMember);
            AdoptEpoch(welcome, transitionId, joined: true);
        }
        catch (MlsException refusal)
        {
            Refuse(transitionId, $"Welcome of transition {transitionId}: {refusal.Error}");
        }
        return Conclude();
    }

    /// <summary><see cref="CommitDueIn"/> is over: proposals that came close together are answered by one commit.</summary>
    public DaveReply OnCommitDue()
    {
        proposals.CommitIfDue();
        return Conclude();
    }

    /// <summary>
    /// The voice session goes on over another connection, and what was said last over the one before may be lost: says again what the
    /// gateway must know of us as things stand. Whatever it knew already it takes as a repetition.
    /// </summary>
    public DaveReply OnResumed()
    {
        if (mls.KeyPackage is { } keyPackage)
        {
            if (state == DaveState.Recovering) recovery.Repeat();
            reply.Send(DaveOpcode.KeyPackage, keyPackage);
        }
        proposals.Repeat();
        foreach (int transitionId in transitions.Waiting) reply.Send(DaveOpcode.TransitionReady, transitionId);
        return Conclude();
    }

    /// <summary>A few times per second: expires keys, and climbs the recovery ladder when frames cannot be opened.</summary>
    public DaveReply OnTimer(in DaveHealth health)
    {
        keys.Prune();
        proposals.CommitIfDue();
        if (windows.TakeLapse())
            reply.Note(DaveNoticeKind.DowngradeLapsed, "it was not executed in time; unencrypted frames are refused again");
        call.Prune(userId => keys.Live.Any(set => set.TryGetBaseSecret(userId, out _)));
        if (state == DaveState.Plain || health.Revision != revision) return Conclude();
        if (recovery.TryBegin(in health, isInGroup: state == DaveState.Active)) Restart(DaveState.Recovering);
        return Conclude();
    }

    public void Dispose()
    {
        mls.Dispose();
        keys.WipeAll();
    }

    private void Refuse(int transitionId, string reason)
    {
        recovery.Begin(transitionId, reason);
        // The older keys go on opening frames until the next epoch's come.
        Restart(DaveState.Recovering);
    }

    private bool IsDuplicate(ReadOnlySpan<byte> message, int transitionId)
    {
        bool isDuplicate = adopted.Contains(message);
        if (isDuplicate) reply.Note(DaveNoticeKind.DuplicateIgnored, $"transition {transitionId}");
        return isDuplicate;
    }

    // A ghost in the member list is for people to see by the privacy code. The gateway that announces users is the party
    // that such a check would have to distrust, and refusing would cost the recording.
    private bool RecogniseMember(ulong userId)
    {
        if (!call.Contains(userId)) reply.Note(DaveNoticeKind.UnannouncedMember, $"user {userId}");
        return true;
    }

    // After a resume it may come again, when the Welcome has been adopted: then it leads to the epoch that we are in already.
    private void LeaveToWelcome(ReadOnlySpan<byte> commit, int transitionId)
    {
        adopted.Add(commit);
        reply.Note(DaveNoticeKind.CommitLost, $"transition {transitionId}");
    }

    private void AdoptEpoch(ReadOnlySpan<byte> message, int transitionId, bool joined)
    {
        adopted.Add(message);
        proposals.Clear();
        int serial = keys.Adopt(mls.Group!);
        windows.OnEpoch();
        members = [.. mls.Group!.Members.Select(member => new DaveMember(member.UserId, member.SignatureKey))];
        revision++;
        if (joined)
        {
            joinedSerial = serial;
            windows.BeginJoinGap();
        }
        state = DaveState.Active;
        reply.Note(DaveNoticeKind.EpochAdopted, $"epoch {mls.Group.Epoch}, {members.Length} members, transition {transitionId}");
        AnnounceTransition(transitionId, encryptedVersion);
    }

    private void AnnounceTransition(int transitionId, int toVersion)
    {
        transitions.See(transitionId);
        if (transitionId == 0)
        {
            // A group's beginning or a reset: executed at once, and nobody waits for an answer.
            Execute(toVersion);
            return;
        }
        transitions.Prepare(transitionId, toVersion);
        reply.Send(DaveOpcode.TransitionReady, transitionId);
    }

    private void Execute(int toVersion)
    {
        if (toVersion == 0)
        {
            // A key package that is out may still be answered: the pending group stays.
            mls.DropGroup();
            GoPlain();
            return;
        }
        SetVersion(toVersion);
        windows.ClosePassthrough();
        windows.EndJoinGap();
        state = mls.Group is not null ? DaveState.Active : state == DaveState.Recovering ? state : DaveState.Pending;
    }

    private void GoPlain()
    {
        version = 0;
        state = DaveState.Plain;
        windows.OpenPassthrough();
        keys.ExpireAll();
        reply.Note(DaveNoticeKind.PlainNow, "frames are accepted as they come");
    }

    private void SetVersion(int protocolVersion)
    {
        version = protocolVersion;
        if (protocolVersion > 0) encryptedVersion = protocolVersion;
    }

    private void Restart(DaveState next)
    {
        proposals.Clear();
        reply.Send(DaveOpcode.KeyPackage, mls.Restart());
        state = next;
        revision++;
        reply.Note(DaveNoticeKind.Pending, "key package sent");
    }

    private DaveReply Conclude()
    {
        Publish();
        return reply.Build();
    }

    private void Publish()
    {
        DaveSnapshot next = new()
        {
            State = state,
            ProtocolVersion = version,
            Epoch = mls.Group?.Epoch ?? 0,
            Members = mls.Group is null ? [] : members,
            Unannounced = mls.Group is null ? [] : [.. members.Select(member => member.UserId).Where(userId => !call.WasAnnounced(userId))],
            Protection = windows.Protection(isInGroup: mls.Group is not null),
            PrivacyCode = mls.Group is null ? "" : PrivacyCode.From(mls.Group.EpochAuthenticator.Span),
            Keys = keys.Live,
            PassthroughUntil = windows.PassthroughUntil,
            PassthroughForMembers = version > 0 && windows.IsForMembers(anyKeys: !keys.Live.IsEmpty),
            JoinGapUntil = windows.JoinGapUntil,
            JoinedSerial = joinedSerial,
            Revision = revision,
            TransitionPending = transitions.IsPending,
            Departures = call.Departures,
        };
        // A new reference makes the media thread look at everything again: only when there is something to see.
        if (!next.IsSameAs(snapshot)) Volatile.Write(ref snapshot, next);
    }
}
