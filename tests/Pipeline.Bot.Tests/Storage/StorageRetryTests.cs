using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Azure;
using Azure.Core;
using Azure.Identity;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Bot.Storage;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Storage;

/// <summary>What is tried again and what is not, how long it waits, and what it says of an outage.</summary>
public sealed class StorageRetryTests : IDisposable
{
    private const int StorageAway = 4001, StorageBack = 4002;

    private readonly FakeTimeProvider time = new();
    private readonly LogSink log = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => log.Dispose();

    [Fact]
    public async Task Outage_is_said_once_with_its_end_and_known_while_it_lasts()
    {
        StorageRetry retry = new(time, log.CreateLogger<StorageRetry>());
        int tries = 0;
        Task<int> call = retry.ExecuteAsync(_ =>
        {
            if (++tries < 3) throw new SocketException((int)SocketError.ConnectionRefused);
            return Task.FromResult(7);
        }, Cancel);
        Assert.Equal(TimeSpan.Zero, retry.Failing);
        Assert.False(call.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(2)); // the first delay is 0.2 s, with jitter
        await AdvanceUntilAsync(call);

        Assert.Equal(7, await call);
        Assert.Equal(3, tries);
        Assert.Equal(TimeSpan.Zero, retry.Failing);
        Assert.Equal([StorageAway, StorageBack], log.Lines.Select(line => line.EventId));
    }

    [Fact]
    public async Task Time_without_the_storage_counts_from_its_first_failure()
    {
        StorageRetry retry = new(time, log.CreateLogger<StorageRetry>());
        bool isAway = true;
        Task call = retry.ExecuteAsync(_ => isAway ? throw new IOException("away") : Task.CompletedTask, Cancel);
        for (int second = 1; second <= 30; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(TimeSpan.FromSeconds(second), retry.Failing);
        }
        isAway = false;
        await AdvanceUntilAsync(call);
        Assert.Equal(TimeSpan.Zero, retry.Failing);
        Assert.Single(log.Lines, line => line.EventId == StorageAway);
    }

    /// <summary>Never longer than ten seconds by itself; what the service asks for is kept, up to a minute.</summary>
    [Theory]
    [InlineData("7", 7)]
    [InlineData("0", 0)]
    [InlineData("60", 60)]
    [InlineData("3600", 60)]
    public async Task Wait_that_the_service_asks_for_is_kept(string asked, int seconds)
    {
        StorageRetry retry = new(time, log.CreateLogger<StorageRetry>());
        int tries = 0;
        Task call = retry.ExecuteAsync(_ =>
            ++tries == 1 ? throw new RequestFailedException(new Answer(asked)) : Task.CompletedTask, Cancel);
        if (seconds > 0)
        {
            time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
            Assert.Equal(1, tries);
            time.Advance(TimeSpan.FromMilliseconds(1));
        }
        await call.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        Assert.Equal(2, tries);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("soon")]
    public async Task Wait_that_is_no_number_of_seconds_is_our_own(string asked)
    {
        StorageRetry retry = new(time, log.CreateLogger<StorageRetry>());
        int tries = 0;
        Task call = retry.ExecuteAsync(_ =>
            ++tries == 1 ? throw new RequestFailedException(new Answer(asked)) : Task.CompletedTask, Cancel);
        time.Advance(TimeSpan.FromSeconds(10));
        await call.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        Assert.Equal(2, tries);
    }

