using Pipeline.Storage;

namespace Pipeline.Bot.Storage;

/// <summary>Where one storage account of the bot is, and how long it is waited for.</summary>
internal sealed record TempStorageOptions
{
    public StorageOptions Account { get; init; } = new();

    /// <summary>One call without an answer is given up after this; a segment's upload gets more by its size.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(20);
}
