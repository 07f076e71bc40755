using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Transcripts;
using Pipeline.RecordingApi.Webhooks;
using Pipeline.Settings;
using Pipeline.Settings.Known;

namespace Pipeline.RecordingApi;

/// <summary>What the recording API is told by the executable that carries it.</summary>
public sealed record ApiOptions
{
    /// <summary>What callers must show; null where somebody in front has asked for a key already. A secret.</summary>
    public string? Key { get; init; }

    /// <summary>Opens what a bot needs; null for none. A secret.</summary>
    public string? BotKey { get; init; }

    /// <summary>Opens what only shows something; null for none. A secret.</summary>
    public string? ReadKey { get; init; }

    /// <summary>Who is told of events.</summary>
    public WebhookOptions Webhooks { get; init; } = new();

    /// <summary>Who turns talk into text.</summary>
    public TranscriptionOptions Transcription { get; init; } = new();

    /// <summary>What people's browsers reach, without a path; null for the address that a request came to.</summary>
    public Uri? PublicBaseUrl { get; init; }

    /// <summary>What addresses in an answer begin with; no slash at the end.</summary>
    public string RootOf(HttpRequest request) =>
        PublicBaseUrl?.GetLeftPart(UriPartial.Authority) ?? $"{request.Scheme}://{request.Host}";

    /// <summary>How long a share link opens, where nobody says otherwise.</summary>
    public TimeSpan ShareLinkLife { get; init; } = TimeSpan.FromDays(30);

    /// <summary>So many days after its end a recording is deleted, where its server has not chosen; 0: never.</summary>
    public int KeepDays { get; init; }

    /// <summary>What is rendered without being asked for.</summary>
    public RenderOptions Render { get; init; } = new();

    /// <summary>Nothing stays live for longer.</summary>
    public required TimeSpan LiveLimit { get; init; }

    // What App Service leaves in the place of a secret that it cannot read yet: that text is nobody's key.
    private const string Unresolved = "@Microsoft.KeyVault(";

    /// <summary>Reads what the owner set, for both executables. What is wrong becomes a problem of the reader.</summary>
    /// <param name="isOurs">False where the recordings belong to another service: then nothing is rendered.</param>
    /// <param name="runsModels">True where talk can be turned into text by a model of the owner's.</param>
    public static ApiOptions Read(SettingReader setting, bool isOurs, bool runsModels = false)
    {
        IReadOnlyList<string> formats = setting.Read(FunctionsSettings.RenderFormats);
        return new ApiOptions
        {
            LiveLimit = setting.Read(FunctionsSettings.LiveLimit),
            BotKey = Resolved(setting.Read(FunctionsSettings.BotKey)),
            ReadKey = setting.Read(FunctionsSettings.ReadKey),
            PublicBaseUrl = setting.Read(FunctionsSettings.PublicBaseUrl),
            ShareLinkLife = TimeSpan.FromDays(setting.Read(FunctionsSettings.ShareLinkDays)),
            KeepDays = setting.Read(FunctionsSettings.KeepDays),
            Webhooks = WebhookOptionsReader.Read(setting),
            Transcription = TranscriptionOptions.Read(setting, isOurs, runsModels),
            Render = isOurs ? new RenderOptions { Formats = formats } : RenderOptions.Off,
        };
    }

    private static string? Resolved(string? key) => key?.StartsWith(Unresolved, StringComparison.Ordinal) == true ? null : key;
}
