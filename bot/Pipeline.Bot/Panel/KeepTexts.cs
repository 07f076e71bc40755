using Pipeline.Contracts.Api;

namespace Pipeline.Bot.Panel;

/// <summary>What is said about how long recordings are kept. Pure.</summary>
internal static class KeepTexts
{
    public const string Kept = "The recording is kept; it is not deleted by its age any more. `/record delete` deletes it.";
    public const string NoDay = "That recording has no day on which it is deleted; it is kept anyway.";

    public const string NeedsRight =
        "Only the one who started a recording, or a member with the *Manage Server* permission, can keep it.";

    /// <summary>Empty: it is kept.</summary>
    public static string Day(RecordingSummary recording) => recording.DeletesAt is { } day
        ? $" It is deleted on {Wording.Date(day)}, unless somebody uses `/record keep`." : "";

    /// <summary>The same in a list.</summary>
    public static string ShortDay(RecordingSummary recording) =>
        recording.DeletesAt is { } day ? $", kept until {Wording.Date(day)}" : "";

    public static string Soon(RecordingSummary recording, DateTimeOffset day) =>
        $"Your recording of {Wording.Date(recording.RecordedAt)} is deleted {Wording.Relative(day)}, on {Wording.Date(day)}. "
        + $"`/record keep recording:{recording.Id}` in its server keeps it.";

    /// <param name="days">Null: as the owner has set it; 0: for ever.</param>
    public static string Describe(int? days) => days switch
    {
        null => "as the owner of this bot has set it",
        0 => "for ever",
        { } some => Wording.Count(some, "day") + " after they end",
    };
}
