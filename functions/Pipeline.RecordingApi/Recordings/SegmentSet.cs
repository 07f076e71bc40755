using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Http;

namespace Pipeline.RecordingApi.Recordings;

/// <summary>The list of segments of one finalize request: its entries, and a name that only an equal list has.</summary>
internal sealed record SegmentSet(IReadOnlyList<RecordingSegment> Segments, string Name)
{
    // 16 hex digits of SHA-256: enough to tell apart the few lists of one recording, short enough for 4,600 row keys.
    private const int NameLength = 16;

    public static SegmentSet Of(IEnumerable<RecordingSegment> segments)
    {
        RecordingSegment[] sorted = [.. segments.OrderBy(segment => segment.AbsoluteStartTime)
            .ThenBy(segment => segment.UserId, StringComparer.Ordinal).ThenBy(segment => segment.SegmentIndex)];
        return new SegmentSet(sorted, NameOf(sorted, segment => FormerLine(segment) + PlaceLine(segment)));
    }

    /// <summary>The list of <c>complete</c>: which of the announced files each segment is goes into its name too.</summary>
    public static SegmentSet OfFiles(IEnumerable<(int FileIndex, RecordingSegment Segment)> files)
    {
        (int FileIndex, RecordingSegment Segment)[] all = [.. files.OrderBy(file => file.FileIndex)];
        SegmentSet set = Of(all.Select(file => file.Segment));
        string places = string.Concat(all.Select(file =>
            string.Create(CultureInfo.InvariantCulture, $"{file.FileIndex}\n{file.Segment.UserId}\n{file.Segment.SegmentIndex}\n\n")));
        byte[] name = SHA256.HashData(Encoding.UTF8.GetBytes($"{set.Name}\n{places}"));
        return set with { Name = Convert.ToHexStringLower(name)[..NameLength] };
    }

    /// <summary>
    /// The name that an older version gave to the list: where segments begin, how long they are and their channels did not go into it.
    /// </summary>
    public string FormerName => NameOf(Segments, FormerLine);

    /// <summary>The list without some people's segments.</summary>
    public SegmentSet Without(IReadOnlySet<ulong> people) =>
        !Segments.Any(segment => IsOf(segment, people)) ? this : Of(Segments.Where(segment => !IsOf(segment, people)));

    public static bool IsOf(RecordingSegment segment, IReadOnlySet<ulong> people) =>
        people.Count > 0 && people.Contains(ulong.Parse(segment.UserId, CultureInfo.InvariantCulture));

    public static RecordingSegment Segment(FinalizeSegment segment) => new()
    {
        UserId = segment.UserId!,
        Username = Bounds.Clean(segment.Username) ?? segment.UserId!,
        SegmentIndex = segment.SegmentIndex!.Value,
        FileName = segment.FileName!,
        FilePath = segment.FilePath!,
        AbsoluteStartTime = segment.AbsoluteStartTime!.Value,
        AbsoluteEndTime = segment.AbsoluteEndTime!.Value,
        Duration = segment.Duration!.Value,
        FileSize = segment.FileSize!.Value,
        Format = segment.Format!,
        BlobUrl = segment.BlobUrl!,
        ContentMd5 = segment.ContentMd5,
        StartSample = segment.StartSample,
        SampleCount = segment.SampleCount,
        Channels = segment.Channels,
    };

    private static string NameOf(IReadOnlyList<RecordingSegment> sorted, Func<RecordingSegment, string> line)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (RecordingSegment segment in sorted) hash.AppendData(Encoding.UTF8.GetBytes(line(segment)));
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..NameLength];
    }

    private static string FormerLine(RecordingSegment s) => string.Create(
        CultureInfo.InvariantCulture,
        $"{s.UserId}\n{s.SegmentIndex}\n{s.Username}\n{s.FileName}\n{s.FilePath}\n"
            + $"{s.AbsoluteStartTime}\n{s.AbsoluteEndTime}\n{s.Duration}\n{s.FileSize}\n{s.Format}\n{s.BlobUrl}\n{s.ContentMd5}\n\n");

    // Nothing where the caller said nothing: such lists keep the name that they have.
    private static string PlaceLine(RecordingSegment s) => s is { StartSample: null, SampleCount: null, Channels: null } ? ""
        : string.Create(CultureInfo.InvariantCulture, $"{s.StartSample}\n{s.SampleCount}\n{s.Channels}\n\n");
}
