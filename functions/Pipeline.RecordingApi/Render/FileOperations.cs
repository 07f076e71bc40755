using System.Globalization;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Http;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Render;

/// <summary>Answers about downloads: which there are, where each is, and the peaks that a waveform is drawn from.</summary>
public sealed class FileOperations(RenderPlans plans, RenderTable table, RendersContainer container, MessageQueues queues,
    RenderSettings settings)
{
    private const int RetryAfterSeconds = 2;

    public async Task<IResult> ListAsync(HttpContext context, string recordingId)
    {
        if (!RecordingId.TryParse(recordingId, out RecordingId id) || await plans.ReadAsync(id, context.RequestAborted) is not { } plan)
            return Problems.UnknownRecording();
        RenderState state = await ReadStateAsync(plan, context.RequestAborted);
        RecordingFiles files =
            new() { Files = [.. FileCatalogue.All(plan, settings.Options).Select(file => Describe(context, plan, file, state))] };
        return Results.Json(files, WireJsonContext.Default.RecordingFiles);
    }

    public async Task<IResult> GetAsync(HttpContext context, string recordingId, string name)
    {
        if (!RecordingId.TryParse(recordingId, out RecordingId id) || await plans.ReadAsync(id, context.RequestAborted) is not { } plan)
            return Problems.UnknownRecording();
        if (FileCatalogue.Find(plan, settings.Options, name) is not { } file)
        {
            return Problems.Of(StatusCodes.Status404NotFound, "Unknown file",
                $"the recording has no file of this name; GET /api/recordings/{id}/files lists those that it has or can have");
        }
        RenderState state = await ReadStateAsync(plan, context.RequestAborted);
        if (state.IsReady(file))
            return Results.Redirect((await container.ReadLinkAsync($"{id}/{file.Key}", file.Name, context.RequestAborted)).AbsoluteUri);
        await AskAsync(plan, file, state, context.RequestAborted);
        context.Response.Headers.RetryAfter = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        return Results.Json(Describe(context, plan, file, state) with { State = "rendering" }, WireJsonContext.Default.RecordingFile,
            statusCode: StatusCodes.Status202Accepted);
    }

    public async Task<IResult> PeaksAsync(HttpContext context, string recordingId, string userId)
    {
        if (!RecordingId.TryParse(recordingId, out RecordingId id)) return Problems.UnknownRecording();
        if (!ulong.TryParse(userId, NumberStyles.None, CultureInfo.InvariantCulture, out ulong user))
            return Problems.Of(StatusCodes.Status400BadRequest, "Bad user id", $"'{userId}' is no user id, expected a decimal number");
        if (!TrySeconds(context, "from", 0, out double from) || !TrySeconds(context, "to", double.MaxValue, out double to) || to < from)
        {
            return Problems.Of(StatusCodes.Status400BadRequest, "Bad range",
                "from and to are seconds since the start, from 0, and to is not less than from");
        }
        if (await plans.ReadAsync(id, context.RequestAborted) is not { } plan) return Problems.UnknownRecording();
        if (plan.Tracks.All(track => track.UserId != user))
            return Problems.Of(StatusCodes.Status404NotFound, "Unknown track", $"the recording has no track of user {user}");
        byte[] peaks = await ReadPeaksAsync(plan, user, from, Math.Min(to, plan.TotalSamples / 48_000.0), context.RequestAborted);
        return Results.Bytes(peaks, "application/octet-stream", enableRangeProcessing: true);
    }

    private async Task<byte[]> ReadPeaksAsync(RenderPlan plan, ulong user, double from, double to, CancellationToken cancellation)
    {
        const int perWindow = 600;
        int first = (int)Math.Floor(from * 10), last = (int)Math.Ceiling(to * 10);
        byte[] peaks = new byte[Math.Max(0, last - first) * 2];
        SortedDictionary<int,
            RenderRow> rows = await table.ReadWindowsAsync(plan.Recording, RenderTable.TrackKey(user), withSound: true, cancellation,
            first / perWindow, last / perWindow);
        foreach ((int window, RenderRow row) in rows)
        {
            for (int at = 0; at < row.Peaks.Length; at++)
            {
                int target = (((window * perWindow) - first) * 2) + at;
                if (target >= 0 && target < peaks.Length) peaks[target] = row.Peaks[at];
            }
        }
        return peaks;
    }

    private static bool TrySeconds(HttpContext context, string name, double byDefault, out double seconds)
    {
        string? text = context.Request.Query[name];
        seconds = byDefault;
        return string.IsNullOrEmpty(text)
            || (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out seconds) && seconds <= 1_000_000);
    }

    private async Task AskAsync(RenderPlan plan, FileEntry file, RenderState state, CancellationToken cancellation)
    {
        if (!plan.IsFinal)
        {
            await queues.SendAsync(new RenderWindow { RecordingId = plan.Recording }, TimeSpan.Zero, cancellation);
            return;
        }
        IEnumerable<FileEntry> needed = file.Kind == FileKind.Bundle
            ? BundleFile.Members(plan, file, settings.Options).Where(member => !member.IsAutomatic && !state.IsReady(member)).Append(file)
            : [file];
        foreach (FileEntry wanted in needed)
            await queues.SendAsync(new RenderWindow { RecordingId = plan.Recording, File = wanted.IsAutomatic ? null : wanted.Key },
            TimeSpan.Zero, cancellation);
    }

    private async Task<RenderState> ReadStateAsync(RenderPlan plan, CancellationToken cancellation) =>
        new(await table.ReadJobsAsync(plan.Recording, cancellation));

    private static RecordingFile Describe(HttpContext context, RenderPlan plan, FileEntry file, RenderState state)
    {
        RenderJob? job = state.Find(file);
        bool ready = job?.IsReady == true;
        return new RecordingFile
        {
            Name = file.Name,
            Kind = file.Kind switch { FileKind.Track => "track", FileKind.Mix => "mix", FileKind.Bundle => "bundle", _ => "info" },
            UserId = file.Track?.UserId.ToString(CultureInfo.InvariantCulture),
            Format = file.Kind == FileKind.Bundle ? "zip" : file.Format,
            Bytes = ready ? job!.Length : null,
            State = ready ? "ready" : file.IsAutomatic || job is not null ? "rendering" : "onRequest",
            Progress = ready ? 1 : job is { PartCount: > 0 } ? Math.Round((double)job.Parts.Count / job.PartCount, 3) : 0,
            Url = $"{context.Request.Scheme}://{context.Request.Host}/api/recordings/{plan.Recording}/files/"
                + Uri.EscapeDataString(file.Name),
        };
    }

    /// <summary>Which files are whole.</summary>
    private sealed record RenderState(Dictionary<string, RenderJob> Jobs)
    {
        public RenderJob? Find(FileEntry file) => Jobs.GetValueOrDefault(file.Key);

        public bool IsReady(FileEntry file) => Find(file)?.IsReady == true;
    }
}
