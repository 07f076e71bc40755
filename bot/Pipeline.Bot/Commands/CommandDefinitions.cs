using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts.Api;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Commands;

/// <summary>
/// The slash commands as they are declared to Discord. Who may use which is checked when it is used, because a server can change what
/// Discord shows.
/// </summary>
internal static class CommandDefinitions
{
    public const string Record = "record";
    public const string Join = "join";
    public const string Stop = "stop";
    public const string AutoOn = "people";
    public const string AutoOff = "off";

    private const int GuildsOnly = 0;
    private const int VoiceChannel = 2;
    private const int StageChannel = 13;
    private const int LongestText = 400;

    public static IReadOnlyList<ApplicationCommand> All { get; } =
    [
        new()
        {
            Name = Record,
            Description = "Record a voice channel",
            Contexts = [GuildsOnly],
            Options =
            [
                Sub("start", "Start recording a voice channel", Channel(), Title()),
                Sub("stop", "Stop the recording and hand out the link"),
                Sub("status", "Show the running recording to me"),
                Sub("note", "Put a marker at this second", Text("text", "What happened", required: true)),
                Sub("pause", "Go off the record for everybody"),
                Sub("resume", "Go back on the record"),
                Sub("list", "Show the recordings of this server"),
                Sub("link", "Make a link that opens a recording", Text("recording", "Which one; the newest if left out"), EndOthers()),
                Sub("delete", "Delete a recording for good", Text("recording", "Which one", required: true)),
                Sub("auto", "Record a channel whenever people are in it; without a choice: the list", Channel(), When(), People()),
                Sub("keep", "Keep a recording beyond the day of its deletion", Text("recording", "Which one", required: true)),
                Sub("settings", "Show or change who may record and how it is announced", RecorderRole(), NoRole(), Announce(), Asks(),
                    Keep()),
                Sub("me", "Keep my voice out of recordings here, or take it back in", Me()),
                new()
                {
                    Type = CommandOptionKind.SubcommandGroup,
                    Name = "forget",
                    Description = "Erase what recordings have of somebody",
                    Options = [Sub("me", "Erase me from every recording of this server, for good")],
                },
                Sub("verify", "Compare the encryption code of a person in the call", User()),
            ],
        },
        new() { Name = Join, Description = "Start recording a voice channel", Contexts = [GuildsOnly], Options = [Channel(), Title()] },
        new() { Name = Stop, Description = "Stop the recording and hand out the link", Contexts = [GuildsOnly] },
    ];

    private static CommandOption Sub(string name, string description, params IReadOnlyList<CommandOption> options) =>
        new()
        {
            Type = CommandOptionKind.Subcommand,
            Name = name,
            Description = description,
            Options = options.Count == 0 ? null : options
        };

    private static CommandOption Channel() =>
        new()
        {
            Type = CommandOptionKind.Channel,
            Name = "channel",
            Description = "Which voice channel; yours if left out",
            ChannelTypes = [VoiceChannel, StageChannel]
        };

    private static CommandOption Title() => Text("title", "A name for the recording", maxLength: 100);

    private static CommandOption Text(string name, string description, bool required = false, int maxLength = LongestText) =>
        new()
        {
            Type = CommandOptionKind.Text,
            Name = name,
            Description = description,
            Required = required ? true : null,
            MaxLength = maxLength
        };

    private static CommandOption User() =>
        new() { Type = CommandOptionKind.User, Name = "user", Description = "Who", Required = true };

    private static CommandOption RecorderRole() =>
        new() { Type = CommandOptionKind.Role, Name = "role", Description = "A role whose members may record" };

    private static CommandOption EndOthers() =>
        new() { Type = CommandOptionKind.Truth, Name = "end-others", Description = "End all links made before" };

    private static CommandOption NoRole() =>
        new() { Type = CommandOptionKind.Truth, Name = "no-role", Description = "Only Manage Server may record" };

    private static CommandOption Announce() => new()
    {
        Type = CommandOptionKind.Text,
        Name = "announce",
        Description = "How people are told that they are recorded",
        Choices = [new("My name and a message", AnnounceMode.Full.ToWord()), new("A message", AnnounceMode.Text.ToWord()),
            new("My name", AnnounceMode.Name.ToWord())],
    };

    private static CommandOption Asks() => new()
    {
        Type = CommandOptionKind.Text,
        Name = "consent",
        Description = "Whether people are asked; counts from the next recording on",
        Choices = [new("Tell them; they may say no", ConsentMode.Off.ToWord()), new("Give them a button that stops and erases them",
            ConsentMode.Ask.ToWord()), new("Keep nobody's voice before they agree", ConsentMode.Required.ToWord())],
    };

    private static CommandOption Keep() => new()
    {
        Type = CommandOptionKind.Integer,
        Name = "keep",
        Description = "So many days after its end a recording is deleted; 0: never. For those that end from now on",
        MinValue = 0,
        MaxValue = GuildSettings.MostKeepDays,
    };

    private static CommandOption When() => new()
    {
        Type = CommandOptionKind.Text,
        Name = "when",
        Description = "When it is recorded",
        Choices = [new("When so many people are in it", AutoOn), new("Not by itself any more", AutoOff)],
    };

    private static CommandOption People() => new()
    {
        Type = CommandOptionKind.Integer,
        Name = "people",
        Description = "How many people start it; one if left out",
        MinValue = 1,
        MaxValue = AutoRecordRule.MostPeople,
    };

    private static CommandOption Me() => new()
    {
        Type = CommandOptionKind.Text,
        Name = "choice",
        Description = "Switches if left out",
        Choices = [new("Don't record me", "out"), new("Record me", "in")],
    };
}
