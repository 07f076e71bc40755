using System.Text.Json.Serialization;
using Pipeline.Audio.Ogg;

namespace Pipeline.RecordingApi.Render;

/// <summary>What is known of one window of one track, or of the mix.</summary>
public sealed record RenderRow
{
    /// <summary>Of everything that its bytes depend on; another value means that it has to be rendered again.</summary>
    public required string Inputs { get; init; }

    /// <summary>By format.</summary>
    public required IReadOnlyDictionary<string, RenderedPart> Parts { get; init; }

    /// <summary>Segments whose time is silence because they are not there or are damaged; empty when all is well.</summary>
    public IReadOnlyList<int> Unreadable { get; init; } = [];

    /// <summary>Of the mix: how loud it and its tracks were up to here; null of a track.</summary>
    public MixLevels? Levels { get; init; }

    /// <summary>
    /// Of a track whose Opus file is joined: what the window before it had left when it was made, and what it leaves itself.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public JoinPoint JoinBefore { get; init; }

    /// <inheritdoc cref="JoinBefore"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public JoinPoint JoinAfter { get; init; }

    /// <inheritdoc cref="RenderedPart.IsHeld"/>
    [JsonIgnore]
    public bool IsHeld => Parts.Values.Any(part => part.IsHeld);

    /// <inheritdoc cref="RenderedPart.IsPaired"/>
    [JsonIgnore]
    public bool IsPaired => Parts.Values.Any(part => part.IsPaired);

    /// <summary>10 pairs of min and max a second, as int8.</summary>
    [JsonIgnore]
    public byte[] Peaks { get; init; } = [];

    /// <summary>Of the mix: energy of every 100 ms, for the loudness of the whole; as float32.</summary>
    [JsonIgnore]
    public byte[] Energies { get; init; } = [];
}

/// <summary>Where the making of a file stands that was asked for.</summary>
public sealed record RenderJob
{
    /// <summary>Of everything that its bytes depend on; empty while <see cref="IsReplaced"/>.</summary>
    public required string Inputs { get; init; }

    /// <summary>Another file is about to come in this one's place, or has come: length and CRC may not be those of the file.</summary>
    [JsonIgnore]
    public bool IsReplaced => Inputs.Length == 0;

    /// <summary>Parts that are made, in order.</summary>
    public IReadOnlyList<RenderedPart> Parts { get; init; } = [];

    /// <summary>Parts that it takes.</summary>
    public int PartCount { get; init; }

    /// <summary>The blob is whole.</summary>
    public bool IsReady { get; init; }

    /// <summary>Bytes, once it is ready.</summary>
    public long Length { get; init; }

    public uint Crc { get; init; }

    /// <summary>Samples that it holds; 0 of files that are no sound.</summary>
    public long Samples { get; init; }

    /// <summary>
    /// Of a file that was asked for: what it was last found right for, the recording's version, or a bundle's texts of what was
    /// said. Another value means that it has to be looked at again.
    /// </summary>
    public string? MadeFor { get; init; }

    /// <summary>It was made while the recording ran, and holds what there was.</summary>
    public bool IsGrowing { get; init; }

    public DateTimeOffset ChangedAt { get; init; }

    /// <summary>Of a bundle that waits for its files: since when; null while it does not.</summary>
    public DateTimeOffset? AwaitsSince { get; init; }

    /// <summary>Of such a bundle: when its files were last asked for.</summary>
    public DateTimeOffset? AskedAt { get; init; }

    /// <summary>Of such a bundle: the version of the recording that they were asked for.</summary>
    public string? AskedFor { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RenderRow))]
[JsonSerializable(typeof(RenderJob))]
internal sealed partial class RenderJsonContext : JsonSerializerContext;
