using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.Delivery.Invocations;

/// <summary>Refuses messages of unknown versions and those whose fields contradict each other, before anything is done with them.</summary>
internal static class MessageCheck
{
    private const int Md5Length = 16;

    public static void Demand(RecordingStarted message)
    {
        MessageText.DemandVersion(message.Version, RecordingStarted.CurrentVersion);
        Demand(message.Session);
    }

    public static void Demand(RecordingStopped message)
    {
        MessageText.DemandVersion(message.Version, RecordingStopped.CurrentVersion);
        Demand(message.Session);
        if (message.SampleCount < 0) throw new MalformedMessageException($"sampleCount is {message.SampleCount}");
    }

    public static void Demand(SegmentReady message)
    {
        MessageText.DemandVersion(message.Version, SegmentReady.CurrentVersion);
        Demand(message.Session);
        // The name decides which blob is read and deleted: it must be this segment's and nobody else's.
        DemandThere(message.Username, "username");
        DemandThere(message.ContentMd5, "contentMd5");
        if (!BlobPaths.TryParseSegment(message.BlobName, out SegmentKey key) || key != message.Key)
        {
            throw new MalformedMessageException($"blobName is not the name of segment {message.Key}");
        }
        if (message.FileSize <= 0) throw new MalformedMessageException($"fileSize is {message.FileSize}");
        if (message.StartSample < 0 || message.SampleCount < 0)
            throw new MalformedMessageException("startSample and sampleCount must not be negative");
        Span<byte> md5 = stackalloc byte[Md5Length];
        if (!Convert.TryFromBase64String(message.ContentMd5, md5, out int length) || length != Md5Length)
            throw new MalformedMessageException("contentMd5 is not base64 of 16 bytes");
    }

    private static void Demand(SessionInfo session)
    {
        DemandThere(session, "session");
        DemandThere(session.GuildName, "session.guildName");
        if (session.RecordingId.Value == Guid.Empty) throw new MalformedMessageException("session.recordingId is empty");
        if (session.GuildId == 0) throw new MalformedMessageException("session.guildId is 0");
    }

    // "required" makes the reader demand the name; a null behind it is still read.
    private static void DemandThere(object? value, string name)
    {
        if (value is null) throw new MalformedMessageException($"{name} is null");
    }
}
