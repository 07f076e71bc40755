namespace Pipeline.Bot.Storage;

/// <summary>What became of a put.</summary>
internal enum PutOutcome
{
    Stored,

    /// <summary>An earlier try had put the same bytes there.</summary>
    AlreadyThere,
}
