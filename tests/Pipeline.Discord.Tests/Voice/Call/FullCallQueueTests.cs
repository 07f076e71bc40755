using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Dave.Session;
using Pipeline.Discord.Voice.Call;
using Pipeline.Discord.Voice.Session;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.TestKit;

namespace Pipeline.Discord.Tests.Voice.Call;

/// <summary>What finds a call's queue full is counted and said, and how its session stands is taken later.</summary>
public sealed class FullCallQueueTests : IDisposable
{
    private readonly FakeTimeProvider time = new();
    private readonly LogSink log = new();

    public void Dispose() => log.Dispose();

    [Fact]
    public void What_finds_no_room_is_counted_and_logged_once_a_minute()
    {
        VoiceCallQueue queue = new(time, log.CreateLogger("voice"));
        for (int i = 0; i < VoiceCallQueue.Capacity + 3; i++)
            Assert.Equal(i < VoiceCallQueue.Capacity, queue.TryPost(VoiceCallInput.GatewayRestarted.Instance));
        queue.Wake(); // that is no news
        Assert.Equal(3, queue.Refused);
        queue.LogRefused(5);
        queue.TryPost(VoiceCallInput.GatewayRestarted.Instance);
        time.Advance(TimeSpan.FromSeconds(59));
        queue.LogRefused(5);
        Assert.Equal(["Voice 5: 3 messages found the call's queue full (3 so far); it looks again at how things stand"], Lines());
        time.Advance(TimeSpan.FromSeconds(1));
        queue.LogRefused(5);
        time.Advance(TimeSpan.FromMinutes(2));
        queue.LogRefused(5);
        Assert.Equal(["Voice 5: 1 messages found the call's queue full (4 so far); it looks again at how things stand"], Lines()[1..]);
        queue.Complete();
        Assert.False(queue.TryPost(VoiceCallInput.GatewayRestarted.Instance));
        Assert.Equal(4, queue.Refused);

        string[] Lines() => [.. log.Lines.Where(line => line.EventId == 1124).Select(line => line.Text)];
    }

    [Fact]
    public void Newest_of_each_kind_that_found_no_room_is_kept_and_what_got_through_behind_it_makes_it_void()
    {
        MissedNews missed = new();
        Lose(new VoiceSessionNews.Protection(DaveProtection.EndToEnd), new VoiceSessionNews.PrivacyCode("1"), new VoiceSessionNews.Live(),
            new VoiceSessionNews.SourceNamed(7, 1), new VoiceSessionNews.SourceNamed(8, 2), new VoiceSessionNews.UserJoined(3),
            new VoiceSessionNews.Protection(DaveProtection.Unencrypted));
        missed.Pass(new VoiceSessionNews.PrivacyCode("2"), _ => true);
        IReadOnlyList<VoiceSessionNews> taken = missed.Take();
        Assert.IsType<VoiceSessionNews.Live>(taken[0]);
        Assert.Equal(new HashSet<VoiceSessionNews>
        {
            new VoiceSessionNews.Live(), new VoiceSessionNews.Protection(DaveProtection.Unencrypted),
            new VoiceSessionNews.SourceNamed(7, 1), new VoiceSessionNews.SourceNamed(8, 2),
        }, [.. taken]);
        Assert.Empty(missed.Take());

        void Lose(params VoiceSessionNews[] all)
        {
            foreach (VoiceSessionNews news in all) missed.Pass(news, _ => false);
        }
    }

    /// <summary>Its loop is held while the session tells of four thousand people who come and of some hundreds who go.</summary>
    [Fact]
    public async Task Call_whose_queue_was_full_counts_what_its_session_could_not_tell()
    {
        HeldLoop held = new(log.CreateLogger("voice"));
        await using VoiceCallRig rig = await VoiceCallRig.StartAsync(logger: held);
        Task<VoiceCallState> joining = rig.JoinAsync();
        using (held)
        {
            await rig.UntilAsync(() => held.IsHeld, "it is connected, and held");
            for (int message = 0; message < 4; message++)
                Tell(11, $"\"user_ids\":[{string.Join(',', Enumerable.Range(1 + (message * 1000), 1000).Select(user => $"\"{user}\""))}]");
            for (int user = 1; user <= 600; user++) Tell(13, $"\"user_id\":\"{user}\"");
            await rig.UntilAsync(() => rig.Call.Missed > 300, "what found no room");
        }
        Assert.Equal(VoiceCallState.Connected, await joining);
        await rig.UntilAsync(() => log.Lines.Any(line => line.EventId == 1124), "it is said");

        void Tell(int op, string data) => rig.Discord.Faults.Add(
            new SendVoiceMessage($"{{\"op\":{op},\"d\":{{{data}}}}}") { UserId = rig.BotId });
    }

    /// <summary>Holds the loop where it says that the call is connected.</summary>
    private sealed class HeldLoop(ILogger log) : ILogger, IDisposable
    {
        private readonly ManualResetEventSlim gate = new();

        public bool IsHeld { get; private set; }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            log.Log(logLevel, eventId, state, exception, formatter);
            if (eventId.Id != 1120 || !formatter(state, exception).Contains("-> Connected", StringComparison.Ordinal)) return;
            IsHeld = true;
            gate.Wait();
        }

        // The loop may be at it still, and waits for nothing more.
        public void Dispose() => gate.Set();
    }
}
