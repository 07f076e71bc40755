using Microsoft.Extensions.Configuration;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Hosting;
using Pipeline.Bot.Upload;

namespace Pipeline.Bot;

/// <summary>
/// Reads <see cref="BotOptions"/> from the environment, or from <c>appsettings.json</c> in the working directory under the same names.
/// </summary>
public static class BotSettings
{
    private const string Storage = "PipelineStorage";
    private const string SettingsFile = "appsettings.json";

    /// <param name="problems">Gets a line when the file is there and cannot be read; the environment alone counts then.</param>
    public static IConfiguration Load(ICollection<string> problems)
    {
        try
        {
            return new ConfigurationBuilder().SetBasePath(Directory.GetCurrentDirectory()).AddJsonFile(SettingsFile, optional: true).AddEnvironmentVariables().Build();
        }
        catch (Exception unreadable) when (unreadable is InvalidDataException or FormatException or IOException or UnauthorizedAccessException)
        {
            problems.Add($"{SettingsFile}: {unreadable.GetBaseException().Message.ReplaceLineEndings(" ")} Expected a JSON file such as {{ \"RECORDING_CHANNELS\": \"1\" }}, or none");
            return new ConfigurationBuilder().AddEnvironmentVariables().Build();
        }
    }

    /// <param name="problems">Gets one line per wrong value: name, value, range.</param>
    public static BotOptions Read(IConfiguration configuration, ICollection<string> problems)
    {
        SettingReader setting = new(name => configuration[name], problems);
        CaptureOptions capture = CaptureSettings.Read(name => configuration[name], problems);
        return new BotOptions
        {
            Capture = capture,
            Spool = new SpoolOptions
            {
                Folder = setting.Text("RECORDING_SPOOL_FOLDER") ?? "spool",
                LimitBytes = capture.SpoolLimitBytes,
                MinimumFreeBytes = capture.MinimumFreeDiskBytes,
            },
            Upload = new UploadOptions
            {
                Parallelism = (int)setting.Number("RECORDING_UPLOAD_PARALLELISM", 1, 32, new UploadOptions().Parallelism, ""),
                KeepLocal = capture.KeepLocalAfterUpload,
            },
            Storage = ReadStorage(configuration, problems),
            Hosting = HostingSettings.Read(setting),
            ShutdownGrace = setting.Seconds("SHUTDOWN_GRACE", 0, 3600, new BotOptions().ShutdownGrace),
        };
    }

    private static TempStorageOptions ReadStorage(IConfiguration configuration, ICollection<string> problems)
    {
        TempStorageOptions options = new()
        {
            ConnectionString = configuration[Storage] is { Length: > 0 } connection ? connection : null,
            BlobServiceUri = ReadUri(configuration, "blobServiceUri", problems),
            QueueServiceUri = ReadUri(configuration, "queueServiceUri", problems) ?? ReadUri(configuration, "serviceUri", problems),
            Credential = configuration[$"{Storage}:credential"],
            ClientId = configuration[$"{Storage}:clientId"],
        };
        if (options.ConnectionString is null && (options.BlobServiceUri is null || options.QueueServiceUri is null))
            problems.Add($"{Storage} is not set, expected a storage connection string, or {Storage}__blobServiceUri and {Storage}__queueServiceUri");
        else if (options.ConnectionString is not null && !TempStorage.IsConnectionString(options.ConnectionString))
            problems.Add($"{Storage} is no storage connection string (its value is a secret and not shown), expected AccountName=…;AccountKey=…;BlobEndpoint=…;QueueEndpoint=…");
        return options;
    }

    private static Uri? ReadUri(IConfiguration configuration, string name, ICollection<string> problems)
    {
        if (configuration[$"{Storage}:{name}"] is not { Length: > 0 } text) return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp)) return uri;
        problems.Add($"{Storage}__{name}: '{text}' is not allowed, expected an address such as https://account.blob.core.windows.net");
        return null;
    }
}
