using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pipeline.Contracts.Api;

/// <summary>JSON of the recording API as both ends speak it: camelCase, nulls left out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    PropertyNameCaseInsensitive = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(InitLiveRequest))]
[JsonSerializable(typeof(InitLiveResponse))]
[JsonSerializable(typeof(FinishedAnswer))]
[JsonSerializable(typeof(SegmentUploadRequest))]
[JsonSerializable(typeof(SegmentUploadResponse))]
[JsonSerializable(typeof(FinalizeRequest))]
[JsonSerializable(typeof(FinalizePartRequest))]
[JsonSerializable(typeof(FinalizeResponse))]
[JsonSerializable(typeof(BatchInitRequest))]
[JsonSerializable(typeof(BatchInitResponse))]
[JsonSerializable(typeof(CompleteRequest))]
[JsonSerializable(typeof(RecordingPage))]
[JsonSerializable(typeof(RecordingFiles))]
[JsonSerializable(typeof(RecordingFile))]
[JsonSerializable(typeof(RecordingDetails))]
[JsonSerializable(typeof(DeletionState))]
[JsonSerializable(typeof(PersonErasure))]
[JsonSerializable(typeof(GuildSettings))]
[JsonSerializable(typeof(HealthReport))]
[JsonSerializable(typeof(ProblemBody))]
[JsonSerializable(typeof(SegmentPage))]
[JsonSerializable(typeof(TitleRequest))]
[JsonSerializable(typeof(ShareRequest))]
[JsonSerializable(typeof(ShareDetails))]
[JsonSerializable(typeof(ShareList))]
public sealed partial class WireJsonContext : JsonSerializerContext
{
    /// <summary>
    /// Writes names as they are. The default writes <c>\uXXXX</c> for each letter beyond ASCII, which makes a Cyrillic one three times as
    /// long. For bodies only: what stands in a web page needs the default.
    /// </summary>
    public static WireJsonContext Plain => plain.Value;

    // Lazy, because the other half of this class makes what it is made from, and nobody knows which half comes first.
    private static readonly Lazy<WireJsonContext> plain = new(() =>
        new(new JsonSerializerOptions(Default!.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
}
