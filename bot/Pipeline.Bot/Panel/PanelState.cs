using System.Globalization;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts;
using Pipeline.Dave.Session;

namespace Pipeline.Bot.Panel;

/// <summary>Everything that the panel shows at one moment.</summary>
internal sealed record PanelState
{
    public required SessionInfo Session { get; init; }
    public required PanelPhase Phase { get; init; }

    /// <summary>Where the bot listens; differs from the session's channel after a move.</summary>
    public required ulong ChannelId { get; init; }

    /// <summary>Samples since the start, 48 kHz.</summary>
    public long Elapsed { get; init; }

    /// <summary>Everything heard before this sample is durable in the cloud.</summary>
    public long SafeUpTo { get; init; }

    public IReadOnlyList<PanelSpeaker> Speakers { get; init; } = [];

    /// <summary>Bytes and files that wait on the bot's disk.</summary>
    public long SpoolBytes { get; init; }

    public long SpoolFiles { get; init; }

    /// <summary>A sentence about the storage when it is slow or full; null while all is well.</summary>
    public string? StorageProblem { get; init; }

    /// <summary>Newest last, each with the position at which it happened.</summary>
    public IReadOnlyList<PanelEvent> Events { get; init; } = [];

    /// <summary>30 digits that everybody in an end-to-end encrypted call can compare; null in a call without.</summary>
    public string? PrivacyCode { get; init; }

    /// <summary>How far the call is protected; null while there is no connection that could tell.</summary>
    public DaveProtection? Protection { get; init; }

    /// <summary>Members of the encrypted group whom Discord does not show in the call.</summary>
    public IReadOnlyList<ulong> Unannounced { get => field ?? []; init; } = [];

    /// <summary>A word of <see cref="ConsentLedger.Mode"/>.</summary>
    public string Consent { get => field ?? ConsentLedger.Off; init; } = ConsentLedger.Off;

    /// <summary>How many have agreed, where that is asked.</summary>
    public int Agreed { get; init; }

    /// <summary>Where the recording can be opened; null when no API is configured.</summary>
    public string? Link { get; init; }

    /// <summary>Until when <see cref="Link"/> opens the recording; null where it is an address without an end, or there is none.</summary>
    public DateTimeOffset? LinkExpiresAt { get; init; }

    /// <summary>The call was moved to where not everybody may enter who sees the panel: it never shows a link.</summary>
    public bool IsLinkWithheld { get; init; }

    /// <summary>Closing words once the recording is over.</summary>
    public string? Outcome { get; init; }

    /// <summary>What the starter was told at the end; null when nothing was, or it did not arrive.</summary>
    public StarterNews? Told { get; init; }

    public PanelState With(RecordingLink? link) => IsLinkWithheld ? this : this with { Link = link?.Url, LinkExpiresAt = link?.ExpiresAt };
}

/// <summary>The direct message about a recording that has ended, to be edited when more is known.</summary>
/// <param name="Link">The starter's own, which may delete too.</param>
/// <param name="Voices">People who are in the recording.</param>
/// <param name="IsStored">It says so.</param>
internal sealed record StarterNews(PostedPanel Message, string? Link, DateTimeOffset? LinkExpiresAt, int Voices, bool IsStored);

/// <summary>What the panel's title says.</summary>
internal enum PanelPhase
{
    Connecting,
    Recording,
    Paused,
    Reconnecting,
    Stopping,

    /// <summary>Ended; the last pieces are on their way.</summary>
    Storing,

    /// <summary>Finalized.</summary>
    Stored,

    /// <summary>Ended without anything that could be stored.</summary>
    Empty,
}

/// <summary>One person's line in the panel; packets since the recording began.</summary>
internal sealed record PanelSpeaker(string Name, bool Speaking, bool OptedOut, long Received, long Lost, long Undecryptable);

/// <summary>One line of the panel's list. <paramref name="Sample"/> is the position in the recording, 48 kHz.</summary>
internal sealed record PanelEvent(long Sample, string Text);

/// <summary>Where a panel's message is. Text form <c>channel/message/unix seconds</c>, for the manifest.</summary>
internal sealed record PostedPanel(ulong ChannelId, ulong MessageId, DateTimeOffset PostedAt)
{
    public static PostedPanel? Parse(string? text)
    {
        if (text?.Split('/') is not [string channel, string message, string seconds]) return null;
        return ulong.TryParse(channel, NumberStyles.None, CultureInfo.InvariantCulture, out ulong channelId)
            && ulong.TryParse(message, NumberStyles.None, CultureInfo.InvariantCulture, out ulong messageId)
            && long.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out long postedAt)
            && postedAt <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? new PostedPanel(channelId, messageId, DateTimeOffset.FromUnixTimeSeconds(postedAt))
            : null;
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{ChannelId}/{MessageId}/{PostedAt.ToUnixTimeSeconds()}");
}
