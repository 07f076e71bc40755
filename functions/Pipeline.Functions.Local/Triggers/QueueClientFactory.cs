using System.Globalization;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Queues;
using Microsoft.Extensions.Azure;
using Pipeline.Storage;

namespace Pipeline.Functions.Local.Triggers;

/// <summary>
/// Makes the queue clients of the WebJobs SDK as <see cref="StorageClients"/> makes ours: same service version, same identity.
/// </summary>
internal sealed class QueueClientFactory(LocalOptions options, StorageClients clients) : AzureComponentFactory
{
    // Null with a connection string: it is asked for and not used.
    public override TokenCredential CreateTokenCredential(IConfiguration configuration) => clients.Credential!;

    public override object CreateClientOptions(Type optionsType, object? serviceVersion, IConfiguration configuration)
    {
        if (optionsType != typeof(QueueClientOptions)) throw new NotSupportedException($"no options are made for {optionsType}");
        QueueClientOptions made = StorageAccount.NewQueueOptions();
        made.AddPolicy(new ReceivePolicy(options.LocalHide), HttpPipelinePosition.PerCall);
        return made;
    }

    public override object CreateClient(Type clientType, IConfiguration configuration, TokenCredential credential, object clientOptions) =>
        clientType == typeof(QueueServiceClient) ? clients.NewQueues((QueueClientOptions)clientOptions)
            : throw new NotSupportedException($"no {clientType} is made");
}

/// <summary>
/// The listener hides what it receives for ten minutes, and takes a lost connection for the end of everything. Here a message is hidden
/// for as long as a kill may hold it up, and a connection that is lost counts as a fault of the server, after which it asks again.
/// </summary>
internal sealed class ReceivePolicy(TimeSpan hide) : HttpPipelinePolicy
{
    private const string Parameter = "visibilitytimeout=";

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        Shorten(message.Request);
        try
        {
            await ProcessNextAsync(message, pipeline);
        }
        catch (Exception lost) when (StorageFault.IsTransient(lost) && lost is not RequestFailedException { Status: > 0 })
        {
            throw new RequestFailedException(503, StorageFault.Describe(lost), "ServerUnavailable", lost);
        }
    }

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        Shorten(message.Request);
        ProcessNext(message, pipeline);
    }

    private void Shorten(Request request)
    {
        if (request.Method != RequestMethod.Get || !request.Uri.Path.EndsWith("/messages", StringComparison.Ordinal)) return;
        string query = request.Uri.Query;
        int start = query.IndexOf(Parameter, StringComparison.Ordinal);
        if (start < 0) return;
        int value = start + Parameter.Length;
        int end = query.IndexOf('&', value);
        request.Uri.Query = string.Create(CultureInfo.InvariantCulture,
            $"{query[..value]}{(int)hide.TotalSeconds}{(end < 0 ? "" : query[end..])}");
    }
}
