using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using Pipeline.Discord.Model;

namespace Pipeline.Discord.Rest;

/// <summary>
/// The part of Discord's REST API that a recorder uses. Every method may throw <see cref="DiscordRestException"/> (refused) or
/// <see cref="HttpRequestException"/>/<see cref="TimeoutException"/> (not reached). Safe for use from any thread.
/// </summary>
public sealed class DiscordRestClient(HttpClient http, DiscordRestOptions options, TimeProvider time, ILogger<DiscordRestClient> log)
    : IDisposable
{
    private const int GuildsAtOnce = 200;

    private readonly RestSender sender = new(http, options, time, log);

    public Task<GatewayInfo> GetGatewayAsync(CancellationToken cancellationToken) =>
        GetAsync("/gateway/bot", "/gateway/bot", "", DiscordJson.Default.GatewayInfo, cancellationToken);

    public Task<DiscordUser> GetSelfAsync(CancellationToken cancellationToken) =>
        GetAsync("/users/@me", "/users/@me", "", DiscordJson.Default.DiscordUser, cancellationToken);

    public Task<DiscordApplication> GetApplicationAsync(CancellationToken cancellationToken) =>
        GetAsync("/applications/@me", "/applications/@me", "", DiscordJson.Default.DiscordApplication, cancellationToken);

    /// <summary>All servers that the bot is in; Discord gives 200 at a time.</summary>
    public async Task<PartialGuild[]> GetGuildsAsync(CancellationToken cancellationToken)
    {
        const string route = "/users/@me/guilds";
        Dictionary<ulong, PartialGuild> guilds = [];
        for (string path = route; ; path = $"{route}?after={Id(guilds.Keys.Max())}")
        {
            PartialGuild[] page = await GetAsync(route, path, "", DiscordJson.Default.PartialGuildArray, cancellationToken);
            int before = guilds.Count;
            foreach (PartialGuild guild in page) guilds.TryAdd(guild.Id, guild);
            if (page.Length < GuildsAtOnce || guilds.Count == before) return [.. guilds.Values];
        }
    }

    /// <summary>The channel's server; null where Discord does not tell this bot.</summary>
    public async Task<ulong?> FindGuildOfAsync(ulong channelId, CancellationToken cancellationToken)
    {
        try
        {
            GuildChannel channel = await GetAsync("/channels/{channel}", $"/channels/{Id(channelId)}", Id(channelId),
                DiscordJson.Default.GuildChannel, cancellationToken);
            return channel.GuildId == 0 ? null : channel.GuildId;
        }
        catch (DiscordRestException refused) when (!refused.IsTokenRefused)
        {
            return null;
        }
    }

    public Task<GuildChannel[]> GetChannelsAsync(ulong guildId, CancellationToken cancellationToken) =>
        GetAsync("/guilds/{guild}/channels", $"/guilds/{Id(guildId)}/channels", Id(guildId), DiscordJson.Default.GuildChannelArray,
            cancellationToken);

    public Task<GuildRole[]> GetRolesAsync(ulong guildId, CancellationToken cancellationToken) =>
        GetAsync("/guilds/{guild}/roles", $"/guilds/{Id(guildId)}/roles", Id(guildId), DiscordJson.Default.GuildRoleArray,
            cancellationToken);

    public Task<GuildMember> GetMemberAsync(ulong guildId, ulong userId, CancellationToken cancellationToken) =>
        GetAsync("/guilds/{guild}/members/{user}", $"/guilds/{Id(guildId)}/members/{Id(userId)}", Id(guildId),
            DiscordJson.Default.GuildMember, cancellationToken);

    /// <summary>
    /// Reads what is declared in a scope and writes only when it differs: 200 creations a day are all that Discord allows.
    /// </summary>
    /// <param name="guildId">Null: global.</param>
    /// <returns>Whether anything was written.</returns>
    public async Task<bool> DeclareCommandsAsync(ulong applicationId, ulong? guildId, IReadOnlyList<ApplicationCommand> commands,
        CancellationToken cancellationToken)
    {
        (string route, string path, string major) = CommandScope(applicationId, guildId);
        ApplicationCommand[] declared = await GetAsync(route, path, major, DiscordJson.Default.ApplicationCommandArray, cancellationToken);
        string scope = guildId is null ? "global" : "guild";
        if (SameCommands(commands, declared))
        {
            log.CommandsUpToDate(scope);
            return false;
        }
        log.CommandsWritten(scope);
        RestRequest put = new(HttpMethod.Put, route, path)
        {
            Major = major,
            MayRepeat = true,
            Body = Encode([.. commands], DiscordJson.Default.ApplicationCommandArray)
        };
        await sender.SendAsync(put, cancellationToken);
        return true;
    }

    /// <summary>What is declared in a scope.</summary>
    public Task<ApplicationCommand[]> GetCommandsAsync(ulong applicationId, ulong? guildId, CancellationToken cancellationToken)
    {
        (string route, string path, string major) = CommandScope(applicationId, guildId);
        return GetAsync(route, path, major, DiscordJson.Default.ApplicationCommandArray, cancellationToken);
    }

    /// <summary>
    /// The first answer. No attempt begins after <paramref name="deadline"/>. An answer that Discord already has counts as given.
    /// </summary>
    /// <param name="deadline">Timestamp of the client's TimeProvider.</param>
    public async Task RespondAsync(ulong interactionId, string token, InteractionResponse response, long deadline,
        CancellationToken cancellationToken)
    {
        RestRequest request = new(HttpMethod.Post, "/interactions/{id}/{token}/callback",
            $"/interactions/{Id(interactionId)}/{token}/callback")
        {
            Major = Id(interactionId),
            IsInteraction = true,
            MayRepeat = true, // a second one answers 40060
            Deadline = deadline,
            Body = Encode(response, DiscordJson.Default.InteractionResponse),
        };
        try
        {
            await sender.SendAsync(request, cancellationToken);
        }
        catch (DiscordRestException known) when (known.Code == DiscordErrorCode.InteractionAlreadyAcknowledged)
        {
            // An attempt before reached Discord, though its answer did not reach us.
        }
    }

    /// <summary>Replaces the deferred answer; valid for 15 minutes.</summary>
    public Task EditResponseAsync(ulong applicationId, string token, MessageBody body, CancellationToken cancellationToken) =>
        SendMessageAsync(
            new RestRequest(HttpMethod.Patch, "/webhooks/{application}/{token}/messages/@original",
            $"/webhooks/{Id(applicationId)}/{token}/messages/@original")
            {
                Major = token,
                IsInteraction = true,
                MayRepeat = true,
            }, body, cancellationToken);

    /// <summary>One more answer; valid for 15 minutes.</summary>
    public Task FollowUpAsync(ulong applicationId, string token, MessageBody body, CancellationToken cancellationToken) =>
        SendMessageAsync(new RestRequest(HttpMethod.Post, "/webhooks/{application}/{token}", $"/webhooks/{Id(applicationId)}/{token}")
        {
            Major = token,
            IsInteraction = true,
        }, body, cancellationToken);

    /// <summary>Posts a message. <paramref name="nonce"/> (at most 25 characters) makes a repetition harmless.</summary>
    public Task<SentMessage> PostMessageAsync(ulong channelId, MessageBody body, string nonce, CancellationToken cancellationToken) =>
        SendMessageAsync(new RestRequest(HttpMethod.Post, "/channels/{channel}/messages", $"/channels/{Id(channelId)}/messages")
        {
            Major = Id(channelId),
            MayRepeat = true,
        }, body with { Nonce = nonce, EnforceNonce = true }, cancellationToken);

    public Task<SentMessage> EditMessageAsync(ulong channelId, ulong messageId, MessageBody body, CancellationToken cancellationToken) =>
        SendMessageAsync(
            new RestRequest(HttpMethod.Patch, "/channels/{channel}/messages/{message}",
            $"/channels/{Id(channelId)}/messages/{Id(messageId)}")
            {
                Major = Id(channelId),
                MayRepeat = true,
            }, body, cancellationToken);

    /// <summary>The channel for direct messages to a user; the same one every time.</summary>
    public async Task<ulong> OpenDirectMessageAsync(ulong userId, CancellationToken cancellationToken)
    {
        RestRequest request = new(HttpMethod.Post, "/users/@me/channels", "/users/@me/channels")
        {
            MayRepeat = true,
            Body = Encode(new DirectMessageRequest(userId), DiscordJson.Default.DirectMessageRequest),
        };
        return Decode(await sender.SendAsync(request, cancellationToken), DiscordJson.Default.SentMessage).Id;
    }

    /// <summary>Sets the bot's own name in a guild; null removes it.</summary>
    public Task SetNicknameAsync(ulong guildId, string? nickname, CancellationToken cancellationToken) =>
        sender.SendAsync(new RestRequest(HttpMethod.Patch, "/guilds/{guild}/members/@me", $"/guilds/{Id(guildId)}/members/@me")
        {
            Major = Id(guildId),
            MayRepeat = true,
            Body = Encode(new NicknameRequest { Nick = nickname }, DiscordJson.Default.NicknameRequest),
        }, cancellationToken);

    public void Dispose() => sender.Dispose();

    private static (string Route, string Path, string Major) CommandScope(ulong applicationId, ulong? guildId) => guildId is { } guild
        ? ("/applications/{application}/guilds/{guild}/commands", $"/applications/{Id(applicationId)}/guilds/{Id(guild)}/commands",
        Id(guild))
        : ("/applications/{application}/commands", $"/applications/{Id(applicationId)}/commands", "");

    private static bool SameCommands(IReadOnlyList<ApplicationCommand> wanted, ApplicationCommand[] declared) =>
        wanted.Count == declared.Length && wanted.All(command => declared.Any(command.SameAs));

    private async Task<SentMessage> SendMessageAsync(RestRequest request, MessageBody body, CancellationToken cancellationToken)
    {
        RestAnswer answer = await sender.SendAsync(request with { Body = Encode(body, DiscordJson.Default.MessageBody) },
            cancellationToken);
        return answer.Body.Length == 0 ? new SentMessage { Id = 0 } : Decode(answer, DiscordJson.Default.SentMessage);
    }

    private async Task<T> GetAsync<T>(string route, string path, string major, JsonTypeInfo<T> shape,
        CancellationToken cancellationToken) where T : class =>
        Decode(await sender.SendAsync(new RestRequest(HttpMethod.Get, route, path) { Major = major, MayRepeat = true }, cancellationToken),
            shape);

    private static T Decode<T>(RestAnswer answer, JsonTypeInfo<T> shape) where T : class
    {
        try
        {
            return NullableFields.Read(answer.Body, shape);
        }
        catch (JsonException problem)
        {
            throw new HttpRequestException("Discord's answer could not be read", problem);
        }
    }

    private static byte[] Encode<T>(T value, JsonTypeInfo<T> shape) => JsonSerializer.SerializeToUtf8Bytes(value, shape);

    private static string Id(ulong id) => id.ToString(CultureInfo.InvariantCulture);
}

/// <summary>The bot's application (Discord: Application Object).</summary>
public sealed record DiscordApplication
{
    public required ulong Id { get; init; }
    public string Name { get => field ?? ""; init; }
    public int Flags { get; init; }
}

/// <summary>A guild as <c>GET /users/@me/guilds</c> lists it.</summary>
public sealed record PartialGuild
{
    public required ulong Id { get; init; }
    public string Name { get => field ?? ""; init; }
    public bool Owner { get; init; }

    /// <summary>The bot's permissions in the guild, without channel overwrites.</summary>
    public Permissions Permissions { get; init; }
}