    [Fact]
    public async Task Bug_and_own_cancellation_are_not_tried_again()
    {
        StorageRetry retry = new(time, log.CreateLogger<StorageRetry>());
        int tries = 0;
        await Assert.ThrowsAsync<JsonException>(() => retry.ExecuteAsync(Task (_) =>
        {
            tries++;
            throw new JsonException();
        }, Cancel));
        using CancellationTokenSource over = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => retry.ExecuteAsync(Task (token) =>
        {
            tries++;
            over.Cancel();
            throw new OperationCanceledException(token);
        }, over.Token));
        Assert.Equal(2, tries);
        Assert.Empty(log.Lines);
        Assert.Equal(TimeSpan.Zero, retry.Failing);
    }

    [Fact]
    public void World_is_what_network_and_service_do_to_us()
    {
        Exception[] world =
        [
            new SocketException(), new RequestFailedException("refused"), new IOException(), new HttpRequestException(),
            new AuthenticationFailedException("no token"), new InvalidDataException(), new OperationCanceledException(),
            new AggregateException(new IOException(), new SocketException()),
        ];
        Assert.All(world, failure => Assert.True(StorageRetry.IsWorld(failure, CancellationToken.None), failure.GetType().Name));
        Exception?[] ours = [null, new InvalidOperationException(), new AggregateException(new IOException(), new JsonException())];
        Assert.All(ours, failure => Assert.False(StorageRetry.IsWorld(failure, CancellationToken.None)));
        Assert.False(StorageRetry.IsWorld(new OperationCanceledException(), new CancellationToken(canceled: true)));
    }

    [Theory]
    [InlineData(429, true)]
    [InlineData(499, false)]
    [InlineData(500, true)]
    [InlineData(503, true)]
    [InlineData(404, false)]
    public void Service_with_too_much_to_do_is_told_from_one_that_refuses(int status, bool isBusy)
    {
        Assert.Equal(isBusy, StorageRetry.IsBusy(new RequestFailedException(status, "")));
        Assert.False(StorageRetry.IsBusy(new IOException()));
    }

    [Fact]
    public void Reason_is_one_line_without_the_words_of_the_sdk()
    {
        Assert.StartsWith("400 InvalidHeaderValue: it does not know this version", Describe(400, "InvalidHeaderValue"),
            StringComparison.Ordinal);
        Assert.Equal("400 InvalidInput", Describe(400, "InvalidInput"));
        Assert.StartsWith("403 AuthorizationFailure: it refuses the bot; give it its role", Describe(403, "AuthorizationFailure"),
            StringComparison.Ordinal);
        Assert.Equal("503 ServerBusy", Describe(503, "ServerBusy"));
        Assert.Equal("503", StorageRetry.Describe(new RequestFailedException(503, "Retry-After: 1\nx-ms-date: today")));
        Assert.Equal("no answer in time", StorageRetry.Describe(new TaskCanceledException()));
        Assert.Equal("no answer in time", StorageRetry.Describe(new AggregateException(new TaskCanceledException())));
        Assert.Equal("no token for this identity (PipelineStorage__credential, PipelineStorage__clientId)",
            StorageRetry.Describe(new AuthenticationFailedException("a page of text")));
        Assert.Equal("two lines", StorageRetry.Describe(new InvalidDataException("two\nlines")));
    }

    private static string Describe(int status, string code) =>
        StorageRetry.Describe(new RequestFailedException(status, "many\nlines", code, null));

    private async Task AdvanceUntilAsync(Task call)
    {
        LoopLimit limit = new("the call to the storage ends");
        while (!call.IsCompleted)
        {
            limit.Turn();
            time.Advance(TimeSpan.FromSeconds(10));
            await Task.Yield();
        }
    }

    /// <summary>503 with a Retry-After.</summary>
    private sealed class Answer(string retryAfter) : Response
    {
        public override int Status => 503;
        public override string ReasonPhrase => "Busy";
        public override Stream? ContentStream { get; set; } = new MemoryStream(Encoding.ASCII.GetBytes(""));
        public override string ClientRequestId { get; set; } = "";

        public override void Dispose() => ContentStream?.Dispose();

        protected override bool ContainsHeader(string name) => name == "Retry-After";

        protected override IEnumerable<HttpHeader> EnumerateHeaders() => [new HttpHeader("Retry-After", retryAfter)];

        protected override bool TryGetHeader(string name, out string value)
        {
            value = ContainsHeader(name) ? retryAfter : "";
            return ContainsHeader(name);
        }

        protected override bool TryGetHeaderValues(string name, out IEnumerable<string> values)
        {
            values = ContainsHeader(name) ? [retryAfter] : [];
            return ContainsHeader(name);
        }
    }
}
