using Azure;
using Pipeline.Contracts;

namespace Pipeline.Storage;

/// <summary>
/// Makes sure that containers, queues and tables exist, once per process. In Azure the templates create them;
/// an identity that may not create is no fault as long as they are there.
/// </summary>
public sealed class StorageSetup(StorageClients clients)
{
    public static IReadOnlyList<string> Queues { get; } =
    [
        StorageNames.RecordingStartedQueue, StorageNames.SegmentReadyQueue, StorageNames.RecordingStoppedQueue, StorageNames.WebhookQueue,
        StorageNames.DeletionQueue,
        StorageNames.RenderWindowQueue, StorageNames.TranscribeQueue,
    ];

    private static readonly string[] Tables =
    [
        StorageNames.LedgerTable, StorageNames.CatalogueTable, StorageNames.SettingsTable, StorageNames.ReportsTable,
        StorageNames.EventsTable, StorageNames.WebhooksTable, StorageNames.RendersTable, StorageNames.TranscriptsTable,
    ];

    private volatile bool ready;

    /// <summary>Returns at once after the first success; a failed try is repeated by the next caller.</summary>
    /// <exception cref="RequestFailedException">The storage is away.</exception>
    public async ValueTask EnsureAsync(CancellationToken cancellation)
    {
        if (ready) return;
        List<Task> creations =
        [
            Tolerant(clients.Temp.CreateIfNotExistsAsync(cancellationToken: cancellation)),
            Tolerant(clients.Recordings.CreateIfNotExistsAsync(cancellationToken: cancellation)),
            Tolerant(clients.Blobs.GetBlobContainerClient(StorageNames.RendersContainer)
                .CreateIfNotExistsAsync(cancellationToken: cancellation)),
            .. Queues.Select(queue =>
            Tolerant(clients.Queues.GetQueueClient(queue).CreateIfNotExistsAsync(cancellationToken: cancellation))),
            .. Queues.Select(queue =>
            Tolerant(clients.Queues.GetQueueClient(queue + StorageNames.PoisonSuffix)
            .CreateIfNotExistsAsync(cancellationToken: cancellation))),
            .. Tables.Select(table => Tolerant(clients.Tables.CreateTableIfNotExistsAsync(table, cancellation))),
        ];
        await Task.WhenAll(creations);
        ready = true;
    }

    private static async Task Tolerant(Task creation)
    {
        try
        {
            await creation;
        }
        catch (RequestFailedException refused) when (refused.Status == 403)
        {
            // The identity may use but not create; the first use tells if it is missing.
        }
    }
}
