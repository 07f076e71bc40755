using Pipeline.Bot.ServerSettings;

namespace Pipeline.Bot.Panel;

/// <summary>What people are told and asked about being recorded. The sentences that a ledger keeps stand here word by word.</summary>
internal static class ConsentTexts
{
    public const string AgreeButton = "I agree";
    public const string EraseButton = "Stop and erase me";
    public const string OptOutButton = "Don't record me";

    /// <summary>Instead of a button, of somebody whom the server's settings name.</summary>
    public const string OptedOutElsewhere = "Server settings";

    /// <summary>As in the ledger.</summary>
    public const string Required =
        "Your voice is kept only after you press *I agree*; until then nothing of it is stored. Agreed voices are kept as a track each, "
        + "and those who may record in this server get them. *Don't record me* takes it back for what comes.";

    /// <inheritdoc cref="Required"/>
    public const string Ask =
        "Every voice is kept as a track of its own; those who may record in this server get it. *Stop and erase me* ends that for you and "
        + "erases what this recording has of you.";

    /// <inheritdoc cref="Required"/>
    public const string Off =
        "Every voice is kept as a track of its own; those who may record in this server get it. Do you not want to be in it? Press *Don't "
        + "record me* or use `/record me`; your track stays silent then.";

    public const string AgreedNow =
        "You have agreed: you are recorded from now on in this recording. *Don't record me* or `/record me` takes it back.";

    public const string AgreedBefore = "You have agreed already. *Don't record me* or `/record me` takes it back.";
    public const string NothingToAgree = "This recording asks for no agreement.";

    public const string OptedOutBefore =
        "You have asked not to be recorded in this server. `/record me` takes that back; then press *I agree* again.";

    public const string ErasedBefore = "You are erased from this recording and stay out of it. The next one can have you again.";

    public const string NobodyAgreed = "Nobody here has agreed to be recorded yet, so nothing is kept. Press *I agree* to be in it.";

    /// <summary>The sentence that people of a recording are shown.</summary>
    public static string Of(ConsentMode mode) => mode switch
    {
        ConsentMode.Required => Required,
        ConsentMode.Ask => Ask,
        _ => Off,
    };

    public static string Describe(ConsentMode mode) => mode switch
    {
        ConsentMode.Required => "a voice is kept only after its owner has pressed *I agree*",
        ConsentMode.Ask => "everybody gets a button that stops and erases them",
        _ => "people are told, and may say no",
    };

    /// <param name="most">So many are named.</param>
    public static string Late(IEnumerable<ulong> users, ConsentMode mode, int most = int.MaxValue) =>
        $"{Wording.Users(users, most)}: this call is being recorded. " + mode switch
        {
            ConsentMode.Required => "You are not in it unless you press *I agree*.",
            ConsentMode.Ask => "Press *Stop and erase me* to be out of it.",
            _ => "Press *Don't record me* or use `/record me` to stay out of it.",
        };
}
