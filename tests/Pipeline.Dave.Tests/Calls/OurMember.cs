using Pipeline.Dave.Receive;
using Pipeline.Dave.Session;
using Pipeline.Dave.Tests.Vectors;
using Pipeline.DiscordSimulator.Dave;

namespace Pipeline.Dave.Tests.Calls;

/// <summary>The product: a session on the control side, a receiver on the media side.</summary>
internal sealed class OurMember : CallMember, IDisposable
{
    private readonly Dictionary<(int, ulong), uint> nonces = [];
    private int sendingSerial;
    private bool described;
    private bool disposed;

    public OurMember(ulong userId, TestCall call)
        : base(userId, call)
    {
        Ladder = new RecoveryLadder(call.Network.Time);
        Session = new DaveSession(call.ChannelId, userId, call.Network.Time, Ladder);
        Receiver = new DaveReceiver(call.Network.Time, OnReleased);
        Tick();
    }

    public RecoveryLadder Ladder { get; }

    public DaveSession Session { get; }

    public DaveReceiver Receiver { get; }

    public List<DaveNotice> Notices { get; } = [];

    public List<DaveDemand> Demands { get; } = [];

    public Dictionary<DaveOpenResult, int> Results { get; } = [];

    public DaveSnapshot Snapshot => Session.Snapshot;

    public int Count(DaveOpenResult result) => Results.GetValueOrDefault(result);

    public override Task DescribedAsync(int version)
    {
        described = true;
        return Take(Session.OnSessionDescription(version));
    }

    public override Task ConnectedAsync(IReadOnlyList<ulong> userIds) => Take(Session.OnClientsConnect(userIds));

    public override Task DisconnectedAsync(ulong user) => Take(Session.OnClientDisconnect(user));

    public override Task ReceiveAsync(DeliveryMessage message) => Take(message.Opcode switch
    {
        DaveOpcode.PrepareTransition => Session.OnPrepareTransition(message.ProtocolVersion, message.TransitionId),
        DaveOpcode.ExecuteTransition => Session.OnExecuteTransition(message.TransitionId),
        DaveOpcode.PrepareEpoch => Session.OnPrepareEpoch(message.ProtocolVersion, (ulong)message.Epoch),
        _ => Session.OnBinary(message.Opcode, message.Body),
    });

    /// <summary>
    /// Sealed by test code with the keys that the session published: proves that they are the group's. Empty before there are any.
    /// </summary>
    public override Task<byte[]> SealAsync(byte[] frame)
    {
        EpochKeys? keys = Snapshot.Keys.FirstOrDefault(set => set.Epoch == Snapshot.Epoch);
        if (described && Snapshot.ProtocolVersion == 0) return Task.FromResult(frame);
        if (keys is null || !keys.TryGetBaseSecret(UserId, out ReadOnlySpan<byte> baseSecret)) return Task.FromResult(Array.Empty<byte>());
        sendingSerial = keys.Serial;
        uint nonce = nonces[(sendingSerial, UserId)] = nonces.GetValueOrDefault((sendingSerial, UserId)) + 1;
        return Task.FromResult(FrameSealer.Seal(FrameSealer.KeyOf(baseSecret.ToArray(), 0), nonce, frame));
    }

    public override Task HearAsync(ulong from, ushort number, byte[] frame)
    {
        byte[] destination = new byte[frame.Length];
        DaveFrameOrigin origin = new((uint)from, number, 0, Call.Network.Time.GetTimestamp());
        DaveOpenResult result = Receiver.Open(Snapshot, from, in origin, frame, destination, out int written);
        Record(from, result, destination.AsSpan(0, written));
        return Task.CompletedTask;
    }

    public override Task<string> PrivacyCodeAsync() => Task.FromResult(Snapshot.PrivacyCode);

    /// <summary>Lets go of what was heard and noted so far; counters stay.</summary>
    public void Forget()
    {
        Heard.Clear();
        Lost.Clear();
        Notices.Clear();
        Call.Sent.Clear();
    }

    public void Dispose()
    {
        disposed = true;
        Receiver.Dispose();
        Session.Dispose();
    }

    private void Tick()
    {
        if (disposed) return;
        Receiver.Poll(Snapshot);
        _ = Take(Session.OnTimer(Receiver.Health));
        Call.Network.Schedule(TimeSpan.FromMilliseconds(100), Tick);
    }

    private Task Take(DaveReply reply)
    {
        Notices.AddRange(reply.Notices);
        if (reply.Demand != DaveDemand.None) Demands.Add(reply.Demand);
        foreach (DaveOutbound message in reply.Messages) Send(message.Opcode, message.Payload, message.TransitionId);
        return Task.CompletedTask;
    }

    private void OnReleased(ulong userId, in DaveFrameOrigin origin, DaveOpenResult result, ReadOnlySpan<byte> frame) =>
        Record(userId, result, frame);

    private void Record(ulong from, DaveOpenResult result, ReadOnlySpan<byte> frame)
    {
        Results[result] = Results.GetValueOrDefault(result) + 1;
        if (result is DaveOpenResult.Opened or DaveOpenResult.Passthrough or DaveOpenResult.Silence)
            Heard.Add((from, Convert.ToHexString(frame)));
        else if (result is not DaveOpenResult.Held) Lost.Add((from, result.ToString()));
    }
}
