using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Pipeline.Contracts;

/// <summary>
/// Names of blobs in the temp container, both ways.
/// Segment: <c>{recordingId}/{userId}-{slug}/segment_000.wav</c> (or <c>.opus</c>); manifest: <c>{recordingId}/session.json</c>.
/// The user id alone is the identity; the slug is there for people.
/// </summary>
public static class BlobPaths
{
    public const string ManifestFileName = "session.json";
    private const string ShardFolder = "shards/";
    private const string SegmentPrefix = "segment_";
    private const int MaximumSlugRunes = 32;
    private const int MaximumSlugBytes = 96;

    /// <summary>An empty blob whose lease says which bot serves a shard: <c>shards/{name}</c>. It belongs to no recording.</summary>
    public static string Shard(string name) => ShardFolder + name;

    /// <summary>True for a name that <see cref="Shard"/> wrote.</summary>
    public static bool IsShard([NotNullWhen(true)] string? blobName) => blobName?.StartsWith(ShardFolder, StringComparison.Ordinal) == true;

    public static string Manifest(RecordingId recording) => $"{recording}/{ManifestFileName}";

    public static string Segment(SegmentKey key, string username, SegmentFormat format = SegmentFormat.Wav) =>
        $"{key.Recording}/{UserFolder(key.UserId, username)}/{SegmentFileName(key.Index, format)}";

    /// <summary>At least three digits; longer numbers are not cut.</summary>
    public static string SegmentFileName(int index, SegmentFormat format = SegmentFormat.Wav) =>
        string.Create(CultureInfo.InvariantCulture, $"{SegmentPrefix}{index:D3}{format.Suffix()}");

    /// <summary><c>{userId}-{slug}</c>, or the bare id where the name has no letter and no digit.</summary>
    public static string UserFolder(ulong userId, string username)
    {
        string slug = Slug(username);
        return slug.Length == 0 ? userId.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{userId}-{slug}");
    }

    /// <summary>
    /// Letters, marks and digits of any script stay; every run of anything else becomes one hyphen.
    /// At most 32 runes and 96 UTF-8 bytes, so that no path of ours nears a limit. Never contains '/', '\', '.' or controls.
    /// </summary>
    public static string Slug(string name)
    {
        StringBuilder slug = new();
        int runes = 0, bytes = 0;
        bool pendingHyphen = false;
        // Not normalized: without ICU (InvariantGlobalization) String.Normalize leaves non-ASCII as it is, and the id is the identity.
        // A lone surrogate comes as U+FFFD, which is no word rune.
        foreach (Rune rune in name.EnumerateRunes())
        {
            if (!IsWordRune(rune))
            {
                pendingHyphen = slug.Length > 0;
                continue;
            }
            int cost = rune.Utf8SequenceLength + (pendingHyphen ? 1 : 0);
            if (runes == MaximumSlugRunes || bytes + cost > MaximumSlugBytes) break;
            if (pendingHyphen) slug.Append('-');
            pendingHyphen = false;
            slug.Append(rune.ToString());
            runes++;
            bytes += cost;
        }
        return slug.ToString();
    }

    /// <summary>Reads a name that <see cref="Segment"/> wrote. The slug is not looked at.</summary>
    public static bool TryParseSegment([NotNullWhen(true)] string? blobName, out SegmentKey key)
    {
        key = default;
        string[] parts = blobName?.Split('/') ?? [];
        if (parts.Length != 3 || !RecordingId.TryParse(parts[0], out RecordingId recording)) return false;
        string user = parts[1].Split('-', 2)[0];
        if (!ulong.TryParse(user, NumberStyles.None, CultureInfo.InvariantCulture, out ulong userId) || userId == 0) return false;
        if (!TryParseSegmentFileName(parts[2], out int index)) return false;
        key = new SegmentKey(recording, userId, index);
        return true;
    }

    /// <summary>Reads a name that <see cref="Manifest"/> wrote.</summary>
    public static bool TryParseManifest([NotNullWhen(true)] string? blobName, out RecordingId recording)
    {
        string[] parts = blobName?.Split('/') ?? [];
        recording = default;
        return parts.Length == 2 && parts[1] == ManifestFileName && RecordingId.TryParse(parts[0], out recording);
    }

    private static bool TryParseSegmentFileName(string fileName, out int index)
    {
        index = 0;
        SegmentFormat format = SegmentFormats.OfName(fileName);
        string suffix = format.Suffix();
        if (!fileName.StartsWith(SegmentPrefix, StringComparison.Ordinal) || !fileName.EndsWith(suffix, StringComparison.Ordinal))
            return false;
        string digits = fileName[SegmentPrefix.Length..^suffix.Length];
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out index)
            && SegmentFileName(index, format) == fileName;
    }

    private static bool IsWordRune(Rune rune) =>
        Rune.IsLetterOrDigit(rune)
            || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;
}
