using Pipeline.RecordingApi.Http;

namespace Pipeline.RecordingApi.Events;

/// <summary><c>GET /api/events?after=&amp;limit=</c>: the same events as the webhooks, for those who would rather ask.</summary>
public sealed class EventReads(EventTable table)
{
    private const int DefaultLimit = 100;
    private const int LargestLimit = 1_000;

    public async Task<IResult> ListAsync(HttpContext context)
    {
        IQueryCollection query = context.Request.Query;
        FieldErrors errors = new();
        int limit = errors.Limit(query, DefaultLimit, LargestLimit);
        string? after = query["after"] is [{ Length: > 0 } given] ? given : null;
        if (after is not null && !EventTable.IsPlace(after)) errors.Add("after", "must be the next of an earlier answer");
        if (errors.Any) return errors.ToProblem();
        List<StoredEvent> found = await table.ReadAsync(after, limit, context.RequestAborted);
        EventPage page = new() { Events = [.. found.Select(stored => stored.Event)], Next = found.Count > 0 ? found[^1].Place : after };
        return Results.Json(page, EventJsonContext.Default.EventPage);
    }
}
