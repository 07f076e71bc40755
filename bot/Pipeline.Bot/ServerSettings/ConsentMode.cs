using Pipeline.Contracts;

namespace Pipeline.Bot.ServerSettings;

/// <summary>Whether people are asked before they are recorded.</summary>
internal enum ConsentMode
{
    /// <summary>Told, and free to say no.</summary>
    Off,

    /// <summary>Recorded, with a button that stops that and erases them.</summary>
    Ask,

    /// <summary>Not recorded before they agree.</summary>
    Required,
}

/// <summary>The words of <see cref="ConsentMode"/> in settings, commands and ledgers.</summary>
internal static class ConsentModes
{
    public static string ToWord(this ConsentMode mode) => mode switch
    {
        ConsentMode.Ask => ConsentLedger.Ask,
        ConsentMode.Required => ConsentLedger.Required,
        _ => ConsentLedger.Off,
    };

    /// <summary>Nothing is <see cref="ConsentMode.Off"/>; an unknown word is the one that protects most.</summary>
    public static ConsentMode FromWord(string? word) => word switch
    {
        null or ConsentLedger.Off => ConsentMode.Off,
        ConsentLedger.Ask => ConsentMode.Ask,
        _ => ConsentMode.Required,
    };
}
