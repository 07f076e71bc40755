using System.Globalization;
using System.Text;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Delivery.Ledger;

namespace Pipeline.Delivery.ApiClient;

/// <summary>The pipeline's values in the recording API's words: milliseconds, decimal strings, names that it accepts.</summary>
internal static class WireMapping
{
    private const int LongestName = 100;
    private const int MostUnits = 400;

    public static InitLiveRequest InitLive(SessionInfo session) => new()
    {
        SessionId = session.RecordingId.ToString(),
        GuildId = Text(session.GuildId),
        GuildName = Name(session.GuildName, session.GuildId),
        ChannelId = Text(session.ChannelId),
        ChannelName = session.ChannelName is { Length: > 0 } channel ? Name(channel, session.ChannelId) : null,
        UserId = Text(session.StartedBy),
        RecordedAt = session.StartedAt,
        Title = session.Title is { } title ? Cut(title) : null,
    };

    public static BatchInitRequest BatchInit(SessionInfo session, FinalizeRequest end, IReadOnlyList<LedgerSegment> segments) => new()
    {
        SessionId = session.RecordingId.ToString(),
        GuildId = Text(session.GuildId),
        GuildName = Name(session.GuildName, session.GuildId),
        ChannelId = Text(session.ChannelId),
        ChannelName = session.ChannelName is { Length: > 0 } channel ? Name(channel, session.ChannelId) : null,
        UserId = Text(session.StartedBy),
        RecordedAt = session.StartedAt,
        Title = session.Title is { } title ? Cut(title) : null,
        SessionStartTime = session.StartedAt.ToUnixTimeMilliseconds(),
        SessionEndTime = end.SessionEndTime,
        Duration = end.Duration,
        ParticipantCount = end.ParticipantCount,
        TotalSize = end.TotalSize,
        Format = "segmented",
        Segments = [.. segments.Select(segment => UploadRequest(session, segment, amends: null))],
    };

    public static SegmentUploadRequest UploadRequest(SessionInfo session, LedgerSegment segment, bool? amends) => new()
    {
        UserId = Text(segment.Key.UserId),
        Username = Name(segment.Username, segment.Key.UserId),
        SegmentIndex = segment.Key.Index,
        FileName = BlobPaths.SegmentFileName(segment.Key.Index, segment.Format),
        FileSize = segment.FileSize,
        AbsoluteStartTime = Milliseconds(session, segment.StartSample),
        AbsoluteEndTime = Milliseconds(session, segment.StartSample + segment.SampleCount),
        Duration = Duration(segment.SampleCount),
        Format = segment.Format.Word(),
        Amends = amends,
    };

    /// <param name="name">What its speaker is called by now; null: as when the segment was closed.</param>
    public static FinalizeSegment Finalize(SessionInfo session, LedgerSegment segment, string? name) => new()
    {
        UserId = Text(segment.Key.UserId),
        Username = Name(name ?? segment.Username, segment.Key.UserId),
        SegmentIndex = segment.Key.Index,
        FileName = BlobPaths.SegmentFileName(segment.Key.Index, segment.Format),
        FilePath = FilePath(segment),
        AbsoluteStartTime = Milliseconds(session, segment.StartSample),
        AbsoluteEndTime = Milliseconds(session, segment.StartSample + segment.SampleCount),
        Duration = Duration(segment.SampleCount),
        FileSize = segment.FileSize,
        Format = segment.Format.Word(),
        BlobUrl = segment.BlobUrl,
        ContentMd5 = segment.ContentMd5,
        StartSample = segment.StartSample,
        SampleCount = segment.SampleCount,
        Channels = segment.Channels,
    };

    public static CompletedFile Completed(int fileIndex, LedgerSegment segment) => new()
    {
        FileIndex = fileIndex,
        BlobUrl = segment.BlobUrl,
        UserId = Text(segment.Key.UserId),
        Username = Name(segment.Username, segment.Key.UserId),
        FileName = BlobPaths.SegmentFileName(segment.Key.Index, segment.Format),
        FilePath = FilePath(segment),
    };

    public static string Text(ulong id) => id.ToString(CultureInfo.InvariantCulture);

    /// <summary>Nearest millisecond.</summary>
    public static long Duration(long samples) =>
        (long)Math.Round(SampleClock.ToTime(samples).TotalMilliseconds, MidpointRounding.AwayFromZero);

    /// <summary>Unix ms of a position, to the nearest.</summary>
    public static long Milliseconds(SessionInfo session, long sample) =>
        (session.StartedAt + SampleClock.ToTime(sample) + TimeSpan.FromMicroseconds(500)).ToUnixTimeMilliseconds();

    private static string FilePath(LedgerSegment segment) =>
        $"{BlobPaths.UserFolder(segment.Key.UserId, segment.Username)}/{BlobPaths.SegmentFileName(segment.Key.Index, segment.Format)}";

    // The API wants 1-100 characters as a reader counts them; a name without any is shown by its id.
    private static string Name(string name, ulong id)
    {
        if (!name.Any(IsSeen)) return Text(id);
        return Cut(name);
    }

    private static string Cut(string text)
    {
        if (text.Length <= LongestName) return text;
        StringBuilder cut = new();
        TextElementEnumerator elements = StringInfo.GetTextElementEnumerator(text);
        for (int count = 0; count < LongestName && elements.MoveNext(); count++)
        {
            string next = elements.GetTextElement();
            // One character can be made of any number of marks.
            if (cut.Length + next.Length > MostUnits) break;
            cut.Append(next);
        }
        return cut.Length > 0 ? cut.ToString() : text[..LongestName];
    }

    // Of white space, controls and marks of direction nothing would be left there.
    private static bool IsSeen(char letter) => !char.IsWhiteSpace(letter) && !char.IsControl(letter)
        && char.GetUnicodeCategory(letter) != UnicodeCategory.Format;
}
