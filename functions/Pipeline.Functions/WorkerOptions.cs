using Pipeline.Delivery;
using Pipeline.RecordingApi;
using Pipeline.Settings;
using Pipeline.Settings.Known;
using Pipeline.Storage;

namespace Pipeline.Functions;

/// <summary>All settings of the worker, read once by <see cref="Read"/> and valid from then on.</summary>
internal sealed record WorkerOptions
{
    public required StorageOptions Storage { get; init; }

    public required DeliveryOptions Delivery { get; init; }

    public required ApiOptions Api { get; init; }

    /// <summary>
    /// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>: where metrics and traces go; null for nowhere. The exporter reads its other OTEL_ settings by
    /// itself.
    /// </summary>
    public Uri? TelemetryEndpoint { get; init; }

    /// <summary>Reads them all.</summary>
    /// <exception cref="InvalidSettingsException">Names every one that is wrong, and those that look like settings of ours and are
    /// none.</exception>
    public static WorkerOptions Read(SettingSources sources)
    {
        SettingReader setting = new(sources);
        DeliveryOptions delivery = DeliveryOptions.Read(setting);
        WorkerOptions options = new()
        {
            Storage = DeliveryOptions.ReadStorage(setting),
            Delivery = delivery,
            Api = ApiOptions.Read(setting, isOurs: delivery.RecordingApiBaseUrl is null),
            TelemetryEndpoint = setting.Read(HostingSettings.Telemetry),
        };
        return setting.Problems.Count == 0 ? options : throw new InvalidSettingsException([.. Unknown(sources), .. setting.Problems]);
    }

    /// <summary>Names that look like settings of ours and are none; what the host itself hands to its worker is not meant.</summary>
    public static IEnumerable<SettingProblem> Unknown(SettingSources sources) => KnownSettings.Unknown(sources)
        .Where(problem => !problem.Name.StartsWith("Functions__Worker__", StringComparison.OrdinalIgnoreCase));
}
