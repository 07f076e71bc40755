using Pipeline.Dave.Codes;
using Pipeline.DiscordSimulator.Dave;
using Pipeline.TestKit;

namespace Pipeline.Dave.Tests.Calls;

/// <summary>
/// A call in virtual time: the gateway's delivery service, clients on both implementations, and talk between them.
/// Only davey's process is real time.
/// </summary>
internal sealed class TestCall : IAsyncDisposable
{
    private readonly List<CallMember> present = [];
    private readonly Dictionary<ulong, ushort> numbers = [];
    private DaveyProcess? davey;
    private int spoken;

    public TestCall(DeliveryOptions? options = null)
    {
        Options = options ?? new DeliveryOptions();
        Gateway = new GroupDelivery(ChannelId, Options, ToClient, (delay, action) => Network.Schedule(delay, action));
    }

    public ulong ChannelId => 940_000_000_000_000_001;

    public VirtualNetwork Network { get; } = new();

    /// <summary>Started when the first peer needs it.</summary>
    public DaveyProcess Davey => davey ??= DaveyProcess.Start();

    public DeliveryOptions Options { get; }

    public GroupDelivery Gateway { get; }

    public int Version { get; set; } = 1;

    /// <summary>On the way to the gateway, by user and opcode.</summary>
    public Func<ulong, byte, TimeSpan> Uplink { get; set; } = (_, _) => TimeSpan.FromMilliseconds(5);

    /// <summary>On the way to a client, by user and opcode.</summary>
    public Func<ulong, byte, TimeSpan> Downlink { get; set; } = (_, _) => TimeSpan.FromMilliseconds(5);

    /// <summary>When copies of a packet arrive: none is a loss, two a duplicate.</summary>
    public Func<IEnumerable<TimeSpan>> Media { get; set; } = () => [TimeSpan.FromMilliseconds(10)];

    /// <summary>Packets that reached a listener.</summary>
    public long Delivered { get; private set; }

    /// <summary>What the gateway sent, for replays.</summary>
    public List<DeliveryMessage> Sent { get; } = [];

    /// <summary>Users whose connection is down: what is sent to them waits for the resume, what they send is lost.</summary>
    public Dictionary<ulong, List<DeliveryMessage>> Disconnected { get; } = [];

    public IReadOnlyList<CallMember> Present => present;

    public IEnumerable<DaveyMember> Peers => present.OfType<DaveyMember>();

    public OurMember Us(ulong userId = 9) => new(userId, this);

    public DaveyMember Peer(ulong userId) => new(userId, this);

    /// <summary>Identify to op 25, as the gateway orders it.</summary>
    public void Join(CallMember member, bool externalSenderFirst = false)
    {
        ulong[] others = [.. present.Select(other => other.UserId)];
        foreach (CallMember other in present.ToArray()) OnLink(other.UserId, 11, () => other.ConnectedAsync([member.UserId]));
        present.Add(member);
        OnLink(member.UserId, 11, () => member.ConnectedAsync(others));
        if (externalSenderFirst) Gateway.Announce(member.UserId);
        OnLink(member.UserId, 4, () => member.DescribedAsync(Version));
        if (!externalSenderFirst && Version > 0) Gateway.Announce(member.UserId);
    }

    /// <summary>Everybody of the list who is away comes back, with a new voice session as any client does.</summary>
    public void Return(List<OurMember> members)
    {
        for (int i = 0; i < members.Count; i++)
        {
            if (present.Contains(members[i])) continue;
            int complaints = members[i].Complaints;
            members[i].Dispose();
            members[i] = Us(members[i].UserId);
            members[i].Complaints = complaints;
            Join(members[i]);
        }
    }

    public void Leave(CallMember member)
    {
        present.Remove(member);
        foreach (CallMember other in present.ToArray()) OnLink(other.UserId, 13, () => other.DisconnectedAsync(member.UserId));
        Gateway.Left(member.UserId);
    }

    public Task RunAsync(double seconds) => Network.RunAsync(TimeSpan.FromSeconds(seconds));

    /// <summary>Everybody says something every 20 ms, and everybody else hears it 10 ms later. Returns what was said.</summary>
    public Task<List<(ulong From, string Frame)>> TalkAsync(double seconds, params CallMember[] speakers) =>
        TalkAsync(seconds, 0.02, speakers);

