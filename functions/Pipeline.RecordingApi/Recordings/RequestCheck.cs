using System.Globalization;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Http;

namespace Pipeline.RecordingApi.Recordings;

/// <summary>What the contract demands of each request.</summary>
internal static class RequestCheck
{
    public static FieldErrors Check(InitLiveRequest request)
    {
        FieldErrors errors = new();
        errors.Session("sessionId", request.SessionId);
        errors.Snowflake("guildId", request.GuildId);
        errors.Name("guildName", request.GuildName);
        errors.Snowflake("channelId", request.ChannelId);
        if (request.ChannelName is not null) errors.Name("channelName", request.ChannelName);
        errors.Snowflake("userId", request.UserId);
        errors.Time("recordedAt", request.RecordedAt);
        errors.Title("title", request.Title);
        return errors;
    }

    public static FieldErrors Check(BatchInitRequest request)
    {
        FieldErrors errors = Check((InitLiveRequest)request);
        errors.Number("sessionStartTime", request.SessionStartTime);
        errors.Number("sessionEndTime", request.SessionEndTime);
        errors.Number("duration", request.Duration);
        errors.Number("participantCount", request.ParticipantCount);
        errors.Number("totalSize", request.TotalSize);
        errors.OneOf("format", request.Format, "segmented");
        CheckList(errors, request.Segments, segment => (segment.UserId, segment.SegmentIndex), Check);
        if (errors.Any) return errors;
        foreach ((int index, SegmentUploadRequest segment) in request.Segments!.Index())
            CheckTimes(errors, At(index), segment.AbsoluteStartTime!.Value, segment.AbsoluteEndTime!.Value, request.RecordedAt!.Value);
        return errors;
    }

    public static FieldErrors Check(SegmentUploadRequest request)
    {
        FieldErrors errors = new();
        Check(errors, "", request);
        return errors;
    }

    /// <summary>Refuses a segment of another time than its recording's: up to it there would be silence to render.</summary>
    /// <param name="request">Checked by itself.</param>
    public static FieldErrors Check(SegmentUploadRequest request, DateTimeOffset recordedAt)
    {
        FieldErrors errors = new();
        CheckTimes(errors, "", request.AbsoluteStartTime!.Value, request.AbsoluteEndTime!.Value, recordedAt);
        return errors;
    }

    /// <inheritdoc cref="Check(SegmentUploadRequest, DateTimeOffset)"/>
    public static FieldErrors Check(IReadOnlyList<SegmentClaim> claims, DateTimeOffset recordedAt)
    {
        FieldErrors errors = new();
        foreach (SegmentClaim claim in claims)
            CheckTimes(errors, claim.At, claim.Segment.AbsoluteStartTime, claim.Segment.AbsoluteEndTime, recordedAt);
        return errors;
    }

    // Before recordedAt it may lie: clocks differ, and nothing is rendered of that time.
    private static void CheckTimes(FieldErrors errors, string at, long start, long end, DateTimeOffset recordedAt)
    {
        long from = recordedAt.ToUnixTimeMilliseconds(), last = from + Bounds.LongestRecording;
        if (end <= last) return;
        (string field, long value) = start > last ? ("absoluteStartTime", start) : ("absoluteEndTime", end);
        errors.Add(at + field, string.Create(CultureInfo.InvariantCulture,
            $"is {value}, more than {Bounds.MostDays} days after recordedAt, which is {from}"));
    }

    public static FieldErrors Check(FinalizeRequest request)
    {
        FieldErrors errors = new();
        errors.Number("sessionEndTime", request.SessionEndTime);
        errors.Number("duration", request.Duration);
        errors.Number("totalSize", request.TotalSize);
        errors.Number("participantCount", request.ParticipantCount);
        if (request.EndReason is not null) errors.OneOf("endReason", request.EndReason, "stopped", "interrupted", "disconnected", "limit");
        errors.OptionalNumber("missingSegmentCount", request.MissingSegmentCount);
        EndCheck.Check(errors, request);
        if (request.Parts is null)
        {
            if (request.List is not null) errors.Add("parts", "is required where list names the parts");
            CheckList(errors, request.Segments, segment => (segment.UserId, segment.SegmentIndex), Check);
            return errors;
        }
        errors.ListName("list", request.List);
        errors.OptionalNumber("parts", request.Parts);
        if (request.Segments is not null) errors.Add("segments", "must be absent where the list was sent in parts");
        return errors;
    }

