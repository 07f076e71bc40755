using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Web;
using System.Xml.Linq;
using Azure.Core;
using Azure.Core.Pipeline;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.Functions.Tests.Rig;

/// <summary>Notes what an app puts into queues, and for how long it stays hidden there.</summary>
internal sealed class SentMessages : HttpPipelineTransport, IDisposable
{
    private readonly HttpClientTransport inner = new();
    private readonly ConcurrentQueue<(string Queue, TimeSpan Delay, string Text)> all = new();

    /// <summary>The messages that ended recordings, in the order in which they were sent.</summary>
    public IEnumerable<(TimeSpan Delay, RecordingStopped Message)> Stops =>
        Of(StorageNames.RecordingStoppedQueue, ContractsJsonContext.Default.RecordingStopped);

    public IEnumerable<(TimeSpan Delay, T Message)> Of<T>(string queue, JsonTypeInfo<T> type) => all.Where(sent => sent.Queue == queue)
        .Select(sent => (sent.Delay, JsonSerializer.Deserialize(sent.Text, type)!));

    /// <summary>Gives an app storage clients that send through this.</summary>
    public void Register(IServiceCollection services, string connection) =>
        services.AddSingleton(new StorageClients(new StorageOptions { ConnectionString = connection }, null!, this));

    public void Dispose() => inner.Dispose();

    public override Request CreateRequest() => inner.CreateRequest();

    public override void Process(HttpMessage message) => throw new NotSupportedException();

    public override async ValueTask ProcessAsync(HttpMessage message)
    {
        Uri address = message.Request.Uri.ToUri();
        if (message.Request.Method == RequestMethod.Post && address.AbsolutePath.EndsWith("/messages", StringComparison.Ordinal))
        {
            using MemoryStream body = new();
            await message.Request.Content!.WriteToAsync(body, message.CancellationToken);
            body.Position = 0;
            string? seconds = HttpUtility.ParseQueryString(address.Query)["visibilitytimeout"];
            all.Enqueue((address.Segments[^2].TrimEnd('/'), TimeSpan.FromSeconds(int.Parse(seconds ?? "0", CultureInfo.InvariantCulture)),
                XDocument.Load(body).Root!.Element("MessageText")!.Value));
        }
        await inner.ProcessAsync(message);
    }
}
