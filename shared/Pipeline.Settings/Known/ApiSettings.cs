using Pipeline.Settings.Forms;

namespace Pipeline.Settings.Known;

/// <summary>The recording API, as bot and functions call it.</summary>
public static class ApiSettings
{
    public static Setting<Uri?> BaseUrl { get; } = new(
        "RecordingApi__BaseUrl", Programs.Both, new AddressForm(AddressSchemes.HttpOrHttps, "https://name.azurewebsites.net"), null,
        "Bot: for lists, links and settings, recording works without. Functions: somebody else's compatible service instead of their own")
    { DefaultInWords = "none (functions: their own)" };

    public static Setting<string?> ApiKey { get; } = new(
        "RecordingApi__ApiKey", Programs.Both, new SecretForm("a key"), null, "What is shown there")
    { IsSecret = true };

    public static Setting<string> ApiKeyHeader { get; } = new(
        "RecordingApi__ApiKeyHeader", Programs.Functions, new HeaderNameForm(), "x-functions-key", "The header that carries the key");

    public static Setting<bool> AllowHttp { get; } = new(
        "RecordingApi__AllowHttp", Programs.Both, new SwitchForm(), false,
        "Let `RecordingApi__BaseUrl` be http on another machine: the key travels in the clear");

    public static Setting<string?> PageUrl { get; } = new(
        "RecordingApi__PageUrl", Programs.Bot, new TextForm("an http or https address with {id} in it", IsPage), null,
        "A page of your own for a recording, in place of the links that the recording API makes");

    public static IReadOnlyList<Setting> All { get; } = [BaseUrl, ApiKey, ApiKeyHeader, AllowHttp, PageUrl];

    private static bool IsPage(string text) => text.Contains("{id}", StringComparison.Ordinal)
        && Uri.TryCreate(text.Replace("{id}", "1", StringComparison.Ordinal), UriKind.Absolute, out Uri? page)
        && page.Scheme is "http" or "https" && page.Host.Length > 0;
}
