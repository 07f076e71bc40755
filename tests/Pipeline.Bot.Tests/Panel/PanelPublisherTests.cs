using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Bot.Panel;
using Pipeline.Discord.Rest;
using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.Bot.Tests.Panel;

public sealed class PanelPublisherTests : IAsyncLifetime
{
    private readonly FakeTimeProvider time = new(DateTimeOffset.UnixEpoch.AddYears(56));
    private readonly HttpClient http = new();
    private Simulator discord = null!;
    private DiscordRestClient rest = null!;
    private PanelPublisher panel = null!;

    private SimulatedMessage Message => discord.TextChannel.Messages[^1];

    public async ValueTask InitializeAsync()
    {
        discord = await Simulator.StartAsync();
        rest = new DiscordRestClient(http, new DiscordRestOptions { Token = discord.Bot.Token, ApiBase = new Uri(discord.ApiBaseUrl) },
            TimeProvider.System, NullLogger<DiscordRestClient>.Instance);
        panel = new PanelPublisher(rest, discord.Guild.Id, null, time, NullLogger.Instance);
        await panel.PostAsync(discord.TextChannel.Id, Body("first"), TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        time.Advance(PanelPublisher.IntervalWhenOld);
        await panel.DisposeAsync();
        rest.Dispose();
        http.Dispose();
        await discord.DisposeAsync();
    }

    [Fact]
    public async Task Many_changes_become_one_edit_in_five_seconds_and_the_newest_wins()
    {
        for (int i = 0; i < 50; i++) panel.Show(Body($"state {i}"));
        Step(TimeSpan.FromSeconds(4.9));
        Assert.Single(Message.Versions);
        await AdvanceUntilAsync(() => Message.Text == "state 49");
        Assert.Equal(2, Message.Versions.Count);
    }

    [Fact]
    public async Task Edits_are_five_seconds_apart()
    {
        // An edit arrives in real time while the clock is turned, so what counts is how many fit into its thirty seconds.
        for (int i = 0; i < 60; i++)
        {
            panel.Show(Body($"state {i}"));
            Step(TimeSpan.FromSeconds(0.5));
        }
        Assert.InRange(Message.Versions.Count, 1, 1 + 6);
        await AdvanceUntilAsync(() => Message.Text == "state 59");
        Assert.InRange(Message.Versions.Count, 2, 1 + 7);
    }

    [Fact]
    public async Task Old_message_is_edited_once_a_minute_unless_the_state_changes()
    {
        time.Advance(TimeSpan.FromHours(1.5));
        panel.Show(Body("after an hour"));
        await AdvanceUntilAsync(() => Message.Text == "after an hour");
        panel.Show(Body("small change"));
        Step(TimeSpan.FromSeconds(30));
        Assert.Equal("after an hour", Message.Text);
        panel.Show(Body("stopped"), important: true);
        await AdvanceUntilAsync(() => Message.Text == "stopped");
    }

    [Theory]
    [InlineData(404, 10008)]
    [InlineData(400, 30046)]
    public async Task Message_that_is_gone_or_too_old_is_posted_anew(int status, int code)
    {
        discord.Faults.Add(new RefuseRest(status) { Code = code, Method = "PATCH", Times = 1 });
        ulong first = panel.Posted!.MessageId;
        panel.Show(Body("again"));
        await AdvanceUntilAsync(() => Message.Text == "again");
        await Simulator.WaitUntilAsync(() => panel.Posted!.MessageId != first);
        Assert.Equal(2, discord.TextChannel.Messages.Count);
    }

    /// <summary>The publisher waits on the virtual clock; small steps let it see each of them.</summary>
    private void Step(TimeSpan length)
    {
        for (TimeSpan passed = TimeSpan.Zero; passed < length; passed += TimeSpan.FromSeconds(0.1)) time.Advance(TimeSpan.FromSeconds(0.1));
    }

    private Task AdvanceUntilAsync(Func<bool> condition) => Simulator.WaitUntilAsync(() =>
    {
        if (condition()) return true;
        time.Advance(TimeSpan.FromSeconds(0.1));
        return false;
    }, TimeSpan.FromSeconds(60));

    private static MessageBody Body(string text) => new() { Content = text };
}
