using System.Collections.Immutable;
using System.Globalization;
using Pipeline.Discord.Model;

namespace Pipeline.Discord.Tests.Model;

/// <summary>Who people are and whether they can be heard.</summary>
public sealed class GuildTests
{
    private static readonly DiscordUser User = new() { Id = 5, Username = "user" };

    [Theory]
    [InlineData(null, null, "user")]
    [InlineData(null, " ", "user")]
    [InlineData(null, "Global", "Global")]
    [InlineData("", "Global", "Global")]
    [InlineData("Nick", "Global", "Nick")]
    public void Somebody_is_called_as_in_the_server_or_everywhere_or_as_they_sign_in(string? nick, string? everywhere, string name)
    {
        GuildMember member = new() { User = User with { GlobalName = everywhere }, Nick = nick };
        Assert.Equal(name, member.DisplayName);
        Guild guild = new() { Id = 1, Members = ImmutableDictionary<ulong, GuildMember>.Empty.Add(5, member).Add(6, new GuildMember()) };
        Assert.Equal((name, "6", "7"), (guild.NameOf(5), guild.NameOf(6), guild.NameOf(7))); // by their id where there is none
    }

    [Fact]
    public void Bots_and_who_is_in_a_channel_are_known()
    {
        Guild guild = new()
        {
            Id = 1,
            Members = ImmutableDictionary<ulong, GuildMember>.Empty.Add(5, new GuildMember { User = User })
                .Add(6, new GuildMember { User = User with { Id = 6, Bot = true } }).Add(7, new GuildMember()),
            VoiceStates = ImmutableDictionary<ulong, VoiceState>.Empty.Add(5, new VoiceState { UserId = 5, ChannelId = 20 })
                .Add(6, new VoiceState { UserId = 6, ChannelId = 21 }).Add(7, new VoiceState { UserId = 7 }),
        };
        Assert.Equal([false, true, false, false], new ulong[] { 5, 6, 7, 8 }.Select(guild.IsBot));
        Assert.Equal([5UL], guild.InChannel(20).Select(state => state.UserId));
    }

    [Theory]
    [InlineData(false, false, false, true)]
    [InlineData(true, false, false, false)]
    [InlineData(false, true, false, false)]
    [InlineData(false, false, true, false)]
    public void Who_is_muted_by_anybody_cannot_be_heard(bool mute, bool selfMute, bool suppress, bool canBeHeard) =>
        Assert.Equal(canBeHeard, new VoiceState { UserId = 5, Mute = mute, SelfMute = selfMute, Suppress = suppress }.CanBeHeard);

    [Fact]
    public void Text_of_an_interaction_has_no_secret_in_it()
    {
        Interaction interaction = new() { Id = 4, Kind = InteractionKind.Command, GuildId = 9, Token = "secret" };
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"Id = {4}, Kind = Command, GuildId = {9}"), interaction.ToString(),
            StringComparison.Ordinal);
        Assert.DoesNotContain("secret", interaction.ToString(), StringComparison.Ordinal);
    }
}
