using System.Security.Cryptography;

namespace Pipeline.RecordingApi.Webhooks;

/// <summary>
/// The key of one webhook, 24 to 64 bytes, written <c>whsec_</c> and base64 (Standard Webhooks 1.0, "Signature scheme"). Its text is
/// shown once and never logged.
/// </summary>
public sealed class WebhookSecret
{
    private const string Prefix = "whsec_";
    private const int ShortestKey = 24;
    private const int LongestKey = 64;

    private readonly byte[] key;

    private WebhookSecret(byte[] key) => this.key = key;

    /// <summary>The key itself, for the signature.</summary>
    public ReadOnlySpan<byte> Key => key;

    /// <summary>A new one of 32 random bytes.</summary>
    public static WebhookSecret New() => new(RandomNumberGenerator.GetBytes(32));

    /// <summary>False for what is not of that form; the prefix may be missing.</summary>
    public static bool TryParse(string? text, out WebhookSecret secret)
    {
        secret = null!;
        if (text is null) return false;
        string base64 = text.StartsWith(Prefix, StringComparison.Ordinal) ? text[Prefix.Length..] : text;
        byte[] bytes = new byte[LongestKey + 3];
        if (!Convert.TryFromBase64String(base64, bytes, out int length) || length is < ShortestKey or > LongestKey) return false;
        secret = new WebhookSecret(bytes[..length]);
        return true;
    }

    /// <exception cref="FormatException">It is not of that form; the text is not shown.</exception>
    public static WebhookSecret Parse(string text) =>
        TryParse(text, out WebhookSecret secret) ? secret : throw new FormatException("not the form of a webhook's secret");

    /// <summary>What its owner is shown, once.</summary>
    public string Reveal() => Prefix + Convert.ToBase64String(key);

    public override string ToString() => "(a webhook's secret)";
}
