using Pipeline.DiscordSimulator.Dave;

namespace Pipeline.Dave.Tests.Calls;

/// <summary>A client in the call, ours or davey's, as the gateway sees it.</summary>
internal abstract class CallMember(ulong userId, TestCall call)
{
    public ulong UserId => userId;

    protected TestCall Call => call;

    /// <summary>Frames that this member could play, by what it heard from whom.</summary>
    public List<(ulong From, string Frame)> Heard { get; } = [];

    /// <summary>Frames that this member refused or could not open.</summary>
    public List<(ulong From, string Why)> Lost { get; } = [];

    /// <summary>Op 26 and 31 that this member sent.</summary>
    public int KeyPackages { get; set; }

    public int Complaints { get; set; }

    public int Commits { get; set; }

    public PeerKeyPackage LastKeyPackage { get; private set; } = null!;

    public abstract Task DescribedAsync(int version);

    public abstract Task ConnectedAsync(IReadOnlyList<ulong> userIds);

    public abstract Task DisconnectedAsync(ulong user);

    public abstract Task ReceiveAsync(DeliveryMessage message);

    /// <summary>As it would go into an RTP packet.</summary>
    public abstract Task<byte[]> SealAsync(byte[] frame);

    /// <param name="number">The sender's count of its packets.</param>
    public abstract Task HearAsync(ulong from, ushort number, byte[] frame);

    public abstract Task<string> PrivacyCodeAsync();

    /// <summary>To the delivery service, over this member's link.</summary>
    protected void Send(byte opcode, ReadOnlyMemory<byte> body, int transitionId = 0)
    {
        if (opcode == 26)
        {
            KeyPackages++;
            LastKeyPackage = PeerKeyPackage.Parse(body);
        }
        if (opcode == 28) Commits++;
        if (opcode == 31) Complaints++;
        call.FromClient(UserId, opcode, body, transitionId);
    }
}
