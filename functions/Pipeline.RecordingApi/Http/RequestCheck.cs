using System.Globalization;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;

namespace Pipeline.RecordingApi.Http;

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
        errors.Required("recordedAt", request.RecordedAt);
        if (request.RecordedAt < DateTimeOffset.UnixEpoch) errors.Add("recordedAt", "must not be before 1970");
        return errors;
    }

    public static FieldErrors Check(BatchInitRequest request)
    {
        FieldErrors errors = Check((InitLiveRequest)request);
        errors.Number("sessionStartTime", request.SessionStartTime, 0);
        errors.Number("sessionEndTime", request.SessionEndTime, 0);
        errors.Number("duration", request.Duration, 0);
        errors.Number("participantCount", request.ParticipantCount, 0);
        errors.Number("totalSize", request.TotalSize, 0);
        errors.OneOf("format", request.Format, "segmented");
        CheckList(errors, request.Segments, segment => (segment.UserId, segment.SegmentIndex), Check);
        return errors;
    }

    public static FieldErrors Check(SegmentUploadRequest request)
    {
        FieldErrors errors = new();
        Check(errors, "", request);
        return errors;
    }

    public static FieldErrors Check(FinalizeRequest request)
    {
        FieldErrors errors = new();
        errors.Number("sessionEndTime", request.SessionEndTime, 0);
        errors.Number("duration", request.Duration, 0);
        errors.Number("totalSize", request.TotalSize, 0);
        errors.Number("participantCount", request.ParticipantCount, 0);
        if (request.EndReason is not null) errors.OneOf("endReason", request.EndReason, "stopped", "interrupted", "disconnected", "limit");
        CheckList(errors, request.Segments, segment => (segment.UserId, segment.SegmentIndex), Check);
        return errors;
    }

    public static FieldErrors Check(CompleteRequest request)
    {
        FieldErrors errors = new();
        errors.Required("files", request.Files);
        HashSet<int?> seen = [];
        for (int i = 0; i < (request.Files?.Count ?? 0) && !errors.IsFull; i++)
        {
            if (request.Files![i] is not { } file) file = new CompletedFile();
            string at = string.Create(CultureInfo.InvariantCulture, $"files[{i}].");
            errors.Number(at + "fileIndex", file.FileIndex, 0);
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
        Check(errors, at, segment.SegmentIndex, segment.FileSize, segment.AbsoluteStartTime, segment.AbsoluteEndTime, segment.Duration,
            segment.Format);
    }

    private static void Check(FieldErrors errors, string at, int? index, long? size, long? start, long? end, long? duration, string? format)
    {
        errors.Number(at + "segmentIndex", index, 0);
        errors.Number(at + "fileSize", size, 1);
        errors.Number(at + "absoluteStartTime", start, 0);
        errors.Number(at + "absoluteEndTime", end, start ?? 0);
        errors.Number(at + "duration", duration, 0);
        errors.OneOf(at + "format", format, "wav");
    }

    private static string At(int index) => string.Create(CultureInfo.InvariantCulture, $"segments[{index}].");
}
