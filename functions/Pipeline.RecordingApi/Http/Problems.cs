using Pipeline.Contracts;
using Pipeline.Contracts.Api;

namespace Pipeline.RecordingApi.Http;

/// <summary>Faults as problem details (RFC 9457).</summary>
internal static class Problems
{
    private const string MediaType = "application/problem+json";

    public static IResult Of(int status, string title, string? detail = null) =>
        Of(new ProblemBody { Status = status, Title = title, Detail = detail });

    public static IResult Of(ProblemBody body) => Results.Json(body, WireJsonContext.Default.ProblemBody, MediaType, body.Status);

    /// <summary>A segment of somebody who is erased from the recording.</summary>
    /// <param name="errors">Which of several; null where there is one.</param>
    public static IResult Erased(FieldErrors? errors = null) => Of(new ProblemBody
    {
        Status = StatusCodes.Status451UnavailableForLegalReasons,
        Title = "The person is erased",
        Detail = "nothing of them is taken for this recording any more",
        Errors = errors?.ByField,
    });

    public static IResult UnknownRecording() => Of(StatusCodes.Status404NotFound, "No such recording");

    /// <param name="differences">What the request says otherwise, by field; null where that is not the reason.</param>
    public static IResult Finished(string recordingId, string currentStatus, IReadOnlyDictionary<string, string[]>? differences = null) =>
        Conflict("The recording is finished", recordingId, currentStatus, differences);

    /// <summary>A repeated request says something else than the first one did, and is not taken.</summary>
    public static IResult Conflict(string title, string recordingId, string currentStatus, IReadOnlyDictionary<string,
        string[]>? differences) => Of(new ProblemBody
        {
            Status = StatusCodes.Status409Conflict,
            Title = title,
            Detail = differences is null ? null : Summary(differences),
            CurrentStatus = currentStatus,
            RecordingId = recordingId,
            FinalizePartSegments = FinalizePartRequest.MostSegments,
            Errors = differences,
        });

    public static IResult Invalid(IReadOnlyDictionary<string, string[]> errors) => Of(new ProblemBody
    {
        Status = StatusCodes.Status400BadRequest,
        Title = "The request is not valid",
        Detail = Summary(errors),
        Errors = errors,
    });

    private static string Summary(IReadOnlyDictionary<string, string[]> errors) =>
        string.Join("; ", errors.Take(3).Select(error => $"{error.Key} {error.Value[0]}"));

    public static IResult TooLarge(long limit) =>
        Of(StatusCodes.Status413PayloadTooLarge, "The body is too large", $"at most {limit} bytes");
}
