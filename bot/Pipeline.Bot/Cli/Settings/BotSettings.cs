using Microsoft.Extensions.Configuration;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Storage;

namespace Pipeline.Bot.Cli.Settings;

/// <summary>
/// Reads <see cref="BotOptions"/> from the environment, or from <c>appsettings.json</c> in the working directory under the same names.
/// </summary>
internal static class BotSettings
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
        catch (Exception unreadable) when (DiskFailure.Is(unreadable) || unreadable is InvalidDataException or FormatException)
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
        SettingReader setting = new(name => configuration[name.Replace("__", ":", StringComparison.Ordinal)], problems);
        if (setting.Text(Storage) is not { } connection) return ReadIdentity(setting, problems);
        if (!TempStorage.IsConnectionString(connection))
            problems.Add($"{Storage} is no storage connection string (its value is a secret and not shown), expected AccountName=…;AccountKey=…;BlobEndpoint=…;QueueEndpoint=…");
        return new TempStorageOptions { ConnectionString = connection };
    }

    private static TempStorageOptions ReadIdentity(SettingReader setting, ICollection<string> problems)
    {
        const string blob = $"{Storage}__blobServiceUri", queue = $"{Storage}__queueServiceUri", queueAlias = $"{Storage}__serviceUri";
        bool hasBlob = setting.Text(blob) is not null, hasQueue = setting.Text(queue) is not null || setting.Text(queueAlias) is not null;
        if (!hasBlob && !hasQueue) problems.Add($"{Storage} is not set, expected a storage connection string, or {blob} and {queue}");
        else if (!hasBlob) problems.Add($"{blob} is not set, expected an address such as https://account.blob.core.windows.net");
        else if (!hasQueue) problems.Add($"{queue} is not set, expected an address such as https://account.queue.core.windows.net");
        return new TempStorageOptions
        {
            BlobServiceUri = ReadUri(setting, blob, "blob"),
            QueueServiceUri = ReadUri(setting, queue, "queue") ?? ReadUri(setting, queueAlias, "queue"),
            Credential = ReadCredential(setting),
            ClientId = setting.Text($"{Storage}__clientId"),
        };
    }

    // Tokens go over https only: the SDK throws at anything else. A query may be a signature, which is a secret.
    private static Uri? ReadUri(SettingReader setting, string name, string service)
    {
        if (setting.Text(name) is not { } text) return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme == Uri.UriSchemeHttps && uri.Query.Length == 0) return uri;
        string shown = text.Contains('?', StringComparison.Ordinal) ? text.Split('?')[0] + "?…" : text;
        return setting.Refuse<Uri?>(name, shown, $"an https address without a query, such as https://account.{service}.core.windows.net", null);
    }

    private static string? ReadCredential(SettingReader setting)
    {
        const string name = $"{Storage}__credential";
        string? text = setting.Text(name);
        return text?.ToLowerInvariant() is null or "managedidentity" or "default" ? text : setting.Refuse<string?>(name, text!, "managedidentity, or default for whatever identity the environment offers", null);
    }
}
