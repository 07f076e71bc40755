using System.Globalization;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Http;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Deletion;

/// <summary>
/// Forgets one person in all recordings of a server, or in one: takes the wish, and does it from the queue <c>recording-deletions</c>, some
/// seconds at a time, in two rounds: what was on its way during the first goes with the second. When no upload URL is valid any longer it
/// looks once more, without a word. Every step may be repeated or cut off.
/// </summary>
public sealed class PersonForgetting(ForgetTable table, CatalogueTable catalogue, PersonRemoval removal, DeletionMessages messages,
    TimeProvider time, ILogger<PersonForgetting> log)
{
    /// <summary>A message that is so late is lost.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private const int PageLength = 10;
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(10);

    // A render that began before reads for 15 s at most; an upload URL that was handed out before is used within seconds as a rule.
    private static readonly TimeSpan SecondRoundAfter = TimeSpan.FromSeconds(60);

    public async Task<IResult> PutAsync(HttpContext context, string guildId, string userId) =>
        Check(guildId, userId) ?? await BeginAsync(context, guildId, userId);

    public async Task<IResult> GetAsync(HttpContext context, string guildId, string userId) =>
        Check(guildId, userId) ?? await TellAsync(context, guildId, userId);

    /// <summary>Also where nobody has told this API of the recording yet: it is the first that it hears of it then.</summary>
    public async Task<IResult> PutOfRecordingAsync(HttpContext context, string recordingId, string userId)
    {
        if (Check(null, userId) is { } fault) return fault;
        return RecordingId.TryParse(recordingId, out RecordingId id) ? await BeginAsync(context, id.ToString(), userId)
            : Problems.UnknownRecording();
    }

    public async Task<IResult> GetOfRecordingAsync(HttpContext context, string recordingId, string userId)
    {
        if (Check(null, userId) is { } fault) return fault;
        return RecordingId.TryParse(recordingId, out RecordingId id) ? await TellAsync(context, id.ToString(), userId)
            : Problems.UnknownRecording();
    }

    private async Task<IResult> BeginAsync(HttpContext context, string scope, string userId)
    {
        ForgetState state = await table.BeginAsync(scope, Number(userId), time.GetUtcNow(), context.RequestAborted);
        await SendAsync(state, TimeSpan.Zero, context.RequestAborted);
        PersonErasure told = await table.DescribeAsync(state, context.RequestAborted);
        context.Response.Headers.RetryAfter = RecordingDeletion.RetryAfterSeconds;
        return Results.Json(told, WireJsonContext.Default.PersonErasure, statusCode: StatusCodes.Status202Accepted);
    }

    private async Task<IResult> TellAsync(HttpContext context, string scope, string userId) =>
        await table.FindAsync(scope, Number(userId), context.RequestAborted) is { } state
            ? Results.Json(await table.DescribeAsync(state, context.RequestAborted), WireJsonContext.Default.PersonErasure)
            : Problems.Of(StatusCodes.Status404NotFound, "Nobody has asked for this person's erasure");

    /// <summary>One message of the queue.</summary>
    public async Task RunAsync(ForgetPerson message, CancellationToken cancellation)
    {
        if (await table.FindAsync(message.Scope, message.UserId, cancellation) is not { IsOver: false } state) return;
        if (message.Look < state.Number) return;
        long began = time.GetTimestamp();
        string? cursor = state.Cursor;
        if (RecordingId.TryParse(state.Scope, out RecordingId one))
        {
            await RemoveAsync(state, one, cancellation);
            await GoOnAsync(state, null, cancellation);
            return;
        }
        do
        {
            (List<CatalogueRecording> page, string? next) = await catalogue.ListAsync(state.Scope, PageLength, cursor, cancellation);
            foreach (CatalogueRecording recording in page) await RemoveAsync(state, RecordingId.Parse(recording.Details.Id), cancellation);
            cursor = next;
        }
        while (cursor is not null && time.GetElapsedTime(began) < Budget);
        await GoOnAsync(state, cursor, cancellation);
    }

    /// <summary>Sends the messages again that were lost.</summary>
    public async Task RemindAsync(CancellationToken cancellation)
    {
        List<ForgetState> late = [];
        await foreach (ForgetState state in table.ListAsync(cancellation))
        {
            if (time.GetUtcNow() - state.DueAt >= Patience) late.Add(state);
        }
        foreach (ForgetState state in late)
        {
            if (await table.TryMoveAsync(state with { DueAt = time.GetUtcNow() }, cancellation))
                await SendAsync(state, TimeSpan.Zero, cancellation);
        }
    }

    private Task RemoveAsync(ForgetState state, RecordingId id, CancellationToken cancellation) => state.FinishedAt is not null
        ? removal.LookAgainAsync(id, state.UserId, time.GetUtcNow(), cancellation)
        : removal.RunAsync(id, state.UserId, time.GetUtcNow(), (segments, samples, isNamed) =>
            table.CountAsync(state, id, segments, samples, cancellation, isNamed), cancellation);

    // Written before it is sent: a message that is lost in between is missed by the sweep. Of two copies one goes on.
    private async Task GoOnAsync(ForgetState state, string? cursor, CancellationToken cancellation)
    {
        bool roundIsOver = cursor is null;
        DateTimeOffset now = time.GetUtcNow();
        bool isErased = roundIsOver && state.IsLastRound && state.FinishedAt is null;
        TimeSpan delay = isErased ? RecordingErasure.LastLookAfter : roundIsOver && !state.IsLastRound ? SecondRoundAfter : TimeSpan.Zero;
        ForgetState next = state with
        {
            Number = state.Number + 1,
            Cursor = cursor,
            IsLastRound = state.IsLastRound || roundIsOver,
            FinishedAt = isErased ? now : state.FinishedAt,
            IsOver = roundIsOver && state.FinishedAt is not null,
            DueAt = now + delay,
        };
        if (!await table.TryMoveAsync(next, cancellation)) return;
        if (!next.IsOver) await SendAsync(next, delay, cancellation);
        if (isErased) ApiLog.PersonForgotten(log, state.Scope);
    }

    private Task SendAsync(ForgetState state, TimeSpan delay, CancellationToken cancellation) => messages.SendAsync(
        new ForgetPerson { Scope = state.Scope, UserId = state.UserId, Look = state.Number }, delay, cancellation);

    /// <param name="guildId">Null where it is about a recording.</param>
    private static IResult? Check(string? guildId, string userId)
    {
        FieldErrors errors = new();
        if (guildId is not null) errors.Snowflake("guildId", guildId);
        errors.Snowflake("userId", userId);
        return errors.Any ? errors.ToProblem() : null;
    }

    private static ulong Number(string id) => ulong.Parse(id, CultureInfo.InvariantCulture);
}
