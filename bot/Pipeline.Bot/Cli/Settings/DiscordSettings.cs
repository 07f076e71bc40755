using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Spool;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Rest;
using Pipeline.Discord.Voice.Call;
using Pipeline.Discord.Voice.Session;

namespace Pipeline.Bot.Cli.Settings;

/// <summary>Reads <see cref="RecorderOptions"/> from the environment. The token's value is never part of a problem.</summary>
internal static class DiscordSettings
{
    private const string StateFolder = "state";

    /// <summary>Everything that <c>run</c> and <c>doctor</c> need, from the environment of this process.</summary>
    public static (IConfiguration Configuration, BotOptions Bot, RecorderOptions Discord) ReadAll(ICollection<string> problems)
    {
        IConfiguration configuration = BotSettings.Load(problems);
        BotOptions bot = BotSettings.Read(configuration, problems);
        return (configuration, bot, Read(configuration, bot.Spool.Folder, problems));
    }

    /// <param name="spoolFolder">The small local files lie below it.</param>
    /// <param name="problems">Gets one line per wrong value: name, value, range.</param>
    public static RecorderOptions Read(IConfiguration configuration, string spoolFolder, ICollection<string> problems)
    {
        SettingReader setting = new(name => configuration[name], problems);
        string token = setting.Text("DISCORD_TOKEN") ?? "";
        if (token.Length == 0) problems.Add("DISCORD_TOKEN is not set, expected the bot's token from the Developer Portal (Bot > Reset Token)");
        else if (token.Any(char.IsWhiteSpace)) problems.Add("DISCORD_TOKEN has a blank in it (its value is a secret and not shown), expected the token alone, without the word Bot");
        DiscordRestOptions rest = new() { Token = token };
        return new RecorderOptions
        {
            Gateway = new GatewayOptions { Token = token, Shard = ReadShard(setting) },
            Rest = rest with { ApiBase = ReadAddress(configuration, "DISCORD_API_BASE", "https://discord.com/api/v10", problems) ?? rest.ApiBase },
            Api = new CatalogueOptions
            {
                BaseUrl = ReadAddress(configuration, "RecordingApi:BaseUrl", "https://name.azurewebsites.net", problems),
                ApiKey = configuration["RecordingApi:ApiKey"],
                PageUrl = configuration["RecordingApi:PageUrl"],
            },
            Voice = new VoiceCallOptions { Session = new VoiceSessionOptions { ExtraRoots = ReadRoots(setting) } },
            CommandGuild = ReadGuild(setting),
            EmptyTimeout = setting.Milliseconds("RECORDING_EMPTY_TIMEOUT", 1000, 86_400_000, TimeSpan.FromMinutes(5)),
            StateFolder = Path.Combine(spoolFolder, StateFolder),
        };
    }

    private static ShardRange? ReadShard(SettingReader setting)
    {
        if (setting.Text("DISCORD_SHARD") is not { } text) return null;
        return ShardRange.TryParse(text, out ShardRange shard) ? shard : setting.Refuse<ShardRange?>("DISCORD_SHARD", text, "i/n with i from 0 to n-1, such as 0/2", null);
    }

    private static ulong? ReadGuild(SettingReader setting)
    {
        if (setting.Text("DISCORD_GUILD_ID") is not { } text) return null;
        return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong id) ? id : setting.Refuse<ulong?>("DISCORD_GUILD_ID", text, "the id of a server, digits only", null);
    }

    private static X509Certificate2Collection ReadRoots(SettingReader setting)
    {
        if (setting.Text("DISCORD_CA_FILE") is not { } file) return [];
        try
        {
            return ExtraRoots.Load(file);
        }
        catch (Exception problem) when (DiskFailure.Is(problem) || problem is CryptographicException)
        {
            return setting.Refuse<X509Certificate2Collection>("DISCORD_CA_FILE", file, "a file with certificates in PEM", []);
        }
    }

    private static Uri? ReadAddress(IConfiguration configuration, string key, string example, ICollection<string> problems)
    {
        if (configuration[key]?.Trim() is not { Length: > 0 } text) return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp)) return address;
        problems.Add($"{key.Replace(":", "__", StringComparison.Ordinal)}: '{text}' is not allowed, expected an address such as {example}");
        return null;
    }
}
