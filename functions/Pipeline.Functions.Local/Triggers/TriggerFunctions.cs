using Azure.Storage.Queues.Models;
using Microsoft.Azure.WebJobs;
using Pipeline.Contracts;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Finalize;
using Pipeline.Delivery.Invocations;
using Pipeline.Delivery.Segments;
using Pipeline.Delivery.Sweep;
using Pipeline.RecordingApi.Deletion;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Transcripts;
using Pipeline.RecordingApi.Webhooks;

namespace Pipeline.Functions.Local.Triggers;

/// <summary>
/// What the WebJobs SDK calls. Its own token is cancelled as soon as the process is asked to end; the functions take the late one,
/// so that what was begun is ended.
/// </summary>
internal sealed class TriggerFunctions(
    DeliveryFunctions functions, WebhookDelivery webhooks, RecordingErasure erasure, RenderRecording renders, RenderFolder folder,
        InvocationBorder border, DrainPeriod drain)
{
    [FunctionName(FunctionNames.StartRecording)]
    public Task StartAsync(
        [QueueTrigger(StorageNames.RecordingStartedQueue, Connection = FunctionTable.Connection)] QueueMessage message) =>
        functions.StartAsync(message.Body.ToMemory(), drain.Token);

    [FunctionName(FunctionNames.MoveSegment)]
    public Task MoveAsync([QueueTrigger(StorageNames.SegmentReadyQueue, Connection = FunctionTable.Connection)] QueueMessage message) =>
        functions.MoveAsync(message.Body.ToMemory(), drain.Token);

    [FunctionName(FunctionNames.FinalizeRecording)]
    public Task FinalizeAsync(
        [QueueTrigger(StorageNames.RecordingStoppedQueue, Connection = FunctionTable.Connection)] QueueMessage message) =>
        functions.FinalizeAsync(message.Body.ToMemory(), drain.Token);

    [FunctionName(FunctionNames.DeliverWebhook)]
    public Task DeliverAsync([QueueTrigger(StorageNames.WebhookQueue, Connection = FunctionTable.Connection)] QueueMessage message) =>
        border.RunAsync(FunctionNames.DeliverWebhook, end => webhooks.RunAsync(message.Body.ToMemory(), end), drain.Token);

    [FunctionName(FunctionNames.DeleteRecording)]
    public Task DeleteAsync([QueueTrigger(StorageNames.DeletionQueue, Connection = FunctionTable.Connection)] QueueMessage message) =>
        border.RunAsync(FunctionNames.DeleteRecording, async end =>
        {
            await folder.DeletingAsync(message.Body.ToMemory(), end);
            await erasure.RunAsync(message.Body.ToMemory(), end);
        }, drain.Token);

    [FunctionName(FunctionNames.RenderWindow)]
    public Task RenderAsync([QueueTrigger(StorageNames.RenderWindowQueue, Connection = FunctionTable.Connection)] QueueMessage message) =>
        border.RunAsync(FunctionNames.RenderWindow, () => RenderRecording.Read(message.Body.ToMemory()), static read => read.Traceparent,
            async (read, end) =>
            {
                await renders.RunAsync(read, end);
                await folder.RenderedAsync(read.RecordingId, end);
            }, drain.Token);

    [FunctionName(FunctionNames.SweepRecordings)]
    public Task SweepAsync([TimerTrigger(FunctionTable.SweepSchedule, UseMonitor = false)] TimerInfo timer) =>
        functions.SweepAsync(drain.Token);
}

/// <summary>The same for talk that becomes text.</summary>
internal sealed class TranscribeFunctions(TranscribeRecording transcripts, InvocationBorder border, DrainPeriod drain)
{
    [FunctionName(FunctionNames.TranscribeStretch)]
    public Task TranscribeAsync([QueueTrigger(StorageNames.TranscribeQueue, Connection = FunctionTable.Connection)] QueueMessage message) =>
        border.RunAsync(FunctionNames.TranscribeStretch, () => TranscribeRecording.Read(message.Body.ToMemory()),
            static read => read.Traceparent, transcripts.RunAsync, drain.Token);
}

/// <summary>How long the functions under way may go on after the process was asked to end.</summary>
internal sealed class DrainPeriod(LocalOptions options, TimeProvider time) : IDisposable
{
    private readonly CancellationTokenSource end = new();
    private ITimer? timer;

    /// <summary>Cancelled when the period is over, a second before the host gives up waiting.</summary>
    public CancellationToken Token => end.Token;

    public void Begin()
    {
        TimeSpan length = options.ShutdownGrace - TimeSpan.FromSeconds(1);
        timer ??= time.CreateTimer(static state =>
            ((CancellationTokenSource)state!).Cancel(), end, length > TimeSpan.Zero ? length : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    public void Dispose()
    {
        timer?.Dispose();
        end.Dispose();
    }
}
