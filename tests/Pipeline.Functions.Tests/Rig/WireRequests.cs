using System.Net;
using System.Text.Json.Nodes;

namespace Pipeline.Functions.Tests.Rig;

/// <summary>Requests of the recording API as any client writes them, about segments of four bytes that are Ada's.</summary>
internal static class WireRequests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static JsonObject Init(string session) => JsonNode.Parse($$"""
        {"sessionId":"{{session}}","guildId":"10","guildName":"Guild","channelId":"20","channelName":"General","userId":"30",
         "recordedAt":"2026-01-02T03:04:05Z"}
        """)!.AsObject();

    /// <summary>A recording that is over, with these segments.</summary>
    public static JsonObject BatchInit(string session, params ReadOnlySpan<JsonObject> segments)
    {
        JsonObject init = Init(session);
        foreach ((string name, JsonNode? value) in JsonNode.Parse("""
            {"sessionStartTime":1,"sessionEndTime":2,"duration":1,"participantCount":1,"totalSize":8,"format":"segmented"}
            """)!.AsObject()) init[name] = value!.DeepClone();
        init["segments"] = new JsonArray([.. segments]);
        return init;
    }

    public static JsonObject Segment(int index, string userId = "5", string username = "Ada") => JsonNode.Parse($$"""
        {"userId":"{{userId}}","username":"{{username}}","segmentIndex":{{index}},
         "fileName":"segment_{{index:D3}}.wav","fileSize":4,
         "absoluteStartTime":{{1_000_000 + (index * 10_000L)}},"absoluteEndTime":{{1_010_000 + (index * 10_000L)}},
         "duration":10000,"format":"wav"}
        """)!.AsObject();

    /// <summary>An entry of <c>complete</c> for a place that <c>init</c> gave.</summary>
    public static JsonObject Completed(JsonNode place, string userId = "5", string username = "Ada") => new()
    {
        ["fileIndex"] = (int)place["fileIndex"]!,
        ["blobUrl"] = new Uri((string)place["uploadUrl"]!).GetLeftPart(UriPartial.Path),
        ["userId"] = userId,
        ["username"] = username,
        ["fileName"] = "a.wav",
        ["filePath"] = $"{username}/a.wav",
    };

    /// <summary>Puts the segments where the API has them put.</summary>
    public static Task PutSegmentsAsync(App app, string id, int count) => Parallel.ForEachAsync(
        Enumerable.Range(0, count),
        new ParallelOptions { MaxDegreeOfParallelism = 24, CancellationToken = Cancellation },
        async (index, stop) =>
            await app.Storage.Recordings.GetBlobClient($"{id}/5-Ada/segment_{index:D3}.wav")
            .UploadAsync(new BinaryData([1, 2, 3, 4]), overwrite: true, stop));

    public static JsonObject End(App app, string id, int count)
    {
        Uri account = new(app.Storage.Blobs.Uri.AbsoluteUri.TrimEnd('/') + "/");
        JsonArray segments = [];
        for (int i = 0; i < count; i++)
        {
            JsonObject segment = Segment(i);
            segment["filePath"] = $"5-Ada/segment_{i:D3}.wav";
            segment["blobUrl"] = $"{account}recordings/{id}/5-Ada/segment_{i:D3}.wav";
            segments.Add(segment);
        }
        return new JsonObject
        {
            ["sessionEndTime"] = 2_000_000,
            ["duration"] = 1_000_000,
            ["totalSize"] = 4 * count,
            ["participantCount"] = 1,
            ["segments"] = segments
        };
    }

    public static async Task<(HttpStatusCode Status, JsonNode Body)> PostAsync(App app, string path, JsonObject body)
    {
        using HttpResponseMessage response = await app.PostAsync($"api/{path}", body.ToJsonString());
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancellation))!);
    }

    public static async Task<HttpStatusCode> PutAsync(HttpClient http, Uri url)
    {
        using HttpRequestMessage request = new(HttpMethod.Put, url) { Content = new ByteArrayContent([1, 2, 3, 4]) };
        request.Content.Headers.ContentType = new("audio/wav");
        request.Headers.Add("x-ms-blob-type", "BlockBlob");
        using HttpResponseMessage response = await http.SendAsync(request, Cancellation);
        return response.StatusCode;
    }
}
