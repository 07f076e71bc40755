using Microsoft.Extensions.Time.Testing;
using Pipeline.Bot.Replay;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Tests.Guilds;
using Pipeline.Bot.Tests.Recordings;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Spectre.Console;

namespace Pipeline.Bot.Tests.Replay;

/// <summary>What a replay says of the recording API that it waits for, and how long it waits.</summary>
public sealed class ReplayApiTests : IAsyncDisposable
{
    private const string Stored = ". What was recorded is stored, and the functions finalize it when they run; the same call with "
        + "--continue waits for that";

    private readonly FakeTimeProvider time = new();
    private readonly RecordingApiStandIn service = new();
    private readonly StringWriter said = new();
    private readonly ReplayApi api;
    private readonly RecordingId recording = RecordingId.New(TimeProvider.System);

    public ReplayApiTests() => api = new ReplayApi(1, new CatalogueOptions
    {
        BaseUrl = service.BaseUrl,
        Timeout = TimeSpan.FromDays(1), // time leaps here
    }, time);

    private string[] Lines => said.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);

    public async ValueTask DisposeAsync()
    {
        await api.DisposeAsync();
        await service.DisposeAsync();
    }

    [Fact]
    public async Task Api_that_is_away_is_named_at_once_and_waited_for_for_a_minute()
    {
        service.IsAway = true;
        Task<int?> waiting = WaitAsync();
        await BotRoom.UntilAsync(() => Step() && Lines.Length == 1, "it is said");
        Assert.False(waiting.IsCompleted);
        long began = time.GetTimestamp();
        await BotRoom.UntilAsync(() => Step() && waiting.IsCompleted, "it gives up");
        Assert.InRange(time.GetElapsedTime(began), TimeSpan.FromSeconds(50), TimeSpan.FromSeconds(75));
        Assert.Null(await waiting);
        Assert.Equal(["the recording API answered 503; it is asked for a minute longer",
            "the recording is not finalized: the recording API answered 503" + Stored], Lines);
    }

    [Fact]
    public async Task Api_that_comes_back_within_the_minute_is_heard()
    {
        service.IsAway = true;
        Task<int?> waiting = WaitAsync();
        await BotRoom.UntilAsync(() => Step() && Lines.Length == 1, "it is said");
        service.Add(RecordingApiStandIn.Finished(recording.ToString(), recording.ToString(), 1, 2));
        service.IsAway = false;
        await BotRoom.UntilAsync(() => Step() && waiting.IsCompleted, "it is finalized");
        Assert.Equal(7, await waiting);
        Assert.Equal(["the recording API answered 503; it is asked for a minute longer",
            "finalized: 7 segments, 0 missing, 3000000 bytes"], Lines);
    }

    /// <summary>A minute here and a minute there is no API that is gone.</summary>
    [Fact]
    public async Task Every_answer_begins_the_minute_again_and_after_ten_of_them_it_gives_up()
    {
        service.Add(RecordingApiStandIn.Finished(recording.ToString(), recording.ToString(), 1, 2, RecordingStatus.Live));
        Task<int?> waiting = WaitAsync();
        long began = time.GetTimestamp();
        foreach (bool isAway in new[] { true, false, true, false })
        {
            service.IsAway = isAway;
            int asked = service.Requests.Count;
            await BotRoom.UntilAsync(() => Step() && service.Requests.Count > asked + 3, "it is asked again");
            Assert.False(waiting.IsCompleted);
        }
        time.Advance(TimeSpan.FromMinutes(10));
        await BotRoom.UntilAsync(() => Step() && waiting.IsCompleted, "it gives up");
        Assert.True(time.GetElapsedTime(began) >= TimeSpan.FromMinutes(10));
        Assert.Null(await waiting);
        Assert.Equal("the recording is not finalized: the recording API says Live" + Stored, Lines[^1]);
        Assert.Equal(2, Lines.Count(line => line.Contains("answered 503; it is asked", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Recording_of_which_nothing_arrived_is_not_said_to_be_stored()
    {
        service.Add(RecordingApiStandIn.Finished(recording.ToString(), recording.ToString(), 1, 2, RecordingStatus.Failed));
        Task<int?> waiting = WaitAsync();
        await BotRoom.UntilAsync(() => Step() && waiting.IsCompleted, "it is over");
        Assert.Null(await waiting);
        Assert.Equal(["the recording is not finalized: the recording API says Failed"], Lines);
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(false, 12)]
    [InlineData(true, 12)]
    public async Task Recording_that_somebody_has_deleted_is_said_to_be_gone_at_once(bool wasThere, int filesLeft)
    {
        if (wasThere)
            service.Add(RecordingApiStandIn.Finished(recording.ToString(), recording.ToString(), 1, 2, RecordingStatus.Processing));
        Task<int?> waiting = WaitAsync();
        if (wasThere) await BotRoom.UntilAsync(() => Step() && api.Moved is not null, "it is there");
        service.FilesLeft = filesLeft;
        service.Delete(recording.ToString());
        long began = time.GetTimestamp();
        await BotRoom.UntilAsync(() => Step() && waiting.IsCompleted, "it is over");
        Assert.True(time.GetElapsedTime(began) < TimeSpan.FromMinutes(5));
        Assert.Null(await waiting);
        Assert.Equal([$"recording {recording} was deleted, so that it is not finalized and nothing of it comes back; the same call "
            + "without --continue is recorded once more"], Lines);
    }

    /// <summary>It is not listed before the functions have heard of it, and somebody else's service tells of no deletions.</summary>
    [Theory]
    [InlineData(404)]
    [InlineData(403)]
    [InlineData(405)]
    public async Task Recording_that_is_not_listed_yet_is_waited_for(int answer)
    {
        service.DeletionRefusal = answer;
        Task<int?> waiting = WaitAsync();
        await BotRoom.UntilAsync(() => Step() && service.Requests.Count(line => line.EndsWith("/deletion", StringComparison.Ordinal)) > 3,
            "it is asked again");
        service.Add(RecordingApiStandIn.Finished(recording.ToString(), recording.ToString(), 1, 2));
        await BotRoom.UntilAsync(() => Step() && waiting.IsCompleted, "it is finalized");
        Assert.Equal(7, await waiting);
        Assert.Equal(["finalized: 7 segments, 0 missing, 3000000 bytes"], Lines);
    }

    [Fact]
    public async Task Segments_of_all_recordings_of_a_call_count()
    {
        RecordingId second = RecordingId.New(TimeProvider.System);
        Assert.Null(api.Moved);
        service.Add(RecordingApiStandIn.Finished(recording.ToString(), recording.ToString(), 1, 2));
        service.Add(RecordingApiStandIn.Finished(second.ToString(), second.ToString(), 1, 2, RecordingStatus.Live));
        api.Follow(second);
        Task<int?> waiting = WaitAsync();
        await BotRoom.UntilAsync(() => Step() && api.Moved is not null, "the first is counted");
        Assert.Equal(7, api.Moved);
        service.Add(RecordingApiStandIn.Finished(second.ToString(), second.ToString(), 1, 2));
        await BotRoom.UntilAsync(() => Step() && waiting.IsCompleted, "both are finalized");
        Assert.Equal((14, 14), (api.Moved, await waiting));
    }

    private Task<int?> WaitAsync()
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(said) });
        api.Follow(recording);
        return api.WaitUntilFinalizedAsync(new ReplayProgress(console, time), TestContext.Current.CancellationToken);
    }

    private bool Step()
    {
        time.Advance(TimeSpan.FromSeconds(1));
        return true;
    }
}
