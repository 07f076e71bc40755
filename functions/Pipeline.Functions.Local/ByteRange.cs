using System.Net.Http.Headers;

namespace Pipeline.Functions.Local;

/// <summary>The one stretch of a blob that a request asks for, first and last byte included (RFC 9110 §14).</summary>
internal readonly record struct ByteRange(long First, long Last)
{
    /// <summary>What of a blob is to be sent: a stretch, or the whole of it where <c>Range</c> is to be ignored.</summary>
    /// <param name="isBeyond">True where the stretch lies outside of the blob: 416.</param>
    /// <returns>Null for the whole. Several stretches and other units are ignored, which a server may.</returns>
    public static ByteRange? Of(IHeaderDictionary asked, long length, EntityTagHeaderValue? tag, out bool isBeyond)
    {
        isBeyond = false;
        if (!RangeHeaderValue.TryParse(asked.Range, out RangeHeaderValue? range) || range is not { Unit: "bytes", Ranges.Count: 1 }
            || !IsOf(asked.IfRange, tag)) return null;
        RangeItemHeaderValue item = range.Ranges.Single();
        long first = item.From ?? Math.Max(0, length - item.To!.Value), last = item.From is null ? length - 1 : item.To ?? length - 1;
        isBeyond = first >= length;
        return isBeyond ? null : new ByteRange(first, Math.Min(last, length - 1));
    }

    // RFC 9110 §13.1.5: only the very same version, by a strong tag. A date cannot promise that, so it gets the whole.
    private static bool IsOf(string? ifRange, EntityTagHeaderValue? tag) => string.IsNullOrEmpty(ifRange)
        || (tag is { IsWeak: false } && EntityTagHeaderValue.TryParse(ifRange, out EntityTagHeaderValue? named) && named.Equals(tag));
}
