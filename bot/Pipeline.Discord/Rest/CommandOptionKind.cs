namespace Pipeline.Discord.Rest;

/// <summary>Discord: Application Command Option Type.</summary>
public enum CommandOptionKind
{
    Subcommand = 1,
    SubcommandGroup = 2,
    Text = 3,
    Integer = 4,
    Truth = 5,
    User = 6,
    Channel = 7,
    Role = 8,
}
