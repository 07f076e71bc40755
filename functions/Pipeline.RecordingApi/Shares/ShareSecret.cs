using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Pipeline.RecordingApi.Shares;

/// <summary>
/// The 128 bits that a link carries, and what is derived from them. The table knows hashes only: of the secret, and of the token that a
/// browser gets for it. So the table opens nothing, a cookie does not give the link away, and any instance can check either.
/// </summary>
internal sealed class ShareSecret
{
    private const int Length = 16;
    private static readonly byte[] TokenLabel = Encoding.ASCII.GetBytes("pipeline share session");

    private readonly byte[] bytes;

    private ShareSecret(byte[] bytes) => this.bytes = bytes;

    /// <summary>22 characters for the link's fragment. A secret.</summary>
    public string Text => Base64Url.EncodeToString(bytes);

    /// <summary>SHA-256, 32 bytes.</summary>
    public byte[] Hash => SHA256.HashData(bytes);

    /// <summary>Public name of the link: the first 16 hex digits of the secret's hash, so that the secret finds its row.</summary>
    public string ShareId => Convert.ToHexStringLower(Hash)[..16];

    /// <summary>What the cookie carries: 32 bytes, HMAC-SHA256 under the secret. A secret.</summary>
    public byte[] Token => HMACSHA256.HashData(bytes, TokenLabel);

    public static ShareSecret Create() => new(RandomNumberGenerator.GetBytes(Length));

    /// <summary>Reads what <see cref="Text"/> wrote.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out ShareSecret? secret)
    {
        secret = null;
        byte[] bytes = new byte[Length];
        if (text is not { Length: 22 } || !Base64Url.IsValid(text) || !Base64Url.TryDecodeFromChars(text, bytes, out int written)
            || written != Length) return false;
        secret = new ShareSecret(bytes);
        return true;
    }
}
