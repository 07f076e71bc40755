using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Pipeline.Audio.Opus;
using Pipeline.Bot.Cli.Settings;
using Pipeline.Bot.Commands;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Storage;
using Pipeline.Contracts;
using Pipeline.Discord.Model;
using Pipeline.Discord.Rest;
using Pipeline.Settings;

namespace Pipeline.Bot.Cli;

/// <summary>
/// Looks at everything that a recording needs before somebody misses it: token, intents, commands, permissions per channel, Opus,
/// spool, storage, recording API, clock, UDP. Changes nothing at Discord and starts no session there, unless it is given a channel to join
/// for a moment.
/// </summary>
/// <param name="trialChannel">A voice channel in which UDP is tried; null: nothing is joined.</param>
internal sealed class Doctor(RecorderOptions options, BotOptions bot, TempStorages storages, DiscordRestClient rest, HttpClient http,
    TimeProvider time, ulong? trialChannel = null)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan TrialPatience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(5);

    private DiscordUser? self;

    /// <summary>One finding after the other, as they are made.</summary>
    public async IAsyncEnumerable<DoctorFinding> ExamineAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return Opus();
        yield return SpoolFolder();
        yield return await GuardAsync("storage", ExitCode.Storage, StorageAsync,
            "start the storage, or correct PipelineStorage; where it refuses (403), give the bot its role on the temp container and "
                + "look at the account's firewall", cancellationToken);
        yield return await GuardAsync("clock", ExitCode.Machine, ClockAsync, "let this machine reach Discord over HTTPS",
            cancellationToken);
        DoctorFinding token = await GuardAsync("token", ExitCode.Discord, TokenAsync, "let this machine reach Discord over HTTPS",
            cancellationToken);
        yield return token;
        DoctorFinding api = await GuardAsync("recording API", ExitCode.Storage, inner =>
            RecordingApiAsync(token.IsWell, inner), "start the functions app, or correct RecordingApi__BaseUrl and RecordingApi__ApiKey",
            cancellationToken);
        yield return api;
        if (api.IsWell && options.Api.BaseUrl is not null) yield return await GuardAsync("pages", ExitCode.Storage, PagesAsync,
            PagesRemedy, cancellationToken);
        if (token.IsWell)
        {
            yield return await GuardAsync("sessions", ExitCode.Discord, SessionsAsync, "try again later", cancellationToken);
            yield return Intents();
            yield return await GuardAsync("commands", ExitCode.Discord, CommandsAsync, "try again later", cancellationToken);
            await foreach (DoctorFinding finding in PermissionsAsync(cancellationToken)) yield return finding;
        }
        if (trialChannel is null) yield return await GuardAsync(VoiceProbe.Check, ExitCode.Machine, UdpAsync,
            "allow outgoing UDP to ports 50000-65535", cancellationToken);
        else if (token.IsWell) yield return await GuardAsync(VoiceProbe.Check, ExitCode.Discord, TrialAsync, "try again later",
            cancellationToken, TrialPatience);
    }

    private DoctorFinding Opus()
    {
        try
        {
            OpusCodecs codecs = OpusCodecs.Choose(bot.Capture.Opus);
            string note = codecs.IsManaged && !OpusLibrary.IsInstalled
                ? "; libopus is not installed. Recordings are whole, but each speaker costs 1.9 times the processor time: apt-get "
                + "install libopus0 (Debian, Ubuntu), apk add opus (Alpine), brew install opus (macOS) spares it"
                : "";
            if (bot.Capture.LacksVad) note += "; RECORDING_VAD_RMS_THRESHOLD has no effect with RECORDING_OUTPUT_FORMAT=opus";
            return new DoctorFinding("Opus", codecs.Name + note);
        }
        catch (OpusLibraryMissingException missing)
        {
            return new DoctorFinding("Opus", missing.Message, "install it, or set RECORDING_OPUS=auto to record without it",
                ExitCode.Machine);
        }
    }

    private DoctorFinding SpoolFolder()
    {
        string folder = Path.GetFullPath(bot.Spool.Folder);
        try
        {
            bool isNew = !Directory.Exists(folder);
            Directory.CreateDirectory(folder);
            string probe = Path.Combine(folder, ".doctor");
            File.WriteAllText(probe, "");
            File.Delete(probe);
            long free = new DriveInfo(folder).AvailableFreeSpace;
            string text = $"{Wording.Bytes(free)} free for {folder}"
                + (SpoolAccess.Tighten(folder) ? "" : ", which other users of this machine can enter: its rights cannot be changed");
            long waiting = SegmentSpool.WaitingIn(folder);
            if (isNew) Directory.Delete(folder);
            if (waiting >= bot.Spool.LimitBytes) return new DoctorFinding("spool", $"{text}; {Wording.Bytes(waiting)} wait for the storage",
                "let the storage take them, or raise RECORDING_SPOOL_LIMIT_MB: with so much waiting nothing is recorded", ExitCode.Machine);
            return free > bot.Spool.MinimumFreeBytes
                ? new DoctorFinding("spool", text)
                : new DoctorFinding("spool", text,
                    "free disk space, or lower RECORDING_MIN_FREE_DISK_MB: with so little nothing is recorded", ExitCode.Machine);
        }
        catch (Exception problem) when (DiskFailure.Is(problem))
        {
            return new DoctorFinding("spool", $"{folder}: {Cause.OfFile(problem)}",
                "give the bot a folder that it may write, in RECORDING_SPOOL_FOLDER", ExitCode.Machine);
        }
    }

    private async Task<DoctorFinding> StorageAsync(CancellationToken cancellationToken)
    {
        foreach (TempStorage storage in storages.All)
        {
            await storage.EnsureCreatedAsync(cancellationToken);
            await storage.TryOutAsync(cancellationToken);
        }
        return new DoctorFinding("storage", "container and queues are there, a blob could be put and taken away, and messages may be sent");
    }

    /// <summary>Lists a server's recordings, as /record list does: that takes the address, the key and the API's storage.</summary>
    private async Task<DoctorFinding> RecordingApiAsync(bool isTokenWell, CancellationToken cancellationToken)
    {
        if (options.Api.BaseUrl is null) return new DoctorFinding("recording API",
            "not set (RecordingApi__BaseUrl); /record list, link and delete will not work, recordings will");
        ulong? guild = options.CommandGuild;
        if (guild is null && isTokenWell) guild = (await rest.GetGuildsAsync(cancellationToken)).FirstOrDefault()?.Id;
        using HttpClient api = RecordingApiHttp.Create();
        // A bot that is in no server yet asks for one that has no recordings: Discord's ids begin far above.
        CatalogueClient client = new(api, options.Api, time);
        bool hasLists = await client.RequireAsync(guild ?? 1, cancellationToken);
        if (!await MaySettleAsync(client, guild ?? 1, cancellationToken)) return new DoctorFinding("recording API",
            "the key may read lists, but not a server's settings: nobody's opt-out would be heard, and nothing would leave this disk",
            "set RecordingApi__ApiKey to the key of the bot (Functions__BotKey of the functions)", ExitCode.Storage);
        return new DoctorFinding("recording API", $"answers at {options.Api.BaseUrl}"
            + (hasLists ? "" : "; it has no lists of recordings, so /record list, link and delete will not work"));
    }

    /// <summary>A service that keeps no settings asks for no right to them.</summary>
    private static async Task<bool> MaySettleAsync(CatalogueClient client, ulong guild, CancellationToken cancellationToken)
    {
        try
        {
            await client.GetSettingsAsync(guild, cancellationToken);
            return true;
        }
        catch (CatalogueException refused) when (refused.IsNotOffered || refused.IsKeyRefused)
        {
            return refused.IsNotOffered;
        }
    }

    private const string PagesRemedy = "set PUBLIC_BASE_URL of the functions to the address that browsers reach them at, and let this "
        + "machine reach it too";

    /// <summary>Opens a page as somebody with a link would.</summary>
    private async Task<DoctorFinding> PagesAsync(CancellationToken cancellationToken)
    {
        using HttpClient api = RecordingApiHttp.Create();
        if (await new CatalogueClient(api, options.Api, time).PageToTryAsync(cancellationToken) is not { } page)
            return new DoctorFinding("pages", "those of another service; not tried");
        // The functions are on another machine, or in a container of their own: what is loopback there is not ours.
        if (page.IsLoopback && options.Api.BaseUrl?.IsLoopback == false)
            return new DoctorFinding("pages",
                $"open in browsers on the functions' machine alone ({page.GetLeftPart(UriPartial.Authority)}); not tried. "
                + "PUBLIC_BASE_URL of the functions makes them open elsewhere");
        string root = page.GetLeftPart(UriPartial.Authority);
        if (!ClearText.IsHarmless(page))
            return new DoctorFinding("pages", $"{root} is http on another machine: browsers keep no Secure cookie there, and no link opens",
                "set PUBLIC_BASE_URL of the functions to an https address, or to one with a loopback host", ExitCode.Storage);
        using HttpResponseMessage answer = await api.GetAsync(page, cancellationToken);
        string text = await answer.Content.ReadAsStringAsync(cancellationToken);
        return answer.IsSuccessStatusCode && text.Contains("/main.js", StringComparison.Ordinal)
            ? new DoctorFinding("pages", $"answer at {root}; links to recordings begin with it")
            : new DoctorFinding("pages",
                string.Create(CultureInfo.InvariantCulture, $"{root} answers {(int)answer.StatusCode} and no page"),
                PagesRemedy, ExitCode.Storage);
    }

    /// <summary>Discord's Date header against our clock: positions of a takeover and the ages of tokens depend on it.</summary>
    private async Task<DoctorFinding> ClockAsync(CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, options.Rest.ApiBase.AbsoluteUri.TrimEnd('/') + "/gateway");
        request.Headers.TryAddWithoutValidation("User-Agent", options.Rest.UserAgent);
        using HttpResponseMessage response = await http.SendAsync(request, cancellationToken);
        if (response.Headers.Date is not { } theirs) return new DoctorFinding("clock", "Discord told no time to compare with");
        TimeSpan difference = time.GetUtcNow() - theirs;
        string text = string.Create(CultureInfo.InvariantCulture, $"differs from Discord's by {difference.Duration().TotalSeconds:F0} s");
        return difference.Duration() <= ClockTolerance
            ? new DoctorFinding("clock", text)
            : new DoctorFinding("clock", text, "set this machine's clock by NTP (timedatectl set-ntp true)", ExitCode.Machine);
    }

    private async Task<DoctorFinding> TokenAsync(CancellationToken cancellationToken)
    {
        self = await rest.GetSelfAsync(cancellationToken);
        return self.Bot
            ? new DoctorFinding("token", $"belongs to {self.Username} ({self.Id})")
            : new DoctorFinding("token", $"belongs to {self.Username}, which is no bot",
                "use the token of a bot (Developer Portal, Bot, Reset Token)", ExitCode.Discord);
    }

    private async Task<DoctorFinding> SessionsAsync(CancellationToken cancellationToken)
    {
        GatewayInfo info = await rest.GetGatewayAsync(cancellationToken);
        SessionStartLimit limit = info.SessionStartLimit;
        string text = string.Create(CultureInfo.InvariantCulture,
            $"{limit.Remaining} of {limit.Total} new sessions are left today, {info.Shards} shard(s) recommended");
        if (limit.Remaining > 0) return new DoctorFinding("sessions", text);
        TimeSpan wait = TimeSpan.FromMilliseconds(limit.ResetAfter);
        return new DoctorFinding("sessions", text, $"wait {Wording.Clock(wait)}, and find out what restarts the bot so often",
            ExitCode.Discord);
    }

    private DoctorFinding Intents()
    {
        const int privileged = (1 << 1) | (1 << 8) | (1 << 15);
        return (options.Gateway.Intents & privileged) == 0
            ? new DoctorFinding("intents",
                string.Create(CultureInfo.InvariantCulture,
                $"{options.Gateway.Intents} (guilds, voice states); none needs to be switched on"))
            : new DoctorFinding("intents", "a privileged intent is asked for",
                "switch it on in the Developer Portal (Bot, Privileged Gateway Intents)", ExitCode.Discord);
    }

    private async Task<DoctorFinding> CommandsAsync(CancellationToken cancellationToken)
    {
        DiscordApplication application = await rest.GetApplicationAsync(cancellationToken);
        ApplicationCommand[] declared;
        try
        {
            declared = await rest.GetCommandsAsync(application.Id, options.CommandGuild, cancellationToken);
        }
        catch (DiscordRestException stranger) when (stranger.Code == DiscordErrorCode.MissingAccess && options.CommandGuild is not null)
        {
            return new DoctorFinding("commands", $"the bot is not in server {options.CommandGuild}, which DISCORD_GUILD_ID names",
                "invite it there, or correct the setting", ExitCode.Discord);
        }
        string scope = options.CommandGuild is { } guild ? string.Create(CultureInfo.InvariantCulture, $"in server {guild}")
            : "in every server";
        bool same = CommandDefinitions.All.All(command => declared.Any(command.SameAs)) && declared.Length == CommandDefinitions.All.Count;
        string text = same ? $"{declared.Length} declared {scope}" : $"not up to date {scope}; the bot writes them when it starts";
        return new DoctorFinding("commands", text);
    }

    /// <summary>Each server has the whole patience: of hundreds, Discord's limits let only so many be asked for in a second.</summary>
    private async IAsyncEnumerable<DoctorFinding> PermissionsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        PartialGuild[] guilds = [];
        yield return await GuardAsync("servers", ExitCode.Discord, async token =>
        {
            guilds = await rest.GetGuildsAsync(token);
            return guilds.Length > 0
                ? new DoctorFinding("servers", string.Create(CultureInfo.InvariantCulture, $"the bot is in {guilds.Length}"))
                : new DoctorFinding("servers", "the bot is in none",
                    $"invite it: https://discord.com/oauth2/authorize?client_id={self!.Id}&scope=bot+applications.commands"
                + $"&permissions={(ulong)Invitation}", ExitCode.Discord);
        }, "try again later", cancellationToken);
        foreach (PartialGuild guild in guilds) yield return await GuardAsync(guild.Name, ExitCode.Discord, inner =>
            PermissionsAsync(guild, inner), "try again later", cancellationToken);
    }

    /// <summary>What the invitation asks for.</summary>
    internal const Permissions Invitation =
        Permissions.ViewChannel | Permissions.SendMessages | Permissions.EmbedLinks | Permissions.Connect | Permissions.ChangeNickname;

    private async Task<DoctorFinding> PermissionsAsync(PartialGuild guild, CancellationToken cancellationToken)
    {
        Dictionary<ulong, GuildRole> roles = (await rest.GetRolesAsync(guild.Id, cancellationToken)).ToDictionary(role => role.Id);
        GuildMember member = await rest.GetMemberAsync(guild.Id, self!.Id, cancellationToken);
        GuildChannel[] voice = [.. (await rest.GetChannelsAsync(guild.Id, cancellationToken)).Where(channel => channel.HasVoice)];
        List<string> problems = [];
        foreach (GuildChannel channel in voice)
        {
            ulong owner = guild.Owner ? self.Id : 0;
            List<string> missing = StartChecks.Missing(ChannelPermissions.Granted(guild.Id, owner, roles, channel, self.Id, member.RoleIds),
                Invitation);
            if (missing.Count > 0) problems.Add($"{channel.Name}: {string.Join(", ", missing)}");
        }
        return problems.Count == 0
            ? new DoctorFinding(guild.Name, string.Create(CultureInfo.InvariantCulture, $"may record in all {voice.Length} voice channels"))
            : new DoctorFinding(guild.Name, "missing in " + string.Join("; ", problems),
                "give the bot's role these permissions, in the server or in the named channels", ExitCode.Discord);
    }

    /// <summary>
    /// A voice server can only be reached from inside a call; a datagram that leaves this machine is what can be tried without one.
    /// </summary>
    private async Task<DoctorFinding> UdpAsync(CancellationToken cancellationToken)
    {
        IPAddress[] addresses = await Dns.GetHostAddressesAsync(options.Rest.ApiBase.Host, AddressFamily.InterNetwork, cancellationToken);
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(new IPEndPoint(addresses[0], 50000), cancellationToken);
        await socket.SendAsync(new byte[74], SocketFlags.None, cancellationToken);
        return new DoctorFinding(VoiceProbe.Check,
            $"datagrams leave this machine by {((IPEndPoint)socket.LocalEndPoint!).Address}. Whether a voice server gets and answers "
                + $"them was not tried: doctor --channel ID joins that voice channel for a moment and does");
    }

    private Task<DoctorFinding> TrialAsync(CancellationToken cancellationToken) =>
        new VoiceProbe(options, rest, time).RunAsync(trialChannel!.Value, cancellationToken);

    private static string Describe(Exception problem) => problem switch
    {
        DiscordRestException or CatalogueException => Cause.Of(problem),
        _ => StorageRetry.Describe(problem),
    };

    private async Task<DoctorFinding> GuardAsync(string check, int code, Func<CancellationToken, Task<DoctorFinding>> look, string remedy,
        CancellationToken cancellationToken, TimeSpan? longest = null)
    {
        using CancellationTokenSource patience = new(longest ?? Patience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return await look(either.Token);
        }
        catch (DiscordRestException refused) when (refused.IsTokenRefused)
        {
            return new DoctorFinding(check, "Discord refuses the token",
                "copy it again from the Developer Portal (Bot, Reset Token) and set DISCORD_TOKEN", ExitCode.Discord);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new DoctorFinding(check, "no answer in time", remedy, code);
        }
        catch (Exception problem) when (
            problem is DiscordRestException or CatalogueException or HttpRequestException or TimeoutException or SocketException
                or IOException || StorageRetry.IsWorld(problem, cancellationToken))
        {
            return new DoctorFinding(check, Describe(problem), remedy, code);
        }
    }
}

/// <summary>What one look of the doctor found.</summary>
/// <param name="Check">What was looked at, in one or two words.</param>
/// <param name="Text">What is so.</param>
/// <param name="Remedy">What the owner does about it; null when all is well.</param>
/// <param name="Code">The process's exit code when this is the first problem; see <see cref="ExitCode"/>.</param>
internal sealed record DoctorFinding(string Check, string Text, string? Remedy = null, int Code = ExitCode.Success)
{
    public bool IsWell => Remedy is null;

    /// <summary>One line; the remedy follows on the next.</summary>
    public override string ToString() => IsWell ? $"ok    {Check}: {Text}" : $"FAIL  {Check}: {Text}\n      -> {Remedy}";
}
