using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Transcripts;

/// <summary>One request to a service: its time limit, its answer's size, and what each answer means.</summary>
internal sealed class TranscriptionHttp : IDisposable
{
    private const int LongestAnswer = 16 << 20;

    private readonly HttpClient client;
    private readonly TranscriptionOptions options;
    private readonly TimeProvider time;

    public TranscriptionHttp(TranscriptionOptions options, TimeProvider time)
    {
        (this.options, this.time) = (options, time);
        // A redirect would carry sound and key somewhere else.
        SocketsHttpHandler handler = new() { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(10) };
        client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = LongestAnswer };
    }

    /// <exception cref="TranscriptionException">There was no answer, or another one than the expected.</exception>
    public async Task<T> PostAsync<T>(Uri address, HttpContent content, Action<HttpRequestMessage> sign, JsonTypeInfo<T> type,
        CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, address) { Content = content };
        sign(request);
        using CancellationTokenSource patience = new(options.Timeout, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        try
        {
            using HttpResponseMessage answer = await client.SendAsync(request, HttpCompletionOption.ResponseContentRead, either.Token);
            byte[] body = await answer.Content.ReadAsByteArrayAsync(either.Token);
            if (!answer.IsSuccessStatusCode) throw Refused(answer);
            return JsonSerializer.Deserialize(body, type) ?? throw new JsonException("null");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TranscriptionException($"it did not answer within {options.Timeout.TotalSeconds:0} s");
        }
        catch (Exception nonsense) when (nonsense is JsonException or InvalidOperationException or NotSupportedException)
        {
            throw new TranscriptionException($"its answer makes no transcript ({StorageFault.Describe(nonsense)})", nonsense);
        }
        catch (Exception unreachable) when (unreachable is HttpRequestException or IOException or SocketException)
        {
            throw new TranscriptionException($"it cannot be reached ({StorageFault.Describe(unreachable)})", unreachable);
        }
    }

    public void Dispose() => client.Dispose();

    // The body is not told: some services repeat the key in it.
    private TranscriptionException Refused(HttpResponseMessage answer)
    {
        HttpStatusCode status = answer.StatusCode;
        string what = status switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => $"it refused Transcription__Key with {(int)status}",
            HttpStatusCode.NotFound => "it answered 404: Transcription__Endpoint or Transcription__Kind is wrong",
            _ => $"it answered {(int)status}",
        };
        TimeSpan? wait = answer.Headers.RetryAfter is { } asked ? asked.Delta ?? asked.Date - time.GetUtcNow() : null;
        bool isAboutTheSound = status is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge
            or HttpStatusCode.UnsupportedMediaType or HttpStatusCode.UnprocessableEntity;
        return new TranscriptionException(what) { RetryAfter = wait, IsAboutTheSound = isAboutTheSound };
    }
}
