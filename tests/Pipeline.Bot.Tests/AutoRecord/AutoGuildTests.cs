using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Bot.AutoRecord;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.AutoRecord;

/// <summary>What one server's rules wait for, by the clock and over a restart.</summary>
public sealed class AutoGuildTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly FakeTimeProvider time = new();
    private readonly LogSink log = new();

    private string FilePath => folder.Combine("state", "auto-7.json");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Channel_rests_until_its_people_have_gone_also_after_a_restart()
    {
        AutoGuild guild = New();
        Assert.Equal((false, true), (guild.Rests, guild.MayStart(1, time)));
        guild.Rest(1);
        guild.Rest(1);
        guild.Rest(2);
        Assert.Equal((true, false, false, true), (guild.Rests, guild.MayStart(1, time), guild.MayStart(2, time), guild.MayStart(3, time)));

        AutoGuild again = New();
        Assert.Equal((false, false, true), (again.MayStart(1, time), again.MayStart(2, time), again.MayStart(3, time)));
        again.Wake(1);
        Assert.Equal((true, false, true), (again.MayStart(1, time), again.MayStart(2, time), again.Rests));
        Assert.True(New().MayStart(1, time));
        again.Wake(2);
        Assert.False(again.Rests);
        Assert.False(File.Exists(FilePath));
        again.Wake(2); // nothing to do
        Assert.Empty(log.Lines);
    }

    [Fact]
    public void Start_that_failed_is_tried_again_after_a_minute_and_told_once()
    {
        AutoGuild guild = New();
        Assert.True(guild.Failed(1, time));
        Assert.False(guild.MayStart(1, time));
        Assert.True(guild.MayStart(2, time));
        time.Advance(TimeSpan.FromMinutes(1) - TimeSpan.FromTicks(1));
        Assert.False(guild.MayStart(1, time));
        time.Advance(TimeSpan.FromTicks(1));
        Assert.True(guild.MayStart(1, time));
        Assert.True(guild.Failed(1, time)); // it could not be said
        guild.Told(1);
        Assert.False(guild.Failed(1, time));
        guild.Wake(1); // they have gone
        Assert.True(guild.MayStart(1, time));
        Assert.True(guild.Failed(1, time));
        guild.Rest(1);
        guild.Failed(1, time);
        Assert.False(guild.Rests); // the people who are there have not stopped anything
    }

    [Fact]
    public void Server_is_asked_about_once_a_minute_while_nobody_answers()
    {
        AutoGuild guild = New();
        Assert.Equal((true, false), (guild.MayAsk(time), guild.HasHeard));
        guild.Asked(hasAnswered: false, time);
        Assert.Equal((false, false), (guild.MayAsk(time), guild.HasHeard));
        time.Advance(TimeSpan.FromMinutes(1) - TimeSpan.FromTicks(1));
        Assert.False(guild.MayAsk(time));
        time.Advance(TimeSpan.FromTicks(1));
        Assert.True(guild.MayAsk(time));
        guild.Asked(hasAnswered: true, time);
        Assert.Equal((true, true), (guild.MayAsk(time), guild.HasHeard));
        guild.Asked(hasAnswered: false, time);
        Assert.True(guild.HasHeard);
    }

    [Fact]
    public void One_looks_at_a_server_at_a_time()
    {
        AutoGuild guild = New();
        Assert.True(guild.TryEnter());
        Assert.False(guild.TryEnter());
        guild.Leave();
        Assert.True(guild.TryEnter());
    }

    [Fact]
    public void Disk_that_takes_nothing_is_said_and_the_channel_rests_even_so()
    {
        File.WriteAllText(folder.Combine("state"), "in the way");
        AutoGuild guild = New();
        guild.Rest(1);
        Assert.False(guild.MayStart(1, time));
        Assert.Single(log.Lines);
    }

    private AutoGuild New() => new(7, folder.Combine("state"), log.CreateLogger("auto"));
}
