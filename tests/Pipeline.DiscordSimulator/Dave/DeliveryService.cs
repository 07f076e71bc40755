using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Voice;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Dave;

/// <summary>
/// End-to-end encryption of one call: which version is in force, and the way of <see cref="GroupDelivery"/>'s messages to
/// the clients. The voice gateway passes in what clients send (op 23, 26, 28, 31) and who comes and goes. Everything runs
/// on the event loop.
/// </summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable",
    Justification = "One signing key per call, until the simulator's process ends.")]
internal sealed class DeliveryService
{
    private readonly SimulatedWorld world;
    private readonly Call call;
    private readonly HashSet<VoiceSession> announced = [];
    private readonly GroupDelivery group;
    private int version;

    public DeliveryService(SimulatedWorld world, Call call)
    {
        this.world = world;
        this.call = call;
        group = new GroupDelivery(call.Channel.Id, world.Options.Delivery, Transmit, (delay, action) => world.Loop.Schedule(delay, action));
    }

    /// <summary>How the group stands.</summary>
    public DaveCallState State =>
        new(version, group.IsEstablished, group.Epoch, group.Members, group.AcceptedCommits, group.DroppedCommits, [.. group.Refused]);

    public GroupDelivery Group => group;

    // Everybody must be able to; a member that no client plays is not.
    private int Wanted => world.Options.Dave switch
    {
        _ when call.Channel.Kind != ChannelKind.Voice => 0,
        DaveMode.Off => 0,
        DaveMode.Enforced => 1,
        _ => call.Members.All(member => member is VoiceSession { MaxDaveVersion: > 0 }) ? 1 : 0,
    };

    /// <summary>The <c>dave_protocol_version</c> of op 4 for a client that is about to be described.</summary>
    public int VersionFor(VoiceSession client) => announced.Count == 0 ? version = Wanted : Wanted;

    /// <summary>Somebody entered the call; op 11 went out already.</summary>
    public void Came() => FollowVersion();

    /// <summary>A client got op 4 (or, with the option, is about to): it should get op 25.</summary>
    public void Joined(VoiceSession client)
    {
        if (Wanted > 0) version = 1;
        Announce(client);
    }

    /// <summary>Somebody left the call; op 13 went out already.</summary>
    public void Left(ulong userId)
    {
        announced.RemoveWhere(client => client.UserId == userId);
        group.Left(userId);
        FollowVersion();
    }

    /// <summary>Op 23.</summary>
    public void TransitionReady(ulong userId, int transitionId) => group.TransitionReady(userId, transitionId);

    /// <summary>Op 26: a bare KeyPackage.</summary>
    public void KeyPackage(ulong userId, ReadOnlyMemory<byte> keyPackage)
    {
        if (version > 0) group.KeyPackage(userId, keyPackage);
    }

    /// <summary>Op 28: MLSMessage(commit), then a Welcome when somebody is added.</summary>
    public void Commit(ulong userId, ReadOnlyMemory<byte> commitAndWelcome) => group.Commit(userId, commitAndWelcome);

    /// <summary>Op 31.</summary>
    public void Invalid(ulong userId, int transitionId)
    {
        world.Log.Event("dave", $"op 31 of {userId} for transition {transitionId}");
        group.Invalid(userId);
    }

    private void FollowVersion()
    {
        int wanted = Wanted;
        if (wanted == version || announced.Count == 0) return;
        version = wanted;
        ulong[] users = [.. announced.Where(client => client.MaxDaveVersion > 0).Select(client => client.UserId)];
        world.Log.Event("dave", $"{call.Channel.Name}: version {version} for {users.Length} clients");
        if (version == 0) group.Downgrade(users);
        else group.Upgrade(users);
    }

    private void Announce(VoiceSession client)
    {
        if (client.MaxDaveVersion > 0 && announced.Add(client) && world.Options.Dave != DaveMode.Off) group.Announce(client.UserId);
    }

    private void Transmit(DeliveryMessage message)
    {
        if (call.Client(message.UserId) is not { } client) return;
        if (message.IsBinary) client.SendBinary(message.Opcode, message.Body);
        else client.SendNumbered(message.Opcode, BodyOf(message));
    }

    private static JsonObject BodyOf(DeliveryMessage message) => message.Opcode switch
    {
        21 => new JsonObject { ["protocol_version"] = message.ProtocolVersion, ["transition_id"] = message.TransitionId },
        22 => new JsonObject { ["transition_id"] = message.TransitionId },
        _ => new JsonObject { ["protocol_version"] = message.ProtocolVersion, ["epoch"] = message.Epoch },
    };
}
