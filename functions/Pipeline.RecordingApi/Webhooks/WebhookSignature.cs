using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Pipeline.RecordingApi.Webhooks;

/// <summary>
/// Standard Webhooks 1.0: <c>v1,</c> and base64 of HMAC-SHA256 over <c>{id}.{timestamp}.{body}</c>, several separated by a space while a
/// secret is being replaced.
/// </summary>
internal static class WebhookSignature
{
    public const string IdHeader = "webhook-id";
    public const string TimestampHeader = "webhook-timestamp";
    public const string SignatureHeader = "webhook-signature";

    /// <param name="timestamp">Of this try, not of the event: receivers refuse what is minutes old.</param>
    /// <param name="body">The bytes that are sent.</param>
    public static string Of(IEnumerable<WebhookSecret> secrets, string id, DateTimeOffset timestamp, ReadOnlySpan<byte> body)
    {
        string head = string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp.ToUnixTimeSeconds()}.");
        byte[] signed = [.. Encoding.UTF8.GetBytes(head), .. body];
        return string.Join(' ', secrets.Select(secret => "v1," + Convert.ToBase64String(HMACSHA256.HashData(secret.Key, signed))));
    }
}
