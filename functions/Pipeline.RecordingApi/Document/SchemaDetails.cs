using System.Globalization;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Http;

namespace Pipeline.RecordingApi.Document;

/// <summary>Completes a schema of the document: what must be there, and within which bounds.</summary>
internal static class SchemaDetails
{
    private static readonly string[] OfStart = ["sessionId", "guildId", "guildName", "channelId", "userId", "recordedAt"];

    private static readonly string[] OfUpload =
        ["userId", "username", "segmentIndex", "fileName", "fileSize", "absoluteStartTime", "absoluteEndTime", "duration", "format"];

    /// <summary>
    /// What a request must say. Its classes allow everything to be absent, so that a check can name what is; a test holds this list to the
    /// checks.
    /// </summary>
    internal static Dictionary<Type, string[]> Demanded { get; } = new()
    {
        [typeof(InitLiveRequest)] = OfStart,
        [typeof(BatchInitRequest)] = [.. OfStart, "sessionStartTime", "sessionEndTime", "duration", "participantCount", "totalSize",
            "format", "segments"],
        [typeof(SegmentUploadRequest)] = OfUpload,
        [typeof(FinalizeSegment)] = [.. OfUpload, "filePath", "blobUrl"],
        [typeof(FinalizeRequest)] = ["sessionEndTime", "duration", "totalSize", "participantCount"],
        [typeof(FinalizePartRequest)] = ["list", "first", "segments"],
        [typeof(CompleteRequest)] = ["files"],
        [typeof(CompletedFile)] = ["fileIndex", "blobUrl", "userId", "username", "fileName", "filePath"],
        [typeof(TitleRequest)] = [],
        [typeof(InitLiveResponse)] = ["recordingId", "status", "finalizePartSegments"],
        [typeof(SegmentUploadResponse)] = ["uploadUrl", "blobPath"],
        [typeof(BatchInitResponse)] = ["recordingId", "uploadUrls"],
        [typeof(BatchUploadUrl)] = ["fileIndex", "uploadUrl", "blobPath"],
        [typeof(FinalizeResponse)] = ["recording"],
        [typeof(FinalizedRecording)] = ["id", "sessionId", "status", "duration", "participantCount", "segmentCount", "totalSize",
            "downloadUrls"],
        [typeof(DeletionState)] = ["recordingId", "status", "remainingFiles"],
        // What is put and what is got; an absent list is an empty one.
        [typeof(GuildSettings)] = [],
        [typeof(ShareRequest)] = [],
    };

    // Where the parts of a recording's end stand in a request.
    private static readonly Dictionary<Type, string> WayTo = new()
    {
        [typeof(MissingSegment)] = "missingSegments.",
        [typeof(RecordingGap)] = "gaps.",
        [typeof(RecordingNote)] = "notes.",
        [typeof(ConsentLedger)] = "consent.",
        [typeof(ConsentEntry)] = "consent.entries.",
    };

    public static Task DescribeAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellation)
    {
        if (context.JsonPropertyInfo is { } property) Bound(schema, property);
        if (context.JsonTypeInfo.Kind == JsonTypeInfoKind.Object) Demand(schema, context.JsonTypeInfo);
        return Task.CompletedTask;
    }

    // Of an answer everything is there that cannot be null; nulls are left out.
    private static void Demand(OpenApiSchema schema, JsonTypeInfo type)
    {
        string[] names = Demanded.TryGetValue(type.Type, out string[]? listed) ? listed
            : [.. type.Properties.Where(IsAlwaysThere).Select(property => property.Name)];
        if (listed is not null) foreach (string name in names) NotNull(schema, name);
        schema.Required = names.Length == 0 ? null : names.Where(name => schema.Properties?.ContainsKey(name) == true).ToHashSet();
    }

    // The classes allow null so that a check can name what is absent; on the wire it is refused, or never written.
    private static void NotNull(OpenApiSchema schema, string name)
    {
        if (schema.Properties?.TryGetValue(name, out IOpenApiSchema? property) != true) return;
        if (property is OpenApiSchema { Type: { } type } plain) plain.Type = type & ~JsonSchemaType.Null;
        if (property is OpenApiSchema { OneOf: { Count: 2 } either } && either.OfType<OpenApiSchemaReference>().FirstOrDefault() is { } one)
            schema.Properties[name] = one;
    }

    private static bool IsAlwaysThere(JsonPropertyInfo property) => !property.IsExtensionData && property.Get is not null
        && (property.PropertyType.IsValueType ? Nullable.GetUnderlyingType(property.PropertyType) is null : !property.IsGetNullable);

    private static void Bound(OpenApiSchema schema, JsonPropertyInfo property)
    {
        Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (type == typeof(DateTimeOffset))
        {
            // Where a converter reads it, nothing else says what it is.
            (schema.Type, schema.Format) = (JsonSchemaType.String | (schema.Type & JsonSchemaType.Null), "date-time");
            return;
        }
        if (property.NumberHandling?.HasFlag(JsonNumberHandling.WriteAsString) == true)
        {
            // An id of Discord, which a reader in JavaScript would round.
            (schema.Type, schema.Format) = (JsonSchemaType.String | (schema.Type & JsonSchemaType.Null), null);
            schema.Pattern = "^[0-9]+$";
            return;
        }
        if (WayTo.TryGetValue(property.DeclaringType, out string? way) && Bounds.LengthOf(way + property.Name) is { } most)
        {
            (type == typeof(string) ? schema : (OpenApiSchema)schema.Items!).MaxLength = most;
            return;
        }
        // A list by time may begin before the recording, of a caller who says milliseconds.
        if (property.DeclaringType == typeof(SegmentEntry) && property.Name == "startSample") return;
        if (Bounds.Find(property.Name) is not { } bound) return;
        if (type == typeof(string))
        {
            (schema.MinLength, schema.MaxLength) = ((int)bound.Least, Bounds.MostUnits);
            schema.Description = $"{bound.Least} to {bound.Most} characters as a reader counts them; control characters are taken away";
        }
        else if (type == typeof(int) || type == typeof(long))
        {
            schema.Minimum = bound.Least.ToString(CultureInfo.InvariantCulture);
            if (bound.Most is not (int.MaxValue or long.MaxValue)) schema.Maximum = bound.Most.ToString(CultureInfo.InvariantCulture);
        }
    }
}
