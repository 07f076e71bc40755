using System.Globalization;
using Pipeline.Contracts;
using Pipeline.RecordingApi.Http;
using Pipeline.RecordingApi.Render;

namespace Pipeline.RecordingApi.Live;

/// <summary>Answers with the peaks that a waveform is drawn from.</summary>
public sealed class PeakOperations(RenderPlans plans, RenderTable table)
{
    private const int PerWindow = 600;

    public async Task<IResult> GetAsync(HttpContext context, string recordingId, string userId)
    {
        if (!RecordingId.TryParse(recordingId, out RecordingId id)) return Problems.UnknownRecording();
        FieldErrors errors = new();
        errors.Snowflake("userId", userId);
        if (errors.Any) return errors.ToProblem();
        ulong user = ulong.Parse(userId, CultureInfo.InvariantCulture);
        IQueryCollection query = context.Request.Query;
        if (!Seconds.TryRead(query, "from", 0, out double from) || !Seconds.TryRead(query, "to", double.MaxValue, out double to)
            || to < from) return Seconds.Refused();
        if (await plans.ReadAsync(id, context.RequestAborted) is not { } plan) return Problems.UnknownRecording();
        RenderTrack? track = plan.Tracks.FirstOrDefault(track => track.UserId == user);
        // Who is heard just now has a track as soon as something of it has arrived.
        if (track is null && plan.IsFinal)
            return Problems.Of(StatusCodes.Status404NotFound, "Unknown track", $"the recording has no track of user {user}");
        byte[] peaks = track is null ? []
            : await ReadAsync(plan, track, from, Math.Min(to, plan.TotalSamples / 48_000.0), context.RequestAborted);
        return Results.Bytes(peaks, "application/octet-stream", enableRangeProcessing: true);
    }

    // Silence is known to be silence; the answer ends where nothing is known yet.
    private async Task<byte[]> ReadAsync(RenderPlan plan, RenderTrack track, double from, double to, CancellationToken cancellation)
    {
        int first = (int)Math.Floor(from * 10), last = (int)Math.Ceiling(to * 10);
        SortedDictionary<int, RenderRow> rows = await table.ReadWindowsAsync(plan.Recording, RenderTable.TrackKey(track.UserId),
            withSound: true, cancellation, first / PerWindow, last / PerWindow);
        for (int window = first / PerWindow; window * PerWindow < last; window++)
        {
            bool isKnown = window < plan.WindowCount && (rows.ContainsKey(window)
                || !track.Between(RenderWindows.Start(window), RenderWindows.Start(window + 1)).Any());
            if (!isKnown) last = window * PerWindow;
        }
        byte[] peaks = new byte[Math.Max(0, last - first) * 2];
        foreach ((int window, RenderRow row) in rows)
        {
            for (int at = 0; at < row.Peaks.Length; at++)
            {
                int target = (((window * PerWindow) - first) * 2) + at;
                if (target >= 0 && target < peaks.Length) peaks[target] = row.Peaks[at];
            }
        }
        return peaks;
    }
}
