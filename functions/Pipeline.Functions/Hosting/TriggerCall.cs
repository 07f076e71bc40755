using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;

namespace Pipeline.Functions.Hosting;

/// <summary>One call of a handler as the Functions host makes it, and the host's judgement of the answer.</summary>
internal static class TriggerCall
{
    /// <returns>True for 200 with a JSON object, false for any other answer or none.</returns>
    public static async Task<bool> PostAsync(HttpClient http, Uri address, string? key, byte[] envelope, CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, address);
        request.Content = new ByteArrayContent(envelope);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json", "utf-8");
        request.Headers.TransferEncodingChunked = true;
        if (key is not null) request.Headers.TryAddWithoutValidation("x-functions-key", key);
        try
        {
            using HttpResponseMessage response = await http.SendAsync(request, cancellation);
            if (response.StatusCode != HttpStatusCode.OK) return false;
            await using Stream body = await response.Content.ReadAsStreamAsync(cancellation);
            using JsonDocument answer = await JsonDocument.ParseAsync(body, cancellationToken: cancellation);
            return answer.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (Exception fault) when (fault is HttpRequestException or SocketException or JsonException or IOException or OperationCanceledException)
        {
            return false;
        }
    }
}
