using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Pipeline.Contracts.Api;

namespace Pipeline.RecordingApi.Http;

/// <summary>Reads a bounded JSON body; whatever is wrong with it comes back as an answer that names the field.</summary>
internal static class JsonBody
{
    /// <summary>Of bodies that list segments. Who sends a list in parts stays at half of it, however long the names are.</summary>
    public const long FinalizeLimit = 2 * FinalizePartRequest.MostBytes;

    public const long Limit = 64 * 1024;

    // One for each context: options are dear to make.
    private static readonly ConcurrentDictionary<JsonSerializerOptions, JsonSerializerOptions> strict = new();

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
            T? body = await JsonSerializer.DeserializeAsync(context.Request.Body, StrictOf(type), context.RequestAborted);
            return body is null ? (null, Problems.Invalid(FieldErrors.One("body", "must be a JSON object"))) : (body, null);
        }
        catch (BadHttpRequestException large) when (large.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return (null, Problems.TooLarge(limit));
        }
        catch (JsonException unreadable)
        {
            string field = unreadable.Path is { Length: > 2 } path ? path[2..] : "body";
            return (null, Problems.Invalid(FieldErrors.One(field, Fault(unreadable))));
        }
    }

    private static string Fault(JsonException unreadable) =>
        unreadable is UnzonedTimeException ? UnzonedTimeException.Fault : "is not what the contract says, or stands twice";

    // Of two fields with one name readers take either: a body that somebody has checked could be read otherwise here. Unknown fields are
    // passed over, so that an older API takes what a newer caller says.
    private static JsonTypeInfo<T> StrictOf<T>(JsonTypeInfo<T> type) =>
        (JsonTypeInfo<T>)strict.GetOrAdd(type.Options,
            static options => new JsonSerializerOptions(options) { AllowDuplicateProperties = false }).GetTypeInfo(typeof(T));
}
