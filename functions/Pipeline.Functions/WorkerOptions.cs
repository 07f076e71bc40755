using Microsoft.Extensions.Configuration;
using Pipeline.Delivery;
using Pipeline.Storage;

namespace Pipeline.Functions;

/// <summary>All settings of the worker, read once by <see cref="Read"/> and valid from then on.</summary>
internal sealed record WorkerOptions
{
    public required StorageOptions Storage { get; init; }

    public required DeliveryOptions Delivery { get; init; }

    /// <summary><c>OTEL_EXPORTER_OTLP_ENDPOINT</c>: where metrics and traces go; null for nowhere. The exporter reads its other OTEL_ settings by itself.</summary>
    public Uri? TelemetryEndpoint { get; init; }

    /// <exception cref="InvalidSettingException">Names the first setting that is wrong, its value and what it may be.</exception>
    public static WorkerOptions Read(IConfiguration configuration) => new()
    {
        Storage = DeliveryOptions.ReadStorage(configuration),
        Delivery = DeliveryOptions.Read(configuration),
        TelemetryEndpoint = new SettingReader(configuration).AddressOrOff("OTEL_EXPORTER_OTLP_ENDPOINT"),
    };
}
