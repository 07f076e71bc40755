using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Bot.Calls;
using Pipeline.Bot.Guilds;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Media;
using Pipeline.Discord.Model;
using Pipeline.Discord.Rest;
using Pipeline.Discord.Voice.Call;
using Pipeline.Discord.Voice.Session;

namespace Pipeline.Bot.Cli;

/// <summary>
/// Joins a voice channel for a moment, muted and deafened, and leaves again: only a voice server that has let us in answers IP discovery,
/// which proves that datagrams go out and come back. Never disturbs a call that the bot is in.
/// </summary>
internal sealed class VoiceProbe(RecorderOptions options, DiscordRestClient rest, TimeProvider time)
{
    public const string Check = "UDP";

    private static readonly TimeSpan GuildPatience = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan JoinPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LeavePatience = TimeSpan.FromSeconds(2);

    private readonly TaskCompletionSource known = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task<DoctorFinding> RunAsync(ulong channelId, CancellationToken cancellationToken)
    {
        if (await FindAsync(channelId, cancellationToken) is not ({ } guild, { } channel))
            return new DoctorFinding(Check, $"none of the bot's servers has a voice channel {channelId}",
                "give --channel the id of a voice channel (Discord: Developer Mode, Copy Channel ID)", ExitCode.Discord);
        int shards = options.Gateway.Shard?.Count ?? Math.Max(1, (await rest.GetGatewayAsync(cancellationToken)).Shards);
        GatewayOptions shard = options.Gateway with { Shard = new ShardRange(ShardRange.ShardOf(guild.Id, shards), shards) };
        GatewayClient gateway = new(shard, rest.GetGatewayAsync, time, new Random(RandomNumberGenerator.GetInt32(int.MaxValue)),
            NullLogger<GatewayClient>.Instance);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task running = gateway.RunAsync(stop.Token);
        try
        {
            return await TryAsync(gateway, running, guild, channel, cancellationToken);
        }
        catch (GatewayFatalException refused)
        {
            return new DoctorFinding(Check, "Discord refuses the bot", refused.Message, ExitCode.Discord);
        }
        finally
        {
            await stop.CancelAsync();
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<(PartialGuild?, GuildChannel?)> FindAsync(ulong channelId, CancellationToken cancellationToken)
    {
        ulong? own = await rest.FindGuildOfAsync(channelId, cancellationToken);
        foreach (PartialGuild guild in await rest.GetGuildsAsync(cancellationToken))
        {
            // Where Discord does not say whose it is, each server is asked.
            if (own is not null && guild.Id != own) continue;
            GuildChannel[] channels = await rest.GetChannelsAsync(guild.Id, cancellationToken);
            if (channels.FirstOrDefault(channel => channel.Id == channelId && channel.HasVoice) is { } found) return (guild, found);
        }
        return (null, null);
    }

    private async Task<DoctorFinding> TryAsync(GatewayClient gateway, Task running, PartialGuild guild, GuildChannel channel,
        CancellationToken cancellationToken)
    {
        await using VoiceCall call = new(options.Voice, (id, into, token) =>
            gateway.UpdateVoiceStateAsync(id, into, selfMute: true, selfDeaf: true, token), time, NullLogger.Instance);
        Task pumping = PumpAsync(gateway, call, guild.Id);
        Task ready = known.Task.WaitAsync(GuildPatience, time, cancellationToken);
        if (await Task.WhenAny(running, ready) == running) await running;
        await ready;
        if (gateway.Guilds.Find(guild.Id)?.VoiceStates.GetValueOrDefault(gateway.SelfId)?.ChannelId is { } busy)
            return new DoctorFinding(Check,
                $"not tried: the bot is in a call of {guild.Name} (channel {busy}), and joining another would tear it away",
                "try again when no recording runs in this server", ExitCode.Lost);
        DoctorFinding finding = await JoinAsync(call, gateway.SelfId, guild, channel, cancellationToken);
        await call.LeaveAsync(CancellationToken.None);
        await UntilLeftAsync(gateway, guild.Id);
        return finding;
    }

    // The gateway is closed next, and what it had not read yet of us would be lost: the bot would stay in the channel for a while.
    private async Task UntilLeftAsync(GatewayClient gateway, ulong guildId)
    {
        long since = time.GetTimestamp();
        while (gateway.Guilds.Find(guildId)?.VoiceStates.GetValueOrDefault(gateway.SelfId)?.ChannelId is not null
            && time.GetElapsedTime(since) < LeavePatience)
            await Task.Delay(TimeSpan.FromMilliseconds(20), time, CancellationToken.None);
    }

    private async Task<DoctorFinding> JoinAsync(VoiceCall call, ulong selfId, PartialGuild guild, GuildChannel channel,
        CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = new(JoinPatience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        string place = $"{channel.Name} in {guild.Name}";
        try
        {
            VoiceCallState state = await call.JoinAsync(guild.Id, channel.Id, selfId, new AudioFrameRing(), either.Token);
            return state == VoiceCallState.Connected
                ? new DoctorFinding(Check,
                $"joined {place} and left it again: its voice server answered IP discovery, so datagrams go out and come back")
                : Explain(call.EndReason, place);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Explain(null, place);
        }
    }

    private static DoctorFinding Explain(VoiceEndReason? reason, string place) => reason switch
    {
        VoiceEndReason.MediaUnreachable =>
            new DoctorFinding(Check, $"the voice server of {place} lets us in but does not answer over UDP (IP discovery, 5 tries each)",
            "let UDP out to ports 50000-65535 and its answers back in: firewall of this machine, security group, NAT of the network",
                ExitCode.Machine),
        VoiceEndReason.NoAnswer =>
            new DoctorFinding(Check, $"Discord does not let the bot into {place}",
            "give its role View Channel and Connect there, or free a place in a full channel", ExitCode.Discord),
        null => new DoctorFinding(Check, $"{place} could not be joined in time",
            "let this machine reach Discord's voice servers: TCP 443 and UDP 50000-65535", ExitCode.Machine),
        _ => new DoctorFinding(Check, $"{place} could not be joined: {VoiceFailure.Explain(reason, closeCode: null)}",
            "let this machine reach Discord's voice servers: TCP 443 and UDP 50000-65535", ExitCode.Discord),
    };

    private async Task PumpAsync(GatewayClient gateway, VoiceCall call, ulong guildId)
    {
        await foreach (GatewayEvent what in gateway.Events.ReadAllAsync())
        {
            switch (what)
            {
                case GatewayEvent.GuildSynchronized synchronized when synchronized.Guild.Id == guildId: known.TrySetResult(); break;
                case GatewayEvent.VoiceStateChanged own when own.State.UserId == gateway.SelfId && own.State.GuildId == guildId:
                    call.OnVoiceState(own.State, own.Origin); break;
                case GatewayEvent.VoiceServerChanged server when server.Update.GuildId == guildId: call.OnVoiceServer(server.Update); break;
                default: break;
            }
        }
    }
}
