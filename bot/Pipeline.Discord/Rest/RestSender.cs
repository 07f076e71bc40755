using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace Pipeline.Discord.Rest;

/// <summary>
/// Sends requests within Discord's limits: per bucket, 50 per second over all, pauses of 429 honoured, failures of the server tried
/// again only when that does no harm (Discord: Rate Limits).
/// </summary>
internal sealed class RestSender : IDisposable
{
    private const int LimitAttempts = 5;
    private const int FailureAttempts = 3;

    private readonly HttpClient http;
    private readonly DiscordRestOptions options;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly RestBuckets buckets;
    private readonly TokenBucketRateLimiter global;
    private readonly ResiliencePipeline<RestAnswer> patience;
    private long globalPauseUntil;
    private volatile bool tokenRefused;

    public RestSender(HttpClient http, DiscordRestOptions options, TimeProvider time, ILogger log)
    {
        this.http = http;
        this.options = options;
        this.time = time;
        this.log = log;
        buckets = new RestBuckets(time);
        global = new TokenBucketRateLimiter(new TokenBucketRateLimiterOptions
        {
            TokenLimit = options.GlobalPerSecond,
            TokensPerPeriod = options.GlobalPerSecond,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 10_000,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        });
        patience = new ResiliencePipelineBuilder<RestAnswer> { TimeProvider = time }.AddRetry(Repetition()).Build();
    }

    /// <exception cref="DiscordRestException">Discord refused.</exception>
    /// <exception cref="HttpRequestException">Discord could not be reached.</exception>
    public async Task<RestAnswer> SendAsync(RestRequest request, CancellationToken cancellationToken)
    {
        if (tokenRefused && !request.IsInteraction)
            throw new DiscordRestException(HttpStatusCode.Unauthorized, DiscordErrorCode.None, request.Key,
            "the bot token was refused before");
        ResilienceContext context = ResilienceContextPool.Shared.Get(cancellationToken);
        context.Properties.Set(RequestKey, request);
        RestAnswer answer;
        try
        {
            answer = await patience.ExecuteAsync(async inner => await SendWithinLimitsAsync(request, inner.CancellationToken), context);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
        if (answer.IsSuccess) return answer;
        DiscordRestException refusal = new(answer.Status, answer.Code, request.Key,
            answer.Message)
        { RetryAfter = answer.IsLimit ? answer.RetryAfter : null };
        // Going on with a refused token ends in a ban of the address after 10 000 answers.
        if (refusal.IsTokenRefused && !request.IsInteraction) tokenRefused = true;
        throw refusal;
    }

    public void Dispose()
    {
        global.Dispose();
        buckets.Dispose();
    }

    private static readonly ResiliencePropertyKey<RestRequest> RequestKey = new("request");

    private RetryStrategyOptions<RestAnswer> Repetition() => new()
    {
        ShouldHandle = arguments => ValueTask.FromResult(
            arguments.Context.Properties.GetValue(RequestKey, null!) is { MayRepeat: true } request
            && !IsTooLate(request)
            && (arguments.Outcome.Result is { IsServerFailure: true }
            || arguments.Outcome.Exception is HttpRequestException or TimeoutException)),
        MaxRetryAttempts = FailureAttempts,
        Delay = options.RetryDelay,
        BackoffType = DelayBackoffType.Exponential,
        UseJitter = true,
        OnRetry = arguments =>
        {
            RestRequest request = arguments.Context.Properties.GetValue(RequestKey, null!);
            string problem = arguments.Outcome.Result is { } answer
                ? ((int)answer.Status).ToString(System.Globalization.CultureInfo.InvariantCulture)
                : arguments.Outcome.Exception!.GetType().Name;
            log.RestRetried(request.Method.Method, request.Route, problem, arguments.AttemptNumber + 2);
            return ValueTask.CompletedTask;
        },
    };

    /// <summary>A 429 was not executed, so any request may follow it, until the attempts, the pause or the deadline say no.</summary>
    private async Task<RestAnswer> SendWithinLimitsAsync(RestRequest request, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            RestAnswer answer = await SendInTurnAsync(request, cancellationToken);
            if (!answer.IsLimit || attempt == LimitAttempts || answer.RetryAfter > options.LongestPause) return answer;
            if (request.Deadline is { } deadline && time.GetElapsedTime(time.GetTimestamp(), deadline) < answer.RetryAfter) return answer;
            log.RestLimited(request.Method.Method, request.Route, answer.Scope, answer.RetryAfter);
            await Task.Delay(answer.RetryAfter, time, cancellationToken);
        }
    }

