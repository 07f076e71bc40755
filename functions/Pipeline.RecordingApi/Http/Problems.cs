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

    public static IResult UnknownRecording() => Of(StatusCodes.Status404NotFound, "No such recording");

    public static IResult Finished(string recordingId, string currentStatus) => Of(new ProblemBody
    {
        Status = StatusCodes.Status409Conflict,
        Title = "The recording is finished",
        CurrentStatus = currentStatus,
        RecordingId = recordingId,
    });

    public static IResult Invalid(IReadOnlyDictionary<string, string[]> errors) => Of(new ProblemBody
    {
        Status = StatusCodes.Status400BadRequest,
        Title = "The request is not valid",
        Detail = string.Join("; ", errors.Take(3).Select(error => $"{error.Key} {error.Value[0]}")),
        Errors = errors,
    });

    public static IResult TooLarge(long limit) => Of(StatusCodes.Status413PayloadTooLarge, "The body is too large", $"at most {limit} bytes");
}
