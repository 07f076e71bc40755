namespace Pipeline.Settings.Known;

/// <summary>Every setting of the product.</summary>
public static class KnownSettings
{
    /// <summary>In the order of the tables.</summary>
    public static IReadOnlyList<Setting> All { get; } =
        [.. DiscordSettings.All, .. StorageSettings.All, .. ApiSettings.All, .. RecordingSettings.All, .. FunctionsSettings.All,
            .. WebhookSettings.All, .. TranscriptionSettings.All, .. HostingSettings.All];

    /// <summary>A name that begins like this, in any case, is one of <see cref="All"/> or a mistake.</summary>
    public static IReadOnlyList<string> Prefixes { get; } =
    [
        "RECORDING_", "RecordingApi", "DISCORD_", "Functions__", "PipelineStorage", "HEALTH_", "PROMETHEUS_", "SHUTDOWN_",
        "Transcription__", "Webhooks__", "RENDER_", "SHARE_", "PUBLIC_",
    ];

    /// <summary>What one program reads.</summary>
    public static IReadOnlyList<Setting> Of(Programs program) => [.. All.Where(setting => setting.ReadBy.HasFlag(program))];

    /// <summary>Names that are mistakes, one line each, with the nearest setting.</summary>
    public static IReadOnlyList<SettingProblem> Unknown(SettingSources sources) => UnknownSettings.Find(sources, All, Prefixes);
}
