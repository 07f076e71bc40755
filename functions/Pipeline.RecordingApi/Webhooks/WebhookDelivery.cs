using System.Text.Json;
using Pipeline.Contracts;
using Pipeline.RecordingApi.Events;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Webhooks;

/// <summary>
/// The function behind the queue <c>webhook-deliveries</c>. Running it twice sends the same id twice, which receivers are told to expect.
/// A try that failed is a new message with a delay; the message at hand is then settled, so that failing receivers poison nothing.
/// </summary>
public sealed class WebhookDelivery(EventTable events, WebhookTable webhooks, WebhookDeliveries deliveries, WebhookSender sender,
    ILogger<WebhookDelivery> log)
{
    /// <param name="message">The text of the message as it lies in the queue.</param>
    /// <exception cref="MalformedMessageException">It is not of our contract.</exception>
    public Task RunAsync(ReadOnlyMemory<byte> message, CancellationToken cancellation) =>
        RunAsync(MessageText.Read(message, WebhookJsonContext.Default.DeliverWebhook,
            static read => read.Version, DeliverWebhook.CurrentVersion), cancellation);

    public async Task RunAsync(DeliverWebhook delivery, CancellationToken cancellation)
    {
        if (await events.FindAsync(delivery.EventId, cancellation) is not { } told) return;
        // It may have been deleted, switched off or changed while the message waited.
        if (await webhooks.FindAsync(delivery.WebhookId, delivery.GuildId, cancellation) is not { OffBecause: null } webhook) return;
        byte[] body = Body(told);
        DeliveryTry tried = await sender.SendAsync(webhook, told.Id, body, cancellation);
        if (tried.Outcome == DeliveryOutcome.Taken) return;
        if (tried.Outcome == DeliveryOutcome.Gone)
        {
            await SwitchOffAsync(webhook, "the receiver answered 410: it wants no more events", cancellation);
            return;
        }
        if (WebhookRetries.After(delivery.Attempt, tried.RetryAfter) is { } delay)
        {
            await deliveries.SendAsync(delivery with { Attempt = delivery.Attempt + 1 }, delay, cancellation);
            ApiLog.WebhookFailed(log, told.Type, webhook.Url.Host, delivery.Attempt + 1, tried.Reason, delay);
            return;
        }
        await SwitchOffAsync(webhook, $"{delivery.Attempt + 1} tries over three days have failed, the last because {tried.Reason}",
            cancellation);
    }

    /// <summary>The bytes that are signed and sent: type, timestamp and data; the id stands in the header.</summary>
    internal static byte[] Body(PipelineEvent told)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("type", told.Type);
            writer.WriteString("timestamp", told.Timestamp);
            writer.WritePropertyName("data");
            JsonSerializer.Serialize(writer, told.Data, EventJsonContext.Default.EventData);
            writer.WriteEndObject();
        }
        return stream.ToArray();
    }

    private async Task SwitchOffAsync(Webhook webhook, string because, CancellationToken cancellation)
    {
        if (await webhooks.TrySwitchOffAsync(webhook, because, cancellation)) ApiLog.WebhookOff(log, webhook.Url.Host, because);
    }
}
