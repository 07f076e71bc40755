using System.Net.Mime;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Pipeline.Audio.Opus;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Deletion;
using Pipeline.RecordingApi.Document;
using Pipeline.RecordingApi.Events;
using Pipeline.RecordingApi.Guilds;
using Pipeline.RecordingApi.Http;
using Pipeline.RecordingApi.Live;
using Pipeline.RecordingApi.Page;
using Pipeline.RecordingApi.Recordings;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Shares;
using Pipeline.RecordingApi.Transcripts;
using Pipeline.RecordingApi.Webhooks;
using Pipeline.Settings.Known;

namespace Pipeline.RecordingApi;

/// <summary>Registers the recording API; the storage is registered beside it.</summary>
public static class ApiServices
{
    public static IServiceCollection AddRecordingApi(this IServiceCollection services, ApiOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<CatalogueTable>();
        services.AddSingleton<GuildSettingsTable>();
        services.AddSingleton<RecordingStarts>();
        services.AddSingleton<SegmentUploads>();
        services.AddSingleton<SegmentPlaces>();
        services.AddSingleton<ListParts>();
        services.AddSingleton<ListPartTable>();
        services.AddSingleton<RecordingEnds>();
        services.AddSingleton<BatchUploads>();
        services.AddSingleton<RecordingReads>();
        services.AddSingleton<RecordingTitle>();
        services.AddSingleton<StorageCors>();
        services.AddSingleton<SegmentReads>();
        services.AddSingleton<LiveSegments>();
        services.AddSingleton<LiveFacts>();
        services.AddSingleton<RecordingDeletion>();
        services.AddSingleton<DeletionTable>();
        services.AddSingleton<DeletionMessages>();
        services.AddSingleton<DeletedContent>();
        services.AddSingleton<RecordingErasure>();
        services.AddSingleton<DeletionSweep>();
        services.AddSingleton<PassingFilesSweep>();
        services.AddSingleton<ErasedPeople>();
        services.AddSingleton<ExpiryTable>();
        services.AddSingleton<EndRules>();
        services.AddSingleton<RetentionSweep>();
        services.AddSingleton<ForgetTable>();
        services.AddSingleton<RemadeFiles>();
        services.AddSingleton<PersonTraces>();
        services.AddSingleton<PersonRemoval>();
        services.AddSingleton<PersonForgetting>();
        services.AddSingleton<ShareTable>();
        services.AddSingleton<ShareLinks>();
        services.AddSingleton<ShareSessions>();
        services.AddSingleton<WrongLinks>();
        services.AddSingleton<PageAssets>();
        services.AddSingleton<ForgottenRecordings>();
        services.AddSingleton<GuildSettingsOperations>();
        services.AddSingleton<HealthOperations>();
        services.TryAddSingleton(options.Webhooks);
        services.AddSingleton<EventTable>();
        services.AddSingleton(provider => new EventAudience(provider.GetRequiredService<WebhookDeliveries>().QueueAsync));
        services.AddSingleton<EventOutbox>();
        services.AddSingleton<EventReads>();
        services.AddSingleton<EventSweep>();
        services.AddSingleton<WebhookTable>();
        services.AddSingleton<WebhookDeliveries>();
        services.AddSingleton<WebhookSender>();
        services.AddSingleton<WebhookDelivery>();
        services.AddSingleton<WebhookOperations>();
        services.AddSingleton<StoredSegments>();
        services.AddSingleton(options.Render);
        services.AddSingleton(provider =>
            new RenderSettings(options.Render, OpusCodecs.Choose(OpusChoice.Auto), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<RenderTable>();
        services.AddSingleton<RenderPlans>();
        services.AddSingleton<SegmentPcm>();
        services.AddSingleton<RenderTriggers>();
        services.AddSingleton<FilesReady>();
        services.AddSingleton<TextFiles>();
        services.AddSingleton<RenderRecording>().AddSingleton<FinishedFiles>();
        services.AddSingleton<FileOperations>();
        services.AddSingleton<PeakOperations>();
        AddTranscripts(services, options.Transcription);
        services.AddApiDocument();
        services.AddResponseCompression(compression =>
        {
            // What is secret in an answer stands beside nothing that a stranger could have put there: cookies of other sites are not sent.
            compression.EnableForHttps = true;
            compression.MimeTypes = [MediaTypeNames.Application.Json, RouteDetails.Problem];
        });
        return services;
    }

    private static void AddTranscripts(IServiceCollection services, TranscriptionOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<TranscriptTable>();
        services.AddSingleton<TranscriptTracks>();
        services.AddSingleton<TranscriptTriggers>();
        services.AddSingleton<TranscriptFiles>();
        services.AddSingleton<TranscriptReads>();
        services.AddSingleton<StretchTries>();
        services.AddSingleton<TranscribeRecording>();
        services.AddSingleton<TranscriptionHttp>();
        // A model is brought by the executable that runs it.
        if (options.Kind == TranscriptionSettings.AzureSpeech) services.AddSingleton<ITranscriber, AzureSpeechTranscriber>();
        else if (options.ModelPath is null) services.AddSingleton<ITranscriber, OpenAiTranscriber>();
        services.AddSingleton(static provider => new AfterChange(provider.GetRequiredService<TranscriptTriggers>().ChangedAsync));
    }

    /// <summary>
    /// What every request passes before it reaches an operation: faults become problem details, and the key, or a link, is asked for.
    /// </summary>
    public static void UseRecordingApi(this IApplicationBuilder app)
    {
        app.UseResponseCompression();
        app.UseMiddleware<PageAddress>();
        app.UseMiddleware<Courtesies>();
        app.UseMiddleware<FaultAnswers>();
        // Here, so that a route is found by the address that the page's own stands for.
        app.UseRouting();
        app.UseMiddleware<AccessCheck>();
        app.UseMiddleware<EntityTags>();
    }
}
