namespace Pipeline.Bot.Recordings;

/// <summary>How a host's part in a recording came to its end.</summary>
internal enum RecordingEnd
{
    /// <summary>Somebody stopped the recording.</summary>
    Stopped,

    /// <summary>RECORDING_MAX_DURATION was reached.</summary>
    Limit,

    /// <summary>This bot is going; another may take the recording over at once.</summary>
    HandedOver,

    /// <summary>Another bot holds the lease; it goes on there.</summary>
    Lost,
}
