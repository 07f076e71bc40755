using System.Globalization;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Http;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Shares;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Live;

/// <summary>Answers about downloads: which there are, and where each is.</summary>
public sealed class FileOperations(RenderPlans plans, RenderTable table, RendersContainer container, MessageQueues queues,
    RenderSettings settings, ApiOptions options, StorageCors cors)
{
    private const int RetryAfterSeconds = 2;

    /// <summary>A file of a recording that runs is made once more when it is so old and somebody still takes it.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(10);

    public async Task<IResult> ListAsync(HttpContext context, string recordingId)
    {
        if (!RecordingId.TryParse(recordingId, out RecordingId id) || await plans.ReadAsync(id, context.RequestAborted) is not { } plan)
            return Problems.UnknownRecording();
        await cors.AllowPageAsync(context.RequestAborted);
        Dictionary<string, RenderJob> jobs = await table.ReadJobsAsync(id, context.RequestAborted);
        RecordingFiles files = new()
        {
            Files = [.. FileCatalogue.List(plan, settings.Options, jobs).Select(file => Describe(context, plan, file, jobs))],
        };
        return Results.Json(files, WireJsonContext.Default.RecordingFiles);
    }

    public async Task<IResult> GetAsync(HttpContext context, string recordingId, string name)
    {
        if (!RecordingId.TryParse(recordingId, out RecordingId id) || await plans.ReadAsync(id, context.RequestAborted) is not { } plan)
            return Problems.UnknownRecording();
        if (FileCatalogue.Find(plan, settings.Options, name) is not { } file) return Unknown(id);
        IResult? refusal = TryCut(context, plan, file, out file);
        if (refusal is not null) return refusal;
        Dictionary<string, RenderJob> jobs = await JobsAsync(id, file, context.RequestAborted);
        if (file.Kind == FileKind.Transcript && !jobs.ContainsKey(file.Key)) return Unknown(id);
        if (!plan.IsFinal && file is { Cut: null, Grows: false, Kind: not FileKind.Transcript }) return TooEarly();
        RenderJob? job = jobs.GetValueOrDefault(file.Key);
        bool isReady = IsReady(plan, file, jobs);
        if ((!isReady || IsOld(plan, job!)) && !Courtesies.IsHead(context)) await AskAsync(plan, file, jobs, context.RequestAborted);
        await cors.AllowPageAsync(context.RequestAborted);
        if (isReady)
            return Results.Redirect((await container.ReadLinkAsync($"{id}/{file.Key}", file.Name, context.RequestAborted)).AbsoluteUri);
        context.Response.Headers.RetryAfter = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        return Results.Json(Describe(context, plan, file, jobs) with { State = "rendering" }, WireJsonContext.Default.RecordingFile,
            statusCode: StatusCodes.Status202Accepted);
    }

    // Of a bundle those of its files too. A page that waits asks every two seconds, a player for a stretch every ten.
    private async Task<Dictionary<string, RenderJob>> JobsAsync(RecordingId id, FileEntry file, CancellationToken cancellation)
    {
        if (file.Kind == FileKind.Bundle) return await table.ReadJobsAsync(id, file.Cut, cancellation);
        return (await table.FindJobAsync(id, file.Key, cancellation)).Job is { } job ? new() { [file.Key] = job } : [];
    }

    private static IResult Unknown(RecordingId id) => Problems.Of(StatusCodes.Status404NotFound, "Unknown file",
        $"the recording has no file of this name; GET /api/recordings/{id}/files lists those that it has or can have");

    private static IResult TooEarly() => Problems.Of(StatusCodes.Status409Conflict, "The recording still runs",
        "this file is made when it is over; until then there are the tracks and the mix as far as they are, and stretches (from, to)");

    // With from or to, the stretch of the file; else the file as it is.
    private static IResult? TryCut(HttpContext context, RenderPlan plan, FileEntry whole, out FileEntry file)
    {
        file = whole;
        IQueryCollection query = context.Request.Query;
        if (whole.Cut is not null || !(query.ContainsKey("from") || query.ContainsKey("to"))) return null;
        if (!Seconds.TryRead(query, "from", 0, out double from) || !Seconds.TryRead(query, "to", double.MaxValue, out double to)
            || to <= from) return Seconds.Refused();
        if (whole.Kind is FileKind.Text or FileKind.Transcript)
            return Problems.Of(StatusCodes.Status400BadRequest, "Bad range", $"{whole.Name} has no stretches; ask for the whole of it");
        long settled = plan.SettledSamples, first = (long)Math.Round(from * SampleClock.SamplesPerSecond);
        long last = (long)Math.Round(Math.Min(to * SampleClock.SamplesPerSecond, settled));
        bool isOpen = query.ContainsKey("to") && !plan.IsFinal && to * SampleClock.SamplesPerSecond > settled;
        if (isOpen || first >= last)
        {
            string end = (settled / (double)SampleClock.SamplesPerSecond).ToString("F3", CultureInfo.InvariantCulture);
            return Problems.Of(StatusCodes.Status400BadRequest, "Bad range",
                $"the stretch is not within what there is: {end} s{(plan.IsFinal ? "" : " so far, more as the recording runs")}");
        }
        if (first > 0 || last < plan.TotalSamples || !plan.IsFinal) file = new Stretch(first, last).Of(whole);
        return null;
    }

    private bool IsReady(RenderPlan plan, FileEntry file, Dictionary<string, RenderJob> jobs) =>
        FileCatalogue.IsReady(plan, settings.Options, file, jobs, settings.Time.GetUtcNow());

    private bool IsOld(RenderPlan plan, RenderJob job) =>
        job.IsGrowing && job.Samples < plan.SettledSamples && settings.Time.GetUtcNow() - job.ChangedAt >= Fresh;

    private async Task AskAsync(RenderPlan plan, FileEntry file, Dictionary<string, RenderJob> jobs, CancellationToken cancellation)
    {
        IEnumerable<FileEntry> needed = file.Kind == FileKind.Bundle
            ? BundleFile.Members(plan, file, settings.Options, jobs).Where(member => !IsReady(plan, member, jobs))
                .Append(file)
            : [file];
        // All that is made without being asked for is one message's work.
        foreach (string? key in needed.Select(wanted => wanted.IsAutomatic && plan.IsFinal ? null : wanted.Key).Distinct())
            await queues.SendAsync(new RenderWindow { RecordingId = plan.Recording, File = key }, TimeSpan.Zero, cancellation);
    }

    private RecordingFile Describe(HttpContext context, RenderPlan plan, FileEntry file, Dictionary<string, RenderJob> jobs)
    {
        RenderJob? job = jobs.GetValueOrDefault(file.Key);
        bool ready = IsReady(plan, file, jobs);
        // A file of the recording as it was before is as good as none.
        if (!ready && job is { IsReady: true, IsGrowing: false }) job = null;
        return new RecordingFile
        {
            Name = file.Name,
            Kind = file.Kind switch
            {
                FileKind.Track => "track",
                FileKind.Mix => "mix",
                FileKind.Bundle => "bundle",
                FileKind.Transcript => "transcript",
                _ => "info",
            },
            UserId = file.Track?.UserId.ToString(CultureInfo.InvariantCulture),
            Format = file.Kind == FileKind.Bundle ? "zip" : file.Format,
            Bytes = ready ? job!.Length : null,
            State = ready ? "ready" : file.IsAutomatic || job is not null ? "rendering" : "onRequest",
            Progress = Progress(plan, job, ready),
            // Where the caller came from: a link's cookie is good for the page's own way alone.
            Url = options.RootOf(context.Request)
                + (PageAddress.Of(context) is { } page ? $"{page}/api" : $"/api/recordings/{plan.Recording}")
                + $"/files/{Uri.EscapeDataString(file.Cut is null ? file.Name : file.Key)}",
        };
    }

    private static double Progress(RenderPlan plan, RenderJob? job, bool ready)
    {
        if (job is null) return 0;
        if (job.IsGrowing) return plan.TotalSamples == 0 ? 0 : Math.Round(Math.Min(1, (double)job.Samples / plan.TotalSamples), 3);
        return ready ? 1 : job.PartCount > 0 ? Math.Round((double)job.Parts.Count / job.PartCount, 3) : 0;
    }
}