    private async Task<RestAnswer> SendInTurnAsync(RestRequest request, CancellationToken cancellationToken)
    {
        RestBucket bucket = await EnterBucketAsync(request, cancellationToken);
        try
        {
            if (bucket.Pause is { Ticks: > 0 } pause) await Task.Delay(pause, time, cancellationToken);
            if (!request.IsInteraction) await WaitForGlobalAsync(cancellationToken);
            RestAnswer answer = await SendOnceAsync(request, cancellationToken);
            buckets.Learn(request, bucket, answer);
            if (answer is { IsLimit: true, IsGlobalLimit: true }) PauseAll(answer.RetryAfter);
            return answer;
        }
        finally
        {
            bucket.Leave();
        }
    }

    // While one waits its turn, Discord may have named the bucket: then the turn is to be had there, with those who came later.
    private async Task<RestBucket> EnterBucketAsync(RestRequest request, CancellationToken cancellationToken)
    {
        while (true)
        {
            RestBucket bucket = buckets.For(request);
            await bucket.EnterAsync(cancellationToken);
            if (buckets.For(request) == bucket) return bucket;
            bucket.Leave();
        }
    }

    private async Task WaitForGlobalAsync(CancellationToken cancellationToken)
    {
        do
        {
            while (GlobalPause is { Ticks: > 0 } pause) await Task.Delay(pause, time, cancellationToken);
            using RateLimitLease lease = await global.AcquireAsync(1, cancellationToken);
            if (!lease.IsAcquired) throw new HttpRequestException("too many requests wait for Discord");
        }
        while (GlobalPause > TimeSpan.Zero); // It began while a permit was waited for; kept permits would all be used at its end.
    }

    private TimeSpan GlobalPause => time.GetElapsedTime(time.GetTimestamp(), Volatile.Read(ref globalPauseUntil));

    /// <summary>Several requests may be told to pause at once: the longest pause counts.</summary>
    private void PauseAll(TimeSpan pause)
    {
        long until = time.GetTimestamp() + (long)(pause.TotalSeconds * time.TimestampFrequency);
        long known = Volatile.Read(ref globalPauseUntil);
        while (until > known)
        {
            long before = Interlocked.CompareExchange(ref globalPauseUntil, until, known);
            if (before == known) return;
            known = before;
        }
    }

    private async Task<RestAnswer> SendOnceAsync(RestRequest request, CancellationToken cancellationToken)
    {
        using HttpRequestMessage message = new(request.Method, options.ApiBase.AbsoluteUri.TrimEnd('/') + request.Path);
        if (!request.IsInteraction) message.Headers.Authorization = new AuthenticationHeaderValue("Bot", options.Token);
        message.Headers.TryAddWithoutValidation("User-Agent", options.UserAgent);
        if (!request.Body.IsEmpty)
        {
            message.Content = new ReadOnlyMemoryContent(request.Body);
            message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }
        using CancellationTokenSource timeout = new(options.Timeout, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using HttpResponseMessage response = await http.SendAsync(message, either.Token);
            RestAnswer answer = await RestAnswer.ReadAsync(response, either.Token);
            log.RestAnswered(request.Method.Method, request.Route, (int)answer.Status);
            return answer;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{request.Key} had no answer in time");
        }
        catch (SocketException reset)
        {
            // HttpClient lets it out as it is when the peer resets a connection that was just made.
            throw new HttpRequestException("the connection was reset", reset);
        }
    }

    private bool IsTooLate(RestRequest request) => request.Deadline is { } deadline && time.GetTimestamp() >= deadline;
}
