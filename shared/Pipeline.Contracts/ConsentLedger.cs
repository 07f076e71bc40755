using System.Text.Json.Serialization;

namespace Pipeline.Contracts;

/// <summary>
/// What people said about being recorded, in one recording: who, when, to which words, by which button. Part of the manifest, so that a new
/// owner knows who has agreed, and of the finished recording.
/// </summary>
public sealed record ConsentLedger
{
    /// <summary>Everybody is recorded but those who say no.</summary>
    public const string Off = "off";

    /// <summary>As <see cref="Off"/>, and everybody gets a button that erases them.</summary>
    public const string Ask = "ask";

    /// <summary>Nobody is recorded before they agree.</summary>
    public const string Required = "required";

    /// <summary>Instead of a button, of somebody whom the recording API has erased.</summary>
    public const string ErasedByApi = "/record forget me";

    private const int MostOfOne = 20;
    private const int Most = 5000;

    /// <summary>off, ask or required: as it was when the recording started.</summary>
    public required string Mode { get; init; }

    /// <summary>The words that people were shown; entries point at them.</summary>
    public IReadOnlyList<string> Texts { get => field ?? []; init; } = [];

    /// <summary>By time.</summary>
    public IReadOnlyList<ConsentEntry> Entries { get => field ?? []; init; } = [];

    /// <summary>Those whose last word was yes, by id.</summary>
    public IReadOnlyList<ulong> Agreed() => WhoseLastIs(ConsentEntry.Agreed);

    /// <summary>Those who are erased from this recording, for good.</summary>
    public IReadOnlyList<ulong> Erased() =>
        [.. Entries.Where(entry => entry.Choice == ConsentEntry.Erased).Select(entry => entry.UserId).Distinct().Order()];

    /// <summary>The same without a person's name, and with a word that they are erased.</summary>
    public ConsentLedger WithErased(ulong userId, DateTimeOffset at)
    {
        ConsentLedger next = this with
        {
            Entries = [.. Entries.Select(entry => entry.UserId == userId ? entry with { Username = null } : entry)],
        };
        return next.Erased().Contains(userId) ? next : next.With(
            new ConsentEntry { UserId = userId, At = at, Choice = ConsentEntry.Erased, Button = ErasedByApi }, ErasedByApi);
    }

    /// <summary>One word more. Of somebody who says many, the first and the latest stay.</summary>
    /// <param name="text">What the person was shown.</param>
    public ConsentLedger With(ConsentEntry entry, string text)
    {
        IReadOnlyList<string> texts = Texts.Contains(text) ? Texts : [.. Texts, text];
        ConsentEntry known = entry with { Text = texts.ToList().IndexOf(text) };
        bool isFull = Entries.Count >= Most || Entries.Count(one => one.UserId == entry.UserId) >= MostOfOne;
        ConsentEntry? last = isFull ? Entries.LastOrDefault(one => one.UserId == entry.UserId && one.Choice != ConsentEntry.Erased) : null;
        return this with { Texts = texts, Entries = [.. Entries.Where(one => last is null || !ReferenceEquals(one, last)), known] };
    }

    private List<ulong> WhoseLastIs(string choice) => [.. Entries.GroupBy(entry => entry.UserId)
        .Where(own => own.Last().Choice == choice).Select(own => own.Key).Order()];
}

/// <summary>What one person said once.</summary>
public sealed record ConsentEntry
{
    public const string Agreed = "agreed";
    public const string Declined = "declined";

    /// <summary>Nothing of the person is in the recording any more, nor will be.</summary>
    public const string Erased = "erased";

    [JsonNumberHandling(Snowflakes.AsText)]
    public required ulong UserId { get; init; }

    /// <summary>As the server showed it; null once the person is erased.</summary>
    public string? Username { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>agreed, declined or erased.</summary>
    public required string Choice { get; init; }

    /// <summary>Index into <see cref="ConsentLedger.Texts"/>.</summary>
    public int Text { get; init; }

    /// <summary>The button's or command's label.</summary>
    public required string Button { get; init; }
}
