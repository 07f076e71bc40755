using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Pipeline.Dave.Receive;
using Pipeline.Dave.Session;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Media;
using Pipeline.Discord.Model;
using Pipeline.Discord.Voice.Session;

namespace Pipeline.Discord.Voice.Call;

/// <summary>
/// One guild's call as a recording wants it: joins, follows moves and new servers, gets the connection back for as long as it is wanted,
/// and says so when it cannot. One loop owns the state; the public methods post into its queue and may be called from any thread.
/// Discord: Voice Connections, Gateway Events (Voice State Update, Voice Server Update).
/// </summary>
public sealed class VoiceCall : IAsyncDisposable
{
    private const int EventCapacity = 4096;

    private readonly VoiceCallLoop loop;
    private readonly VoiceCallQueue inputs;
    private readonly Channel<VoiceCallEvent> events;
    private readonly Task run;
    private long missed;

    /// <param name="options">Waits and policy.</param>
    /// <param name="updateVoiceState">Sends op 4 on the guild's shard: guild, channel (null leaves).</param>
    /// <param name="time">Clock of everything, the frames' arrival times included.</param>
    /// <param name="logger">Never sees tokens or keys.</param>
    public VoiceCall(VoiceCallOptions options, Func<ulong, ulong?, CancellationToken, ValueTask> updateVoiceState, TimeProvider time,
        ILogger logger)
    {
        // The newest events matter most: the last one tells that the call is over.
        events = Channel.CreateBounded<VoiceCallEvent>(
            new BoundedChannelOptions(EventCapacity) { FullMode = BoundedChannelFullMode.DropOldest },
            _ => Interlocked.Increment(ref missed));
        inputs = new VoiceCallQueue(time, logger);
        loop = new VoiceCallLoop(options, new VoiceStateSender(updateVoiceState, time, logger), inputs, events.Writer, time, logger);
        run = Task.Run(loop.RunAsync);
    }

    /// <summary>What happens, in order. Completes when the call is disposed.</summary>
    public ChannelReader<VoiceCallEvent> Events => events.Reader;

    public VoiceCallState State => loop.State;

    /// <summary>Why the call is over; null while it is not.</summary>
    public VoiceEndReason? EndReason => loop.EndReason;

    /// <summary>With which code the voice gateway closed last in this call; null when it never did, or without one.</summary>
    public int? CloseCode => loop.CloseCode;

    /// <summary>Where we are, or want to be; 0 before the first join.</summary>
    public ulong ChannelId => loop.ChannelId;

    /// <summary>
    /// How often a queue of this call was full: what the main gateway or the voice session told was not taken, or the recording read its
    /// events too slowly and the oldest went. Who sees it grow looks at everything again.
    /// </summary>
    public long Missed => Interlocked.Read(ref missed) + inputs.Refused;

    /// <summary>How far audio is protected, as it was told last.</summary>
    public DaveProtection Protection => loop.Protection;

    /// <summary>A loss of the connection was told, and its end was not.</summary>
    public bool IsLost => loop.IsLost;

    /// <summary>A moderator has deafened us, as was told last.</summary>
    public bool IsDeafened => loop.IsDeafened;

    /// <summary>Counters of the voice session that runs, or ran last.</summary>
    public VoiceHealth Health => loop.Health;

    /// <summary>What became of a user's frames in the end-to-end layer, over all sessions of this call; any thread.</summary>
    public DaveCounters EncryptionCountersOf(ulong userId) => loop.EncryptionCountersOf(userId);

    /// <summary>End-to-end encryption of the session that runs: members, signature keys, privacy code.</summary>
    public DaveSnapshot Encryption => loop.Encryption;

    /// <summary>
    /// Joins a channel. Completes with <see cref="VoiceCallState.Connected"/>, or with <see cref="VoiceCallState.Disconnected"/> when it
    /// cannot be joined (see <see cref="EndReason"/>). Cancelling leaves again.
    /// </summary>
    /// <param name="guildId">The same for the whole life of the call.</param>
    /// <param name="channelId">A voice or stage channel.</param>
    /// <param name="ownUserId">The bot's.</param>
    /// <param name="frames">Where audio goes; the call is its only writer until it has left.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="InvalidOperationException">A join is running, or the call is connected already.</exception>
    public async Task<VoiceCallState> JoinAsync(ulong guildId, ulong channelId, ulong ownUserId, AudioFrameRing frames,
        CancellationToken cancellation)
    {
        TaskCompletionSource<VoiceCallState> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await inputs.PostAsync(new VoiceCallInput.Join(guildId, channelId, ownUserId, frames, answer), cancellation);
            return await answer.Task.WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            await LeaveAsync(CancellationToken.None);
            throw;
        }
    }

    /// <summary>Leaves the channel; when it completes, nothing more is written into the ring.</summary>
    public async Task LeaveAsync(CancellationToken cancellation)
    {
        if (run.IsCompleted) return;
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await inputs.PostAsync(new VoiceCallInput.Leave(done), cancellation);
        await done.Task.WaitAsync(cancellation);
    }

    /// <summary>The bot's own voice state, as the main gateway told it.</summary>
    /// <param name="own">States of other users are ignored.</param>
    /// <param name="origin">A state that was missed while the gateway was away means a lost session, not a kick.</param>
    public void OnVoiceState(VoiceState own, VoiceStateOrigin origin = VoiceStateOrigin.Update) =>
        inputs.TryPost(new VoiceCallInput.OwnState(own, origin));

    /// <summary>The voice server, as the main gateway told it.</summary>
    public void OnVoiceServer(VoiceServerUpdate update) => inputs.TryPost(new VoiceCallInput.Server(update));

    /// <summary>
    /// The main gateway identified again, so Discord dropped our voice session: it is joined again when it is still wanted.
    /// </summary>
    public void OnGatewayRestarted() => inputs.TryPost(VoiceCallInput.GatewayRestarted.Instance);

    /// <summary>Leaves, if need be, and completes <see cref="Events"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        if (run.IsCompleted) return;
        await LeaveAsync(CancellationToken.None);
        inputs.Complete();
        await run;
    }
}

/// <summary>
/// Where a guild's call is, from our side.
/// <code>
/// Idle --join--> Joining --state + server--> Connecting --live--> Connected
/// Connected, Connecting --server null--> Suspended --server--> Connecting
/// Connected --state in another channel--> Joining (its server is awaited) --server--> Connecting
/// Connected --4014, 4022--> AwaitingGateway --server--> Connecting, --state null--> Disconnected
/// any loss --> BackingOff --> Leaving (op 4 null) --> Joining
/// </code>
/// </summary>
public enum VoiceCallState
{
    /// <summary>Not wanted.</summary>
    Idle,

    /// <summary>The main gateway was asked; voice state and voice server are awaited.</summary>
    Joining,

    /// <summary>Both are there, the voice session is being set up.</summary>
    Connecting,

    /// <summary>Audio can be received.</summary>
    Connected,

    /// <summary>Discord is giving the call another server; the new one is awaited.</summary>
    Suspended,

    /// <summary>The voice gateway told us to go; the main gateway tells whether we were moved or disconnected.</summary>
    AwaitingGateway,

    /// <summary>We leave in order to join again: being in the channel already, a join would not be answered.</summary>
    Leaving,

    /// <summary>Waiting before the next try.</summary>
    BackingOff,

    /// <summary>Over. <see cref="VoiceCall.EndReason"/> tells why.</summary>
    Disconnected,
}
