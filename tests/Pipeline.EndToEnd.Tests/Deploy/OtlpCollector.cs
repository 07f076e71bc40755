using System.Collections.Concurrent;
using System.Net;
using Pipeline.TestKit;

namespace Pipeline.EndToEnd.Tests.Deploy;

/// <summary>
/// Takes OTLP over HTTP with Protocol Buffers on loopback and remembers spans and metrics. opentelemetry-proto,
/// collector/{trace,metrics}/v1.
/// </summary>
internal sealed class OtlpCollector : IDisposable
{
    private readonly HttpListener listener = new();

    public OtlpCollector()
    {
        Url = $"http://127.0.0.1:{FreePort.Take(1)[0]}";
        listener.Prefixes.Add(Url + "/");
        listener.Start();
        _ = ServeAsync();
    }

    public string Url { get; }
    public ConcurrentQueue<OtlpSpan> Spans { get; } = new();
    public ConcurrentQueue<OtlpMetric> Metrics { get; } = new();

    /// <summary>For a process that shall send here, often.</summary>
    public Dictionary<string, string?> Settings => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Url,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
    };

    /// <summary>The highest total that a service has sent of a metric; null where it has sent none.</summary>
    public double? Highest(string service, string metric) =>
        Metrics.Where(sent => sent.Service == service && sent.Name == metric).Select(sent => (double?)sent.Total).Max();

    public void Dispose() => ((IDisposable)listener).Dispose();

    private async Task ServeAsync()
    {
        while (listener.IsListening)
        {
            try
            {
                HttpListenerContext context = await listener.GetContextAsync();
                using MemoryStream body = new();
                await context.Request.InputStream.CopyToAsync(body);
                if (context.Request.Url!.AbsolutePath == "/v1/traces") ReadTraces(body.ToArray());
                else if (context.Request.Url.AbsolutePath == "/v1/metrics") ReadMetrics(body.ToArray());
                context.Response.ContentType = "application/x-protobuf";
                context.Response.Close();
            }
            catch (Exception ended) when (ended is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    // ExportTraceServiceRequest.resource_spans=1 { resource=1, scope_spans=2 { spans=2 { trace_id=1, span_id=2, parent_span_id=4, name=5 }
    // } }
    private void ReadTraces(ReadOnlyMemory<byte> request)
    {
        foreach (ReadOnlyMemory<byte> resource in ProtobufField.Inside(request, 1))
        {
            string service = ServiceOf(resource);
            foreach (ReadOnlyMemory<byte> span in ProtobufField.Inside(resource, 2).SelectMany(scope => ProtobufField.Inside(scope, 2)))
            {
                ILookup<int, ProtobufField> fields = ProtobufField.Of(span).ToLookup(field => field.Number);
                Spans.Enqueue(new OtlpSpan(service, fields[1].First().Hex, fields[2].First().Hex, fields[4].FirstOrDefault().Hex,
                    fields[5].First().Text));
            }
        }
    }

    // ExportMetricsServiceRequest.resource_metrics=1 { resource=1, scope_metrics=2 { metrics=2 { name=1, gauge=5, sum=7, histogram=9 } } }
    private void ReadMetrics(ReadOnlyMemory<byte> request)
    {
        foreach (ReadOnlyMemory<byte> resource in ProtobufField.Inside(request, 1))
        {
            string service = ServiceOf(resource);
            foreach (ReadOnlyMemory<byte> metric in ProtobufField.Inside(resource, 2).SelectMany(scope => ProtobufField.Inside(scope, 2)))
            {
                string name = ProtobufField.Of(metric).First(field => field.Number == 1).Text;
                double total = ProtobufField.Of(metric).Where(field => field.Number is 5 or 7 or 9)
                    .Sum(data => ProtobufField.Inside(data.Bytes, 1).Sum(point => ValueOf(point, isHistogram: data.Number == 9)));
                Metrics.Enqueue(new OtlpMetric(service, name, total));
            }
        }
    }

    // NumberDataPoint { as_double=4, as_int=6 }; HistogramDataPoint { count=4 }
    private static double ValueOf(ReadOnlyMemory<byte> point, bool isHistogram)
    {
        foreach (ProtobufField field in ProtobufField.Of(point))
        {
            if (field.Number == 4) return isHistogram ? field.Value : BitConverter.UInt64BitsToDouble(field.Value);
            if (field.Number == 6 && !isHistogram) return (long)field.Value;
        }
        return 0;
    }

    // resource { attributes=1 { key=1, value=2 { string_value=1 } } }
    private static string ServiceOf(ReadOnlyMemory<byte> resource) => ProtobufField.Inside(resource, 1)
        .SelectMany(attributes => ProtobufField.Inside(attributes, 1))
        .Where(attribute => ProtobufField.Of(attribute).First(field => field.Number == 1).Text == "service.name")
        .Select(attribute => ProtobufField.Of(ProtobufField.Inside(attribute, 2).First()).First().Text)
        .FirstOrDefault() ?? "";
}
