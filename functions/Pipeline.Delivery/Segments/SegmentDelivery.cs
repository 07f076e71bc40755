using System.Text.Json;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Ledger;
using Pipeline.Storage;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Pipeline.Delivery.Segments;

/// <summary>
/// Brings the bytes of a temp blob to an upload URL and says where they live then: inside the storage service where that is
/// possible, else as a streamed PUT. It returns only when length and hash at the far end are known to be right.
/// </summary>
public sealed class SegmentDelivery(IHttpClientFactory clients, TempContainer temp, ServerCopy copy, LedgerTable ledger)
{
    /// <summary>Name of the HTTP client for uploads.</summary>
    public const string HttpClientName = "segment-upload";

    private const int LongestAnswer = 64 * 1024;

    /// <exception cref="SegmentFaultException">What lies at the far end, or in the temp container, is not what the message
    /// names.</exception>
    /// <exception cref="RecordingApiException">The far end does not take it.</exception>
    public async Task<Uri> DeliverAsync(LedgerSegment segment, TempBlob source, Uri uploadUrl, CancellationToken cancellation)
    {
        if (copy.CanCopy(source, uploadUrl) && await copy.TryCopyAsync(source, uploadUrl, cancellation)
            && await IsThereAsync(segment, uploadUrl, cancellation) is { } equal)
        {
            if (!equal) throw new SegmentFaultException(segment.Key, "conflict", "other bytes lie at its place");
            await copy.SettleAsync(uploadUrl, segment.ContentMd5, cancellation);
            return WithoutQuery(uploadUrl);
        }
        return await PutAsync(segment, source, uploadUrl, cancellation);
    }

    private async Task<Uri> PutAsync(LedgerSegment segment, TempBlob source, Uri uploadUrl, CancellationToken cancellation)
    {
        // Written before the first byte goes, so that a try after a crash knows whose bytes it meets.
        LedgerSegment sending = segment with { State = SegmentState.Sending };
        LedgerSegment row = await ledger.AddSegmentAsync(sending, cancellation);
        if (row.ContentMd5 != segment.ContentMd5)
            throw new SegmentFaultException(segment.Key, "conflict", "its ledger row names another hash");

        using HttpRequestMessage request = new(HttpMethod.Put, uploadUrl);
        using SegmentContent content = new(temp, source, segment.ContentMd5);
        request.Content = content;
        request.Headers.TryAddWithoutValidation("x-ms-blob-type", "BlockBlob");
        using HttpResponseMessage response = await SendAsync(request, cancellation);
        if (response.IsSuccessStatusCode)
        {
            if (content.SentMd5 is { } sent && sent != segment.ContentMd5)
                throw new SegmentFaultException(segment.Key, "altered", "its bytes are not what its message names");
            if (response.Content.Headers.ContentMD5 is { } received && Convert.ToBase64String(received) != segment.ContentMd5)
            {
                throw new SegmentFaultException(segment.Key, "conflict", "the receiver names another hash");
            }
            return await FinalAddressAsync(response, cancellation) ?? WithoutQuery(uploadUrl);
        }
        return await AfterRefusalAsync(segment, uploadUrl, response, wasSentBefore: !ReferenceEquals(row, sending), cancellation);
    }

    // 403, 409 and 412 may mean that an earlier try has put the bytes there before it was killed.
    private async Task<Uri> AfterRefusalAsync(LedgerSegment segment, Uri uploadUrl, HttpResponseMessage response, bool wasSentBefore,
        CancellationToken cancellation)
    {
        int status = (int)response.StatusCode;
        if (status is 403 or 409 or 412)
        {
            bool? there = await IsThereAsync(segment, uploadUrl, cancellation);
            if (there == false) throw new SegmentFaultException(segment.Key, "conflict", "other bytes lie at its place");
            if (there == true || (wasSentBefore && SaysThatItExists(response, uploadUrl))) return WithoutQuery(uploadUrl);
        }
        // An upload URL that has run out (403) is replaced by the next try's.
        bool transient = status is 401 or 403 or 408 or 425 or 429 or >= 500;
        throw new RecordingApiException($"the upload answered {status}{ErrorCode(response)}", transient,
            RecordingApiClient.RetryAfter(response), null, status);
    }

    // The address is this segment's alone, and its Sending row names the hash of everything that was ever sent there.
    // The emulator answers a create-only SAS with a permission fault where Azure names the overwrite.
    private bool SaysThatItExists(HttpResponseMessage response, Uri uploadUrl) =>
        response.Headers.TryGetValues("x-ms-error-code", out IEnumerable<string>? codes)
        && codes.Any(code =>
        code is "BlobAlreadyExists" or "UnauthorizedBlobOverwrite"
        || (code == "AuthorizationPermissionMismatch" && copy.MayCreate(uploadUrl)));

    // One word of the storage service, such as AuthenticationFailed where a link is over; it holds no address.
    private static string ErrorCode(HttpResponseMessage response) =>
        response.Headers.TryGetValues("x-ms-error-code", out IEnumerable<string>? codes)
            && codes.FirstOrDefault() is { Length: > 0 and <= 64 } code && code.All(char.IsAsciiLetterOrDigit) ? $" ({code})" : "";

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        try
        {
            return await clients.CreateClient(HttpClientName).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        }
        catch (Exception fault) when (fault is HttpRequestException or TimeoutRejectedException or BrokenCircuitException)
        {
            if (fault.InnerException is { } inner && StorageFault.IsTransient(inner))
                throw new RecordingApiException("the temp blob cannot be read", isTransient: true, null, inner);
            throw new RecordingApiException($"the upload broke off ({fault.GetType().Name})", isTransient: true, null, fault);
        }
    }

    /// <summary>True or false for equal or other bytes; null where nobody lets us look.</summary>
    private async Task<bool?> IsThereAsync(LedgerSegment segment, Uri uploadUrl, CancellationToken cancellation)
    {
        if (!copy.IsBlobService(uploadUrl) || await copy.DescribeAsync(uploadUrl, cancellation) is not { } found) return null;
        return found.Length == segment.FileSize && found.ContentMd5 == segment.ContentMd5;
    }

    private static async Task<Uri?> FinalAddressAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        if (response.Content.Headers.ContentType?.MediaType?.Contains("json", StringComparison.OrdinalIgnoreCase) != true) return null;
        if (response.Content.Headers.ContentLength > LongestAnswer) return null;
        try
        {
            await using Stream body = await response.Content.ReadAsStreamAsync(cancellation);
            byte[] text = new byte[LongestAnswer + 1];
            int length = await body.ReadAtLeastAsync(text, text.Length, throwOnEndOfStream: false, cancellation);
            if (length > LongestAnswer) return null;
            using JsonDocument answer = JsonDocument.Parse(text.AsMemory(0, length));
            if (answer.RootElement.ValueKind != JsonValueKind.Object) return null;
            return Address(answer.RootElement, "url") ?? Address(answer.RootElement, "blobUrl");
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static Uri? Address(JsonElement answer, string name) =>
        answer.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
        && Uri.TryCreate(value.GetString(), UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https" ? address : null;

    private static Uri WithoutQuery(Uri uploadUrl) => new(uploadUrl.GetLeftPart(UriPartial.Path));
}