    /// <summary>As the other, with a pause of so many seconds between frames.</summary>
    public async Task<List<(ulong From, string Frame)>> TalkAsync(double seconds, double pause, params CallMember[] speakers)
    {
        List<(ulong, string)> said = [];
        for (double at = 0; at < seconds; at += pause)
        {
            Network.Schedule(TimeSpan.FromSeconds(at), async () =>
            {
                foreach (CallMember speaker in speakers)
                {
                    byte[] frame = [0x78, .. BitConverter.GetBytes(spoken++), .. new byte[20 + spoken % 60]];
                    byte[] packet = await speaker.SealAsync(frame);
                    if (packet.Length == 0) continue;
                    said.Add((speaker.UserId, Convert.ToHexString(frame)));
                    ushort number = numbers[speaker.UserId] = (ushort)(numbers.GetValueOrDefault(speaker.UserId) + 1);
                    foreach (CallMember listener in present.Where(other => other != speaker).ToArray())
                    {
                        foreach (TimeSpan delay in Media())
                            Network.Schedule(delay, () => HearAsync(listener, speaker.UserId, number, packet));
                    }
                }
            });
        }
        await RunAsync(seconds + 0.1);
        return said;
    }

    /// <summary>Every member, on either implementation, sees the same group.</summary>
    public async Task AssertAgreementAsync()
    {
        Dictionary<ulong, string> codes = [];
        foreach (CallMember member in present) codes[member.UserId] = await member.PrivacyCodeAsync();
        string seen = string.Join(", ", codes) + "; sent last: "
            + string.Join(", ", Sent.TakeLast(30).Select(message => $"{message.Opcode}>{message.UserId}"));
        Assert.True(codes.Values.Distinct().Count() == 1 && codes.Values.First().Length == PrivacyCode.Digits, seen);
    }

    public void FromClient(ulong userId, byte opcode, ReadOnlyMemory<byte> body, int transitionId)
    {
        if (Disconnected.ContainsKey(userId)) return;
        Network.Deliver($"from {userId}", Uplink(userId, opcode), () =>
        {
            if (!present.Exists(member => member.UserId == userId)) return Task.CompletedTask;
            if (opcode == 23) Gateway.TransitionReady(userId, transitionId);
            if (opcode == 26) Gateway.KeyPackage(userId, body);
            if (opcode == 28) Gateway.Commit(userId, body);
            if (opcode == 31) Gateway.Invalid(userId);
            return Task.CompletedTask;
        });
    }

    /// <summary>The web socket is gone; UDP goes on.</summary>
    public void Disconnect(ulong userId) => Disconnected[userId] = [];

    /// <summary>Op 9, then what was missed, after the last <paramref name="repeated"/> messages that had arrived before.</summary>
    public void Resume(ulong userId, int repeated = 0)
    {
        Disconnected.Remove(userId, out List<DeliveryMessage>? missed);
        List<DeliveryMessage> before = [.. Sent.Where(message => message.UserId == userId && !missed!.Contains(message))
            .TakeLast(repeated)];
        foreach (DeliveryMessage message in before.Concat(missed!)) Transmit(message);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (OurMember member in present.OfType<OurMember>()) member.Dispose();
        Gateway.Dispose();
        if (davey is not null) await davey.DisposeAsync();
    }

    private Task HearAsync(CallMember listener, ulong from, ushort number, byte[] packet)
    {
        if (!present.Contains(listener)) return Task.CompletedTask;
        Delivered++;
        return listener.HearAsync(from, number, packet);
    }

    private void ToClient(DeliveryMessage message)
    {
        Sent.Add(message);
        if (Disconnected.TryGetValue(message.UserId, out List<DeliveryMessage>? waiting)) waiting.Add(message);
        else Transmit(message);
    }

    private void Transmit(DeliveryMessage message) =>
        OnLink(message.UserId, message.Opcode, () =>
            present.Find(member => member.UserId == message.UserId)?.ReceiveAsync(message) ?? Task.CompletedTask);

    private void OnLink(ulong userId, byte opcode, Func<Task> action) => Network.Deliver($"to {userId}", Downlink(userId, opcode), action);
}
