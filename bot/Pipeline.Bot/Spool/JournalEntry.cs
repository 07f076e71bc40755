using System.Text.Json.Serialization;
using Pipeline.Contracts;

namespace Pipeline.Bot.Spool;

/// <summary>One closed segment whose bytes are known: a line of the journal. Positions in samples at 48 kHz, size in bytes, MD5 in base64.</summary>
public sealed record JournalEntry(ulong UserId, string Username, int Index, long StartSample, long SampleCount, long FileSize, string ContentMd5)
{
    /// <summary>The segment was taken back before it had left: its speaker had opted out. Such a line follows the one that announced it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Erased { get; init; }

    [JsonIgnore]
    public long EndSample => StartSample + SampleCount;

    public static JournalEntry ErasureOf(SegmentKey key) => new(key.UserId, "", key.Index, 0, 0, 0, "") { Erased = true };

    public static JournalEntry From(SegmentReady message) =>
        new(message.UserId, message.Username, message.SegmentIndex, message.StartSample, message.SampleCount, message.FileSize, message.ContentMd5);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(JournalEntry))]
internal sealed partial class JournalJsonContext : JsonSerializerContext;
