using Pipeline.Settings.Forms;

namespace Pipeline.Settings.Known;

/// <summary>
/// Who is told of events. <c>N</c> stands for a number from 0 to <see cref="Most"/> - 1; they need not follow each other.
/// </summary>
public static class WebhookSettings
{
    /// <summary>So many webhooks can be set.</summary>
    public const int Most = 16;

    private const int LongestUrl = 2_000;

    public static Setting<string?> Url { get; } = new(
        "Webhooks__N__Url", Programs.Functions, new TextForm("an https address", IsAddress), null,
        "Where events are posted, signed; `N` counts from 0 to 15")
    { IsSecret = true };

    public static Setting<string?> Secret { get; } = new(
        "Webhooks__N__Secret", Programs.Functions, new TextForm("whsec_ and base64 of 24 to 64 bytes"), null,
        "What signs them, shared with the receiver; two with a blank between, the new one first, while a secret is replaced")
    { IsSecret = true };

    public static Setting<string?> Events { get; } = new(
        "Webhooks__N__Events", Programs.Functions, new TextForm("names of events with commas between"), null,
        "Which events it gets")
    { DefaultInWords = "all but segment.stored" };

    public static Setting<ulong?> GuildId { get; } = new(
        "Webhooks__N__GuildId", Programs.Functions, new IdForm("a server"), null, "Only events of this server")
    { DefaultInWords = "all servers" };

    public static Setting<bool> AllowPrivate { get; } = new(
        "Webhooks__AllowPrivate", Programs.Functions, new SwitchForm(), false,
        "Take webhooks in private networks and plain http too, for receivers of one's own");

    public static IReadOnlyList<Setting> All { get; } = [Url, Secret, Events, GuildId, AllowPrivate];

    // A receiver may want a query; a password in an address ends up in logs.
    private static bool IsAddress(string text) =>
        text.Length <= LongestUrl && Uri.TryCreate(text, UriKind.Absolute, out Uri? address)
            && address.Scheme is "http" or "https" && address.UserInfo.Length == 0;
}
