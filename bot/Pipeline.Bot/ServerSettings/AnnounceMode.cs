namespace Pipeline.Bot.ServerSettings;

/// <summary>How a server wants people to be told. There is no mode without any notice.</summary>
internal enum AnnounceMode
{
    /// <summary>The bot's name and a message.</summary>
    Full,

    /// <summary>A message only.</summary>
    Text,

    /// <summary>The bot's name only; who joins late is still told by a message.</summary>
    Name,
}

/// <summary>The words of <see cref="AnnounceMode"/> in settings and commands.</summary>
internal static class AnnounceModes
{
    public static string ToWord(this AnnounceMode mode) => mode switch
    {
        AnnounceMode.Text => "text",
        AnnounceMode.Name => "name",
        _ => "full",
    };

    /// <summary>Anything unknown, and nothing, is <see cref="AnnounceMode.Full"/>: the one that tells most.</summary>
    public static AnnounceMode FromWord(string? word) => word switch
    {
        "text" => AnnounceMode.Text,
        "name" => AnnounceMode.Name,
        _ => AnnounceMode.Full,
    };
}
