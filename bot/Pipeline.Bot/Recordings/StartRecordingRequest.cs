using Pipeline.Contracts;

namespace Pipeline.Bot.Recordings;

/// <summary>What somebody wants recorded.</summary>
internal sealed record StartRecordingRequest
{
    public required ulong GuildId { get; init; }
    public required string GuildName { get; init; }
    public required ulong ChannelId { get; init; }
    public string? ChannelName { get; init; }
    public required ulong StartedBy { get; init; }
    public string? Title { get; init; }

    /// <summary>Kept in the manifest for the bot that takes the recording over.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();

    /// <summary>Who of the server does not want to be recorded; complete, because the first frame may be there at once.</summary>
    public IReadOnlyList<ulong> OptedOut { get; init; } = [];

    /// <summary>How people are asked, and what they have said in the part before; null: nobody is asked.</summary>
    public ConsentLedger? Consent { get; init; }

    /// <summary>
    /// That list is not there: what is recorded waits in the spool until <see cref="ActiveRecording.OptOutsKnown"/>.
    /// </summary>
    public bool AwaitsOptOuts { get; init; }

    /// <summary>The clock of the audio. Null: the bot's own.</summary>
    public TimeProvider? CaptureTime { get; init; }

    /// <summary>
    /// The caller ticks the recording itself (<see cref="ActiveRecording.Tick"/>), because its clock does not run by itself.
    /// </summary>
    public bool TicksByCaller { get; init; }

    internal SessionInfo ToSession(TimeProvider time, DateTimeOffset startedAt) => new()
    {
        RecordingId = RecordingId.New(time),
        GuildId = GuildId,
        GuildName = GuildName,
        ChannelId = ChannelId,
        ChannelName = ChannelName,
        StartedBy = StartedBy,
        StartedAt = startedAt,
        Title = Title,
    };
}
