using System.Text.Json;
using Pipeline.Contracts;
using Pipeline.RecordingApi.Events;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Webhooks;

/// <summary>Puts one message per event and webhook into the queue.</summary>
public sealed class WebhookDeliveries(WebhookTable webhooks, MessageQueues queues)
{
    /// <summary>Queues an event for every webhook that wants it.</summary>
    public async Task QueueAsync(PipelineEvent told, CancellationToken cancellation)
    {
        foreach (Webhook webhook in await webhooks.ListAsync(told.Data.GuildId, cancellation))
        {
            if (!webhook.Wants(told.Type, told.Data.GuildId)) continue;
            await SendAsync(new DeliverWebhook { EventId = told.Id, WebhookId = webhook.Id, GuildId = told.Data.GuildId }, TimeSpan.Zero,
                cancellation);
        }
    }

    /// <summary>Puts a delivery into the queue.</summary>
    public Task SendAsync(DeliverWebhook delivery, TimeSpan delay, CancellationToken cancellation) => queues.SendAsync(
        StorageNames.WebhookQueue, JsonSerializer.Serialize(delivery, WebhookJsonContext.Default.DeliverWebhook), delay, cancellation);
}
