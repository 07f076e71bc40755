using Pipeline.Bot.Commands;
using Pipeline.Contracts.Api;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Tests.Commands;

/// <summary>What Discord lets people enter, and where.</summary>
public sealed class CommandDefinitionsTests
{
    private static ApplicationCommand Record => CommandDefinitions.All.Single(command => command.Name == "record");

    [Fact]
    public void Commands_work_in_servers_only() =>
        Assert.All(CommandDefinitions.All, command => Assert.Equal([0], command.Contexts));

    [Theory]
    [InlineData("note", "text", 400, true)]
    [InlineData("delete", "recording", 400, true)]
    [InlineData("keep", "recording", 400, true)]
    [InlineData("link", "recording", 400, false)]
    [InlineData("start", "title", 100, false)]
    public void Texts_have_their_length_and_their_duty(string sub, string name, int most, bool isRequired)
    {
        CommandOption option = Option(sub, name);
        Assert.Equal((CommandOptionKind.Text, most, isRequired), (option.Type, option.MaxLength, option.Required == true));
    }

    [Fact]
    public void Numbers_have_their_bounds()
    {
        CommandOption keep = Option("settings", "keep");
        Assert.Equal((0, GuildSettings.MostKeepDays), (keep.MinValue, keep.MaxValue));
        CommandOption people = Option("auto", "people");
        Assert.Equal((1, AutoRecordRule.MostPeople), (people.MinValue, people.MaxValue));
    }

    [Fact]
    public void Only_channels_with_voice_can_be_chosen_and_somebody_must_be_to_verify()
    {
        Assert.Equal([2, 13], Option("start", "channel").ChannelTypes);
        Assert.Equal([2, 13], Option("auto", "channel").ChannelTypes);
        Assert.True(Option("verify", "user").Required);
        Assert.Null(Option("settings", "role").Required);
        Assert.Null(Record.Options!.Single(sub => sub.Name == "stop").Options); // Discord refuses an empty list
    }

    /// <summary>What Discord shows while somebody types, word by word.</summary>
    [Fact]
    public void Every_command_option_and_choice_says_what_it_does() => Assert.Equal(
        [
            "/record: Record a voice channel",
            "/record start: Start recording a voice channel",
            "/record start channel: Which voice channel; yours if left out",
            "/record start title: A name for the recording",
            "/record stop: Stop the recording and hand out the link",
            "/record status: Show the running recording to me",
            "/record note: Put a marker at this second",
            "/record note text: What happened",
            "/record pause: Go off the record for everybody",
            "/record resume: Go back on the record",
            "/record list: Show the recordings of this server",
            "/record link: Make a link that opens a recording",
            "/record link recording: Which one; the newest if left out",
            "/record link end-others: End all links made before",
            "/record delete: Delete a recording for good",
            "/record delete recording: Which one",
            "/record auto: Record a channel whenever people are in it; without a choice: the list",
            "/record auto channel: Which voice channel; yours if left out",
            "/record auto when: When it is recorded",
            "/record auto when people: When so many people are in it",
            "/record auto when off: Not by itself any more",
            "/record auto people: How many people start it; one if left out",
            "/record keep: Keep a recording beyond the day of its deletion",
            "/record keep recording: Which one",
            "/record settings: Show or change who may record and how it is announced",
            "/record settings role: A role whose members may record",
            "/record settings no-role: Only Manage Server may record",
            "/record settings announce: How people are told that they are recorded",
            "/record settings announce full: My name and a message",
            "/record settings announce text: A message",
            "/record settings announce name: My name",
            "/record settings consent: Whether people are asked; counts from the next recording on",
            "/record settings consent off: Tell them; they may say no",
            "/record settings consent ask: Give them a button that stops and erases them",
            "/record settings consent required: Keep nobody's voice before they agree",
            "/record settings keep: So many days after its end a recording is deleted; 0: never. For those that end from now on",
            "/record me: Keep my voice out of recordings here, or take it back in",
            "/record me choice: Switches if left out",
            "/record me choice out: Don't record me",
            "/record me choice in: Record me",
            "/record forget: Erase what recordings have of somebody",
            "/record forget me: Erase me from every recording of this server, for good",
            "/record verify: Compare the encryption code of a person in the call",
            "/record verify user: Who",
            "/join: Start recording a voice channel",
            "/join channel: Which voice channel; yours if left out",
            "/join title: A name for the recording",
            "/stop: Stop the recording and hand out the link",
        ], CommandDefinitions.All.SelectMany(command =>
            Lines($"/{command.Name}", command.Description, command.Options ?? [], [])));

    private static IEnumerable<string> Lines(string name, string? description, IReadOnlyList<CommandOption> options,
        IReadOnlyList<CommandChoice> choices) =>
        [
            $"{name}: {description}",
            .. options.SelectMany(option => Lines($"{name} {option.Name}", option.Description, option.Options ?? [], option.Choices ?? [])),
            .. choices.Select(choice => $"{name} {choice.Value}: {choice.Name}"),
        ];

    private static CommandOption Option(string sub, string name) =>
        Record.Options!.Single(one => one.Name == sub).Options!.Single(one => one.Name == name);
}
