using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Pipeline.Delivery.ApiClient;

/// <summary>The recording API by HTTP, our own too. Retries and the circuit breaker sit in the client's handlers.</summary>
public sealed class RecordingApiClient(IHttpClientFactory clients, RecordingApiAddress address)
{
    /// <summary>Name of the HTTP client that carries the resilience handlers.</summary>
    public const string HttpClientName = "recording-api";

    /// <summary>A finalize answer names every file of a recording, some hundred bytes each.</summary>
    public const int LongestAnswer = 32 * 1024 * 1024;

    /// <returns>The answer of 200/201, or what a 409 says; both null when the service lacks the operation (404, 405, 501).</returns>
    public async Task<(InitLiveResponse? Answer, FinishedAnswer? Finished)> InitLiveAsync(InitLiveRequest request,
        CancellationToken cancellation)
    {
        using HttpResponseMessage response = await PostAsync("recordings/init-live", request, WireJsonContext.Plain.InitLiveRequest,
            cancellation);
        if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented)
            return (null, null);
        if (response.StatusCode == HttpStatusCode.Conflict)
            return (null, await ReadAsync(response, WireJsonContext.Default.FinishedAnswer, "init-live", cancellation));
        Demand(response, "init-live");
        return (await ReadAsync(response, WireJsonContext.Default.InitLiveResponse, "init-live", cancellation), null);
    }

    /// <returns>The upload URL, or why there is none.</returns>
    public async Task<ApiAnswer<SegmentUploadResponse>> SegmentUploadUrlAsync(string recordingId, SegmentUploadRequest request,
        CancellationToken cancellation)
    {
        using HttpResponseMessage response = await PostAsync(Path(recordingId, "segment-upload-url"), request,
            WireJsonContext.Plain.SegmentUploadRequest, cancellation);
        if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone or HttpStatusCode.Conflict
            or HttpStatusCode.UnavailableForLegalReasons) return new(null, response.StatusCode);
        Demand(response, "segment-upload-url");
        return new(await ReadAsync(response, WireJsonContext.Default.SegmentUploadResponse, "segment-upload-url", cancellation),
            response.StatusCode);
    }

    /// <summary>How many segments of a list the service takes in one part; null where it takes lists in one request only.</summary>
    public async Task<int?> PartLengthAsync(InitLiveRequest request, CancellationToken cancellation)
    {
        // Asked of a recording that is there already, which is no fault; a finished one is answered with 409 and the same field.
        (InitLiveResponse? answer, FinishedAnswer? finished) = await InitLiveAsync(request, cancellation);
        return (answer?.FinalizePartSegments ?? finished?.FinalizePartSegments) is { } length and > 0 ? length : null;
    }

    /// <summary>Sends a part of a list that is finalized afterwards; repeating it is no fault.</summary>
    /// <returns>204, or 404 for an unknown recording.</returns>
    public async Task<HttpStatusCode> PutPartAsync(string recordingId, int number, FinalizePartRequest part,
        CancellationToken cancellation)
    {
        string path = string.Create(CultureInfo.InvariantCulture, $"{Path(recordingId, "finalize")}/parts/{number}");
        using HttpResponseMessage response = await SendAsync(HttpMethod.Put, path, part, WireJsonContext.Plain.FinalizePartRequest,
            cancellation);
        if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone) return response.StatusCode;
        // The ledger has changed since: the next try sends another list.
        if (response.StatusCode == HttpStatusCode.Conflict)
            throw new RecordingApiException("the service has that part with other content", isTransient: true, null, null);
        Demand(response, "finalize/parts");
        return response.StatusCode;
    }

    /// <summary>Finishes a recording.</summary>
    public async Task<FinalizeOutcome> FinalizeAsync(string recordingId, FinalizeRequest request, CancellationToken cancellation)
    {
        using HttpResponseMessage response = await PostAsync(Path(recordingId, "finalize"), request,
            WireJsonContext.Plain.FinalizeRequest, cancellation);
        if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone) return new(new(null, response.StatusCode), null);
        if (response.StatusCode == HttpStatusCode.Conflict)
        {
            IReadOnlyList<int>? missing = request.Parts is null ? null
                : (await ReadAsync(response, WireJsonContext.Default.FinishedAnswer, "finalize", cancellation)).MissingParts;
            return new(new(null, response.StatusCode), missing);
        }
        Demand(response, "finalize");
        FinalizeResponse answer = await ReadAsync(response, WireJsonContext.Default.FinalizeResponse, "finalize", cancellation);
        return new(new(answer, response.StatusCode), null);
    }

    /// <returns>One upload URL per segment of the request; null when the service says that the recording is finished (409).</returns>
    public async Task<BatchInitResponse?> BatchInitAsync(BatchInitRequest request, CancellationToken cancellation)
    {
        using HttpResponseMessage response = await PostAsync("recordings/init", request, WireJsonContext.Plain.BatchInitRequest,
            cancellation);
        if (response.StatusCode == HttpStatusCode.Conflict) return null;
        Demand(response, "init");
        return await ReadAsync(response, WireJsonContext.Default.BatchInitResponse, "init", cancellation);
    }

    /// <returns>False when the service says that the recording was completed with other files (409).</returns>
    public async Task<bool> CompleteAsync(string recordingId, CompleteRequest request, CancellationToken cancellation)
    {
        using HttpResponseMessage response = await PostAsync(Path(recordingId, "complete"), request,
            WireJsonContext.Plain.CompleteRequest, cancellation);
        if (response.StatusCode == HttpStatusCode.Conflict) return false;
        Demand(response, "complete");
        return true;
    }

    /// <summary>How long a 429 or 503 asks to wait.</summary>
    public static TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - (response.Headers.Date ?? date),
        _ => null,
    };

    private static string Path(string recordingId, string operation) => $"recordings/{Uri.EscapeDataString(recordingId)}/{operation}";

    private Task<HttpResponseMessage> PostAsync<T>(string path, T body, JsonTypeInfo<T> type, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Post, path, body, type, cancellation);

    private async Task<HttpResponseMessage> SendAsync<T>(HttpMethod method, string path, T body, JsonTypeInfo<T> type,
        CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(method, address.Resolve(path));
        // A body of known length: some servers refuse chunked ones.
        request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, type));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json", "utf-8");
        if (address.Key is { } shown) request.Headers.TryAddWithoutValidation(shown.Header, shown.Key);
        try
        {
            return await clients.CreateClient(HttpClientName).SendAsync(request, cancellation);
        }
        catch (HttpRequestException large) when (large.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new RecordingApiException($"the recording API answered more than {LongestAnswer} bytes", isTransient: false, null, large);
        }
        catch (Exception fault) when (fault is HttpRequestException or TimeoutRejectedException or BrokenCircuitException)
        {
            TimeSpan? wait = fault is BrokenCircuitException { RetryAfter: { } after } ? after : null;
            string why = fault is BrokenCircuitException ? "it has failed too often just now" : fault is TimeoutRejectedException
                ? "no answer in time" : Cause.OfNetwork(fault);
            throw new RecordingApiException($"the recording API does not answer: {why}", isTransient: true, wait, fault);
        }
    }

    private static void Demand(HttpResponseMessage response, string operation)
    {
        if (response.IsSuccessStatusCode) return;
        int status = (int)response.StatusCode;
        // 401 and 403 are the owner's setting, not the message's fault: it must survive until the key is right.
        bool transient = status is 401 or 403 or 408 or 425 or 429 or >= 500;
        throw new RecordingApiException($"{operation} answered {status}", transient, RetryAfter(response), null);
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, string operation,
        CancellationToken cancellation)
    {
        try
        {
            await using Stream body = await response.Content.ReadAsStreamAsync(cancellation);
            return await JsonSerializer.DeserializeAsync(body, type, cancellation)
                ?? throw new RecordingApiException($"{operation} answered null", isTransient: false, null, null);
        }
        catch (JsonException unreadable)
        {
            throw new RecordingApiException($"{operation} answered what is no JSON of the contract", isTransient: false, null, unreadable);
        }
    }
}

/// <param name="MissingParts">With 409: the parts of the list that the service does not have; null where it has the recording finished
/// with other segments.</param>
public sealed record FinalizeOutcome(ApiAnswer<FinalizeResponse> Said, IReadOnlyList<int>? MissingParts);
