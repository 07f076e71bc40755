using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Pipeline.RecordingApi.Http;

/// <summary>Reads a bounded JSON body; whatever is wrong with it comes back as an answer that names the field.</summary>
internal static class JsonBody
{
    public const long FinalizeLimit = 16 * 1024 * 1024;
    public const long Limit = 64 * 1024;

    /// <returns>The body, or the answer to give instead.</returns>
    public static async Task<(T? Body, IResult? Fault)> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type, long limit)
        where T : class
    {
        // A page of another site can have a browser send text without asking; for this type it has to ask first, and is refused.
        if (!context.Request.HasJsonContentType())
            return (null, Problems.Of(StatusCodes.Status415UnsupportedMediaType, "The body must be application/json"));
        if (context.Request.ContentLength > limit) return (null, Problems.TooLarge(limit));
        BodyLimit.Set(context, limit);
        try
        {
            T? body = await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted);
            return body is null ? (null, Problems.Invalid(FieldErrors.One("body", "must be a JSON object"))) : (body, null);
        }
        catch (BadHttpRequestException large) when (large.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return (null, Problems.TooLarge(limit));
        }
        catch (JsonException unreadable)
        {
            string field = unreadable.Path is { Length: > 2 } path ? path[2..] : "body";
            return (null, Problems.Invalid(FieldErrors.One(field, "is not what the contract says")));
        }
    }
}
