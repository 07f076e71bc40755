using System.Security.Cryptography;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Pipeline.RecordingApi.Http;

/// <summary>Tags of answers, and what callers say of those that they have (RFC 9110 §8.8.3, §13.1).</summary>
internal static class EntityTag
{
    private const int HexDigits = 16;

    /// <summary>Only the same bytes have it.</summary>
    public static string Of(ReadOnlySpan<byte> content) => $"\"{Convert.ToHexStringLower(SHA256.HashData(content))[..HexDigits]}\"";

    /// <summary>Of an answer that may differ in what does not matter to who has it.</summary>
    public static string WeakOf(ReadOnlySpan<byte> content) => $"W/{Of(content)}";

    /// <summary>If-None-Match: the caller has the answer, and need not be sent it.</summary>
    public static bool IsKnown(HttpRequest request, string tag) => Names(request.Headers.IfNoneMatch, tag, isStrong: false);

    /// <summary>If-Match: the caller does not mind, or what is there is what the caller has seen.</summary>
    public static bool IsExpected(HttpRequest request, string tag) =>
        StringValues.IsNullOrEmpty(request.Headers.IfMatch) || Names(request.Headers.IfMatch, tag, isStrong: true);

    // A list, in one header or several, or a star for anything.
    private static bool Names(StringValues header, string tag, bool isStrong) =>
        EntityTagHeaderValue.TryParse(tag, out EntityTagHeaderValue? own)
        && EntityTagHeaderValue.TryParseList(header, out IList<EntityTagHeaderValue>? named)
        && named.Any(one => one.Equals(EntityTagHeaderValue.Any) || one.Compare(own, useStrongComparison: isStrong));
}
