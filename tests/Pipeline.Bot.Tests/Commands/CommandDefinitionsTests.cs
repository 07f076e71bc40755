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

    private static CommandOption Option(string sub, string name) =>
        Record.Options!.Single(one => one.Name == sub).Options!.Single(one => one.Name == name);
}
