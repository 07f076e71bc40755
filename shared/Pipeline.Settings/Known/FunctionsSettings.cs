using Pipeline.Settings.Forms;

namespace Pipeline.Settings.Known;

/// <summary>What only the functions do.</summary>
public static class FunctionsSettings
{
    public static Setting<string?> Key { get; } = new(
        "Functions__Key", Programs.Functions, new SecretForm("a long random word"), null,
        "What callers show as `x-functions-key` or `?code=` where no Functions host checks it")
    { IsSecret = true, DefaultInWords = "generated" };

    public static Setting<string?> BotKey { get; } = new(
        "Functions__BotKey", Programs.Functions, new SecretForm("a long random word"), null,
        "The key for bots: lists, what files are ready, deletion, erasure, links, settings of servers, nothing else. Behind a Functions "
        + "host it must be a key there too")
    { IsSecret = true };

    public static Setting<string?> ReadKey { get; } = new(
        "Functions__ReadKey", Programs.Functions, new SecretForm("a long random word"), null,
        "The key for readers: recordings, files, events and health, and nothing that changes anything")
    { IsSecret = true };

    public static Setting<string?> CorsOrigins { get; } = new(
        "Functions__CorsOrigins", Programs.Functions,
        new TextForm("origins such as https://app.example.org with ';' between them", AreOrigins), null,
        "Web pages that may call the recording API by a key, such as `https://app.example.org`; a Functions host has its own setting")
    { DefaultInWords = "none" };

    public static Setting<string?> KeyFile { get; } = new(
        "Functions__KeyFile", Programs.Functions, new TextForm("a file"), null,
        "Where the key is kept that is made where none is set")
    { DefaultInWords = "`pipeline/functions.key` in the user's data folder" };

    public static Setting<string?> AllowedHosts { get; } = new(
        "Functions__AllowedHosts", Programs.Functions, new TextForm("names with ';' between them"), null,
        "Names by which callers may call it")
    {
        DefaultInWords = "loopback names and `PUBLIC_BASE_URL`'s; where it listens on other addresses also IP addresses and names without "
            + "a dot, and any name without `PUBLIC_BASE_URL`",
    };

    public static Setting<bool> LocalTriggers { get; } = new(
        "Functions__LocalTriggers", Programs.Functions, new SwitchForm(), true, "Call the functions from queues and timers");

    public static Setting<TimeSpan> LocalHide { get; } = new(
        "Functions__LocalHide", Programs.Functions, new DurationForm(TimeSpan.FromSeconds(4), TimeSpan.FromMinutes(10)),
        TimeSpan.FromSeconds(30),
        "How long a received message stays hidden; renewed at half time, so that after a kill it comes back then");

    public static Setting<TimeSpan> AbandonAfter { get; } = new(
        "RECORDING_ABANDON_AFTER", Programs.Functions, new DurationForm(TimeSpan.FromSeconds(1), TimeSpan.FromDays(7)),
        TimeSpan.FromMinutes(10),
        "A manifest without heartbeat has lost its bot");

    public static Setting<TimeSpan> AdoptAfter { get; } = new(
        "RECORDING_ADOPT_AFTER", Programs.Functions, UpToADay(TimeSpan.FromSeconds(1)), TimeSpan.FromMinutes(5),
        "An orphan segment is adopted");

    public static Setting<TimeSpan> FinalizeDeadline { get; } = new(
        "RECORDING_FINALIZE_DEADLINE", Programs.Functions, UpToADay(TimeSpan.FromSeconds(1)), TimeSpan.FromMinutes(15),
        "Waiting without any segment arriving");

    public static Setting<TimeSpan> LiveLimit { get; } = new(
        "RECORDING_LIVE_LIMIT", Programs.Functions, UpToADay(TimeSpan.FromMinutes(1)), TimeSpan.FromHours(24),
        "Nothing stays live for longer whose bot is not at it any more");

    public static Setting<int> PoisonRedrives { get; } = new(
        "Functions__PoisonRedrives", Programs.Functions, new NumberForm(0, 100), 3,
        "How often a message that failed too often gets another chance");

    public static Setting<Uri?> PublicBaseUrl { get; } = new(
        "PUBLIC_BASE_URL", Programs.Functions,
        new AddressForm(AddressSchemes.HttpOrHttps, "https://record.example.org") { RootOnly = true, HttpsElsewhere = true },
        null,
        "What people's browsers reach, such as `https://record.example.org`: links to recordings begin with it")
    { DefaultInWords = "the address that the recording API is called at" };

    public static Setting<int> ShareLinkDays { get; } = new(
        "SHARE_LINK_DAYS", Programs.Functions, new NumberForm(1, 3650), 30,
        "How many days a link to a recording opens");

    public static Setting<int> KeepDays { get; } = new(
        "RECORDING_KEEP_DAYS", Programs.Functions, new NumberForm(0, 3650), 0,
        "So many days after its end a recording is deleted, where its server has not chosen (`/record settings keep`); 0: never")
    { DefaultInWords = "0" };

    public static Setting<IReadOnlyList<string>> RenderFormats { get; } = new(
        "RENDER_FORMATS", Programs.Functions, new WordsForm("flac", "opus", "mp3"), ["flac", "opus", "mp3"],
        "Which downloads are made while a call goes on; only for the recording API of our own");

    public static Setting<string?> RenderFolder { get; } = new(
        "RENDER_FOLDER", Programs.Functions, new TextForm("a folder, or off"), null,
        "Without a Functions host: finished FLAC tracks, mixes and texts also lie here as plain files")
    { DefaultInWords = "off" };

    public static Setting<bool> ServeStorage { get; } = new(
        "Functions__ServeStorage", Programs.Functions, new SwitchForm(), false,
        "Without a Functions host: links to sound and files lead through `PUBLIC_BASE_URL` instead of to the storage");

    public static IReadOnlyList<Setting> All { get; } =
        [Key, BotKey, ReadKey, KeyFile, AllowedHosts, CorsOrigins, PublicBaseUrl, ShareLinkDays, KeepDays, LocalTriggers, LocalHide,
            AbandonAfter, AdoptAfter, FinalizeDeadline, LiveLimit, PoisonRedrives, RenderFormats, RenderFolder, ServeStorage];

    // As a browser sends it: scheme, name and port, and nothing behind.
    private static bool AreOrigins(string text) =>
        text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).All(origin =>
            Uri.TryCreate(origin, UriKind.Absolute, out Uri? page) && page.Scheme is "http" or "https"
            && page is { AbsolutePath: "/", Query: "", Fragment: "", UserInfo: "" });

    private static DurationForm UpToADay(TimeSpan minimum) => new(minimum, TimeSpan.FromDays(1));
}