    /// <param name="number">As it stands in the address.</param>
    public static FieldErrors Check(FinalizePartRequest request, string number)
    {
        FieldErrors errors = new();
        long last = Bounds.Of("parts").Most - 1;
        if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int part) || part > last)
            errors.Add("part", $"must be a number from 0 to {last}");
        errors.ListName("list", request.List);
        errors.Number("first", request.First);
        if (request.Segments is { Count: 0 or > FinalizePartRequest.MostSegments })
            errors.Add("segments", $"must be 1 to {FinalizePartRequest.MostSegments}");
        else CheckList(errors, request.Segments, segment => (segment.UserId, segment.SegmentIndex), Check);
        if (!errors.Any) CheckOrder(errors, request.Segments!);
        return errors;
    }

    // Parts are joined by their ends, so each has to be in order itself.
    private static void CheckOrder(FieldErrors errors, IReadOnlyList<FinalizeSegment> segments)
    {
        for (int i = 1; i < segments.Count; i++)
        {
            if (Position(segments[i - 1]).CompareTo(Position(segments[i])) >= 0)
                errors.Add(At(i)[..^1], "must come behind the one before it: by absoluteStartTime, then userId as text, then segmentIndex");
        }
    }

    private static SegmentPosition Position(FinalizeSegment segment) =>
        new(segment.AbsoluteStartTime!.Value, segment.UserId!, segment.SegmentIndex!.Value);

    public static FieldErrors Check(CompleteRequest request)
    {
        FieldErrors errors = new();
        errors.Required("files", request.Files);
        HashSet<int?> seen = [];
        for (int i = 0; i < (request.Files?.Count ?? 0) && !errors.IsFull; i++)
        {
            if (request.Files![i] is not { } file) file = new CompletedFile();
            string at = string.Create(CultureInfo.InvariantCulture, $"files[{i}].");
            errors.Number(at + "fileIndex", file.FileIndex);
            errors.Address(at + "blobUrl", file.BlobUrl);
            errors.Snowflake(at + "userId", file.UserId);
            errors.Name(at + "username", file.Username);
            errors.FilePath(at + "fileName", file.FileName, isName: true);
            errors.FilePath(at + "filePath", file.FilePath, isName: false);
            if (!seen.Add(file.FileIndex)) errors.Add(at + "fileIndex", "stands twice in the list");
        }
        return errors;
    }

    /// <summary>Every entry by itself, and no key twice.</summary>
    private static void CheckList<T>(FieldErrors errors, IReadOnlyList<T>? segments, Func<T, (string?, int?)> key, Action<FieldErrors,
        string, T> check)
    {
        errors.Required("segments", segments);
        HashSet<(string?, int?)> seen = [];
        for (int i = 0; i < (segments?.Count ?? 0) && !errors.IsFull; i++)
        {
            if (segments![i] is not { } segment)
            {
                errors.Add(At(i)[..^1], "is required");
                continue;
            }
            check(errors, At(i), segment);
            if (!seen.Add(key(segment))) errors.Add(At(i) + "segmentIndex", "stands twice in the list");
        }
    }

    private static void Check(FieldErrors errors, string at, SegmentUploadRequest segment)
    {
        errors.Snowflake(at + "userId", segment.UserId);
        errors.Name(at + "username", segment.Username);
        errors.FilePath(at + "fileName", segment.FileName, isName: true);
        Check(errors, at, segment.SegmentIndex, segment.FileSize, segment.AbsoluteStartTime, segment.AbsoluteEndTime, segment.Duration,
            segment.Format);
    }

    private static void Check(FieldErrors errors, string at, FinalizeSegment segment)
    {
        errors.Snowflake(at + "userId", segment.UserId);
        errors.Name(at + "username", segment.Username);
        errors.FilePath(at + "fileName", segment.FileName, isName: true);
        errors.FilePath(at + "filePath", segment.FilePath, isName: false);
        errors.Address(at + "blobUrl", segment.BlobUrl);
        errors.OptionalNumber(at + "startSample", segment.StartSample);
        errors.OptionalNumber(at + "sampleCount", segment.SampleCount);
        errors.OptionalNumber(at + "channels", segment.Channels);
        if (segment.ContentMd5 is { Length: > 64 }) errors.Add(at + "contentMd5", "must be base64, as in Content-MD5");
        Check(errors, at, segment.SegmentIndex, segment.FileSize, segment.AbsoluteStartTime, segment.AbsoluteEndTime, segment.Duration,
            segment.Format);
    }

    private static void Check(FieldErrors errors, string at, int? index, long? size, long? start, long? end, long? duration, string? format)
    {
        errors.Number(at + "segmentIndex", index);
        errors.Number(at + "fileSize", size);
        errors.Number(at + "absoluteStartTime", start);
        errors.Number(at + "absoluteEndTime", end);
        if (end < start) errors.Add(at + "absoluteEndTime", "must not be before absoluteStartTime");
        errors.Number(at + "duration", duration);
        errors.OneOf(at + "format", format, [.. SegmentFormats.Words]);
    }

    private static string At(int index) => string.Create(CultureInfo.InvariantCulture, $"segments[{index}].");
}
