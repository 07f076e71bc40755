using Azure.Storage.Queues.Models;
using Microsoft.Azure.Functions.Worker;
using Pipeline.Contracts;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Finalize;
using Pipeline.Delivery.Invocations;
using Pipeline.Delivery.Segments;
using Pipeline.RecordingApi.Deletion;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Transcripts;
using Pipeline.RecordingApi.Webhooks;

namespace Pipeline.Functions;

/// <summary>What the queues call.</summary>
internal sealed class QueueFunctions(DeliveryFunctions functions, WebhookDelivery webhooks, RecordingErasure erasure,
    RenderRecording renders, TranscribeRecording transcripts, InvocationBorder border)
{
    [Function(FunctionNames.StartRecording)]
    public Task StartAsync([QueueTrigger(StorageNames.RecordingStartedQueue, Connection = FunctionTable.Connection)] QueueMessage message,
        CancellationToken cancellationToken) =>
        functions.StartAsync(message.Body.ToMemory(), cancellationToken);

    [Function(FunctionNames.MoveSegment)]
    public Task MoveAsync([QueueTrigger(StorageNames.SegmentReadyQueue, Connection = FunctionTable.Connection)] QueueMessage message,
        CancellationToken cancellationToken) =>
        functions.MoveAsync(message.Body.ToMemory(), cancellationToken);

    [Function(FunctionNames.FinalizeRecording)]
    public Task FinalizeAsync(
        [QueueTrigger(StorageNames.RecordingStoppedQueue, Connection = FunctionTable.Connection)] QueueMessage message,
        CancellationToken cancellationToken) =>
        functions.FinalizeAsync(message.Body.ToMemory(), cancellationToken);

    [Function(FunctionNames.DeliverWebhook)]
    public Task DeliverAsync([QueueTrigger(StorageNames.WebhookQueue, Connection = FunctionTable.Connection)] QueueMessage message,
        CancellationToken cancellationToken) =>
        border.RunAsync(FunctionNames.DeliverWebhook, end => webhooks.RunAsync(message.Body.ToMemory(), end), cancellationToken);

    [Function(FunctionNames.DeleteRecording)]
    public Task DeleteAsync([QueueTrigger(StorageNames.DeletionQueue, Connection = FunctionTable.Connection)] QueueMessage message,
        CancellationToken cancellationToken) =>
        border.RunAsync(FunctionNames.DeleteRecording, end => erasure.RunAsync(message.Body.ToMemory(), end), cancellationToken);

    [Function(FunctionNames.RenderWindow)]
    public Task RenderAsync([QueueTrigger(StorageNames.RenderWindowQueue, Connection = FunctionTable.Connection)] QueueMessage message,
        CancellationToken cancellationToken) =>
        border.RunAsync(FunctionNames.RenderWindow, () => RenderRecording.Read(message.Body.ToMemory()),
            static read => read.Traceparent, renders.RunAsync, cancellationToken);

    [Function(FunctionNames.TranscribeStretch)]
    public Task TranscribeAsync([QueueTrigger(StorageNames.TranscribeQueue, Connection = FunctionTable.Connection)] QueueMessage message,
        CancellationToken cancellationToken) =>
        border.RunAsync(FunctionNames.TranscribeStretch, () => TranscribeRecording.Read(message.Body.ToMemory()),
            static read => read.Traceparent, transcripts.RunAsync, cancellationToken);
}
