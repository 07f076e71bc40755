using Pipeline.Contracts;

namespace Pipeline.Bot.Panel;

/// <summary>
/// Ids of buttons and forms: <c>rec:{what}:{argument}</c>. A button of an old message still says which recording it meant.
/// </summary>
internal static class CustomIds
{
    public const string Stop = "stop";
    public const string Note = "note";
    public const string NoteForm = "note-form";
    public const string NoteText = "text";
    public const string Pause = "pause";
    public const string Resume = "resume";
    public const string Me = "me";
    public const string Agree = "agree";
    public const string EraseMe = "erase-me";
    public const string Forget = "forget";
    public const string CheckAgain = "check";
    public const string Delete = "delete";
    public const string Keep = "keep";
    public const string Link = "link";

    /// <summary>Discord takes no longer one.</summary>
    public const int Longest = 100;

    private const string Prefix = "rec";

    public static string For(string what, string argument) => $"{Prefix}:{what}:{argument}";

    public static string For(string what, RecordingId recording) => For(what, recording.ToString());

    /// <summary>Splits an id of ours; anything else is refused.</summary>
    public static bool TryParse(string? customId, out string what, out string argument)
    {
        (what, argument) = ("", "");
        if (customId?.Split(':', 3) is not [Prefix, { Length: > 0 } first, string second]) return false;
        (what, argument) = (first, second);
        return true;
    }
}
