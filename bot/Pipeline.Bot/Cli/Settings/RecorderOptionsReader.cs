using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Spool;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Rest;
using Pipeline.Discord.Voice.Call;
using Pipeline.Discord.Voice.Session;
using Pipeline.Settings;
using Pipeline.Settings.Known;

namespace Pipeline.Bot.Cli.Settings;

/// <summary>Reads <see cref="RecorderOptions"/>. What is wrong becomes a problem of the reader.</summary>
internal static class RecorderOptionsReader
{
    private const string StateFolder = "state";

    /// <param name="spoolFolder">The small local files lie below it.</param>
    public static RecorderOptions Read(SettingReader setting, string spoolFolder)
    {
        string token = setting.Read(DiscordSettings.Token) ?? "";
        setting.Demand(DiscordSettings.Token, "the bot's token from the Developer Portal (Bot > Reset Token)");
        X509Certificate2Collection roots = ReadRoots(setting);
        DiscordRestOptions rest = new() { Token = token, ExtraRoots = roots };
        return new RecorderOptions
        {
            Gateway = new GatewayOptions
            {
                Token = token,
                Shard = ReadShard(setting),
                ExtraRoots = roots,
                AllowsHttp = setting.Read(DiscordSettings.AllowHttp),
            },
            Rest = rest with
            {
                ApiBase = ClearText.ReadAddress(setting, DiscordSettings.ApiBase, DiscordSettings.AllowHttp)
                ?? rest.ApiBase
            },
            Api = ReadApi(setting),
            Voice = new VoiceCallOptions { Session = new VoiceSessionOptions { ExtraRoots = roots } },
            CommandGuild = setting.Read(DiscordSettings.Guild),
            EmptyTimeout = setting.Read(RecordingSettings.EmptyTimeout),
            StateFolder = Path.Combine(spoolFolder, StateFolder),
        };
    }

    public static CatalogueOptions ReadApi(SettingReader setting) => new()
    {
        BaseUrl = ClearText.ReadAddress(setting, ApiSettings.BaseUrl, ApiSettings.AllowHttp),
        ApiKey = setting.Read(ApiSettings.ApiKey),
        PageUrl = setting.Read(ApiSettings.PageUrl),
    };

    private static ShardRange? ReadShard(SettingReader setting) =>
        setting.Read(DiscordSettings.Shard) is { } shard ? new ShardRange(shard.Index, shard.Count) : null;

    private static X509Certificate2Collection ReadRoots(SettingReader setting)
    {
        if (setting.Read(DiscordSettings.CertificateFile) is not { } file) return [];
        try
        {
            return ExtraRoots.Load(file);
        }
        catch (Exception problem) when (DiskFailure.Is(problem) || problem is CryptographicException)
        {
            setting.Refuse(DiscordSettings.CertificateFile, DiscordSettings.CertificateFile.Expected);
            return [];
        }
    }
}
