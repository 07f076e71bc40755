using Pipeline.Settings.Forms;

namespace Pipeline.Settings.Known;

/// <summary>Discord, as the bot reaches it.</summary>
public static class DiscordSettings
{
    public static Setting<string?> Token { get; } = new(
        "DISCORD_TOKEN", Programs.Bot,
        new SecretForm("the bot's token alone, without the word Bot", isOneWord: true), null,
        "From the Developer Portal (Bot > Reset Token); needed for `run` and `doctor`")
    { IsSecret = true };

    public static Setting<ulong?> Guild { get; } = new(
        "DISCORD_GUILD_ID", Programs.Bot, new IdForm("a server"), null, "Registers commands in one server only (at once, for testing)")
    { DefaultInWords = "all servers" };

    public static Setting<(int Index, int Count)?> Shard { get; } = new(
        "DISCORD_SHARD", Programs.Bot, new ShardForm(), null, "The part of the servers that this bot serves")
    { DefaultInWords = "automatic" };

    public static Setting<Uri?> ApiBase { get; } = new(
        "DISCORD_API_BASE", Programs.Bot, new AddressForm(AddressSchemes.HttpOrHttps, "https://discord.com/api/v10"), null,
        "Another address of Discord's REST API")
    { DefaultInWords = "Discord" };

    public static Setting<bool> AllowHttp { get; } = new(
        "DISCORD_ALLOW_HTTP", Programs.Bot, new SwitchForm(), false,
        "Let `DISCORD_API_BASE` be http on another machine, and a gateway that it names be without TLS: the token travels in the clear");

    public static Setting<string?> CertificateFile { get; } = new(
        "DISCORD_CA_FILE", Programs.Bot, new TextForm("a file with certificates in PEM"), null,
        "Root certificates that count beside the machine's")
    { DefaultInWords = "none" };

    public static IReadOnlyList<Setting> All { get; } = [Token, Guild, Shard, ApiBase, AllowHttp, CertificateFile];
}
