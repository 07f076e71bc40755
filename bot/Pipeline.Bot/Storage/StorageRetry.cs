using System.Net.Sockets;
using Azure;
using Azure.Identity;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Observability;
using Pipeline.Contracts;
using Polly;
using Polly.Retry;

namespace Pipeline.Bot.Storage;

/// <summary>
/// Repeats a call to the storage until it succeeds or is cancelled: exponential backoff with jitter from 0.2 s to 10 s, or what the
/// service asks for with Retry-After. Knows since when the storage has been failing. One for the whole bot, any thread.
/// </summary>
internal sealed class StorageRetry
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(10);

    private readonly ResiliencePipeline pipeline;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private long failingSince; // timestamp; 0 while all is well

    public StorageRetry(TimeProvider time, ILogger<StorageRetry> logger)
    {
        (this.time, this.logger) = (time, logger);
        pipeline = new ResiliencePipelineBuilder { TimeProvider = time }.AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = FirstDelay,
            MaxDelay = LongestDelay,
            ShouldHandle = attempt => ValueTask.FromResult(IsWorld(attempt.Outcome.Exception, attempt.Context.CancellationToken)),
            DelayGenerator = attempt => ValueTask.FromResult(RetryAfter(attempt.Outcome.Exception)),
            OnRetry = attempt =>
            {
                Failed(attempt.Outcome.Exception!);
                return ValueTask.CompletedTask;
            },
        }).Build();
    }

    /// <summary>How long the storage has been failing; zero while the last call succeeded.</summary>
    public TimeSpan Failing => Volatile.Read(ref failingSince) is var since and not 0 ? time.GetElapsedTime(since) : TimeSpan.Zero;

    public async Task<T> ExecuteAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancel)
    {
        T result = await pipeline.ExecuteAsync(static async (call, token) => await call(token), call, cancel);
        Succeeded();
        return result;
    }

    public Task ExecuteAsync(Func<CancellationToken, Task> call, CancellationToken cancel) => ExecuteAsync(async token =>
    {
        await call(token);
        return true;
    }, cancel);

    /// <summary>What the network and the service do to us, as against a bug of ours or the caller's own cancellation.</summary>
    public static bool IsWorld(Exception? failure, CancellationToken cancel) => failure switch
    {
        OperationCanceledException => !cancel.IsCancellationRequested, // our limit for one call, or the SDK's
        // HttpClient lets a SocketException out as it is when the peer resets a connection that was just made.
        SocketException or RequestFailedException or IOException or HttpRequestException or AuthenticationFailedException
            or InvalidDataException => true,
        AggregateException all => all.InnerExceptions.All(inner => IsWorld(inner, cancel)),
        _ => false,
    };

    /// <summary>The service is there and has too much to do.</summary>
    public static bool IsBusy(Exception? failure) => failure is RequestFailedException { Status: 429 or >= 500 };

    /// <summary>Somebody has answered, and did not take it; otherwise nobody did.</summary>
    public static bool IsAnswer(Exception? failure) => failure switch
    {
        RequestFailedException { Status: > 0 } or AuthenticationFailedException or InvalidDataException => true,
        AggregateException { InnerException: { } inner } => IsAnswer(inner),
        _ => false,
    };

    private static TimeSpan? RetryAfter(Exception? failure)
    {
        if (failure is not RequestFailedException refused || refused.GetRawResponse() is not { } response) return null;
        if (!response.Headers.TryGetValue("Retry-After", out string? value) || !int.TryParse(value, out int seconds) || seconds < 0)
            return null;
        return TimeSpan.FromSeconds(Math.Min(seconds, 60));
    }

    private void Failed(Exception failure)
    {
        if (Interlocked.CompareExchange(ref failingSince, Math.Max(1, time.GetTimestamp()), 0) == 0) logger.StorageAway(Describe(failure));
    }

    private void Succeeded()
    {
        long since = Volatile.Read(ref failingSince);
        if (since != 0 && Interlocked.CompareExchange(ref failingSince, 0, since) == since)
            logger.StorageBack(time.GetElapsedTime(since).TotalSeconds);
    }

    /// <summary>One line without the SDK's words, which repeat headers over many lines and talk of its own options.</summary>
    internal static string Describe(Exception failure) => failure switch
    {
        // Azurite's answer to a version that is newer than itself.
        RequestFailedException { Status: 400, ErrorCode: "InvalidHeaderValue" } =>
            "400 InvalidHeaderValue: it does not know this version of the storage protocol (Azurite: start it with --skipApiVersionCheck)",
        RequestFailedException { Status: 403 } refused =>
            $"403 {refused.ErrorCode}: it refuses the bot; give it its role on the temp container, and look at the key and the "
                + $"account's firewall",
        RequestFailedException { Status: > 0 } refused => $"{refused.Status} {refused.ErrorCode}".TrimEnd(),
        AuthenticationFailedException => "no token for this identity (PipelineStorage__credential, PipelineStorage__clientId)",
        OperationCanceledException => "no answer in time",
        AggregateException { InnerException: { } inner } => Describe(inner),
        InvalidDataException => failure.Message.ReplaceLineEndings(" "),
        _ => Cause.OfNetwork(failure),
    };
}
