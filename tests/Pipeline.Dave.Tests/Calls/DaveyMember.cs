using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Dave;
using Pipeline.TestKit;

namespace Pipeline.Dave.Tests.Calls;

/// <summary>A client on davey that treats the opcodes as discord.js's voice library does.</summary>
internal sealed class DaveyMember(ulong userId, TestCall call) : CallMember(userId, call)
{
    private const int Audio = 0;

    private readonly HashSet<ulong> recognised = [userId];
    private readonly Dictionary<int, int> transitions = [];
    private bool created;
    private int version;

    /// <summary>The next commit is answered as if it were broken.</summary>
    public bool RefusesNextCommit { get; set; }

    /// <summary>Commits are not sent: somebody else has to win.</summary>
    public bool IsMute { get; set; }

    public override async Task DescribedAsync(int newVersion)
    {
        version = newVersion;
        if (version > 0) await RestartAsync();
    }

    public override Task ConnectedAsync(IReadOnlyList<ulong> userIds)
    {
        recognised.UnionWith(userIds);
        return Task.CompletedTask;
    }

    public override Task DisconnectedAsync(ulong user)
    {
        recognised.Remove(user);
        return Task.CompletedTask;
    }

    public override Task ReceiveAsync(DeliveryMessage message) => message.Opcode switch
    {
        21 => PrepareAsync(message.TransitionId, message.ProtocolVersion),
        22 => ExecuteAsync(message.TransitionId),
        24 => PrepareEpochAsync(message.ProtocolVersion, message.Epoch),
        25 => AnnouncedAsync(message.Body),
        27 => ProposalsAsync(message.Body),
        29 => FollowAsync("processCommit", message.TransitionId, message.Body[2..]),
        30 => FollowAsync("processWelcome", message.TransitionId, message.Body[2..]),
        _ => throw new InvalidOperationException($"opcode {message.Opcode}"),
    };

    public override async Task<byte[]> SealAsync(byte[] frame)
    {
        if (version == 0 || !created || !(await DoAsync("ready"))!.GetValue<bool>()) return frame;
        return DaveyProcess.Bytes(await DoAsync("encryptOpus", frame))!;
    }

    public override async Task HearAsync(ulong from, ushort number, byte[] frame)
    {
        try
        {
            Heard.Add((from, Convert.ToHexString(created ? DaveyProcess.Bytes(await DoAsync("decrypt", from, Audio, frame))! : frame)));
        }
        catch (InvalidOperationException refusal)
        {
            Lost.Add((from, refusal.Message));
        }
    }

    public override async Task<string> PrivacyCodeAsync() => (await DoAsync("voicePrivacyCode"))!.GetValue<string>();

    public async Task<string> VerificationCodeAsync(ulong other) => (await DoAsync("getVerificationCode", other))!.GetValue<string>();

    public async Task<byte[]> AuthenticatorAsync() => DaveyProcess.Bytes(await DoAsync("getEpochAuthenticator"))!;

    private async Task RestartAsync()
    {
        if (created) await DoAsync("reinit", 1, UserId, Call.ChannelId);
        else await DoAsync("new", Call.ChannelId);
        created = true;
        Send(26, DaveyProcess.Bytes(await DoAsync("getSerializedKeyPackage")));
    }

    private async Task AnnouncedAsync(byte[] externalSender)
    {
        if (created) await DoAsync("setExternalSender", externalSender);
    }

    private async Task ProposalsAsync(byte[] body)
    {
        JsonNode? result = await DoAsync("processProposals", (int)body[0], body[1..], recognised.ToArray());
        if (DaveyProcess.Bytes(result?["commit"]) is { } commit && !IsMute)
            Send(28, (byte[])[.. commit, .. DaveyProcess.Bytes(result?["welcome"]) ?? []]);
    }

    private async Task FollowAsync(string method, int transitionId, byte[] message)
    {
        try
        {
            if (RefusesNextCommit) message[^1] ^= 1;
            RefusesNextCommit = false;
            await DoAsync(method, message);
        }
        catch (InvalidOperationException)
        {
            Send(31, ReadOnlyMemory<byte>.Empty, transitionId);
            await RestartAsync();
            return;
        }
        await PrepareAsync(transitionId, 1);
    }

    private async Task PrepareAsync(int transitionId, int toVersion)
    {
        transitions[transitionId] = toVersion;
        if (toVersion == 0 && created) await DoAsync("setPassthroughMode", true, 24);
        if (transitionId == 0) await ExecuteAsync(0);
        else Send(23, ReadOnlyMemory<byte>.Empty, transitionId);
    }

    private async Task ExecuteAsync(int transitionId)
    {
        if (!transitions.Remove(transitionId, out int toVersion)) return;
        if (version == 0 && toVersion > 0 && created) await DoAsync("setPassthroughMode", false, 10);
        version = toVersion;
    }

    private async Task PrepareEpochAsync(int toVersion, int epoch)
    {
        if (epoch != 1) return;
        // davey's reset keeps passthrough as it was; the version follows with the transition.
        if (toVersion > 0) await RestartAsync();
    }

    private Task<JsonNode?> DoAsync(string method, params object[] arguments) => Call.Davey.CallAsync(UserId, method, arguments);
}
