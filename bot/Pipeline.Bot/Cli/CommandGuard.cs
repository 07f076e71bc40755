using Pipeline.Audio.Opus;
using Pipeline.Bot.Replay;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Storage;
using Pipeline.Contracts;
using Polly;
using Polly.Retry;

namespace Pipeline.Bot.Cli;

/// <summary>The end of every command: what went wrong becomes one line on standard error and an exit code.</summary>
internal static class CommandGuard
{
    private static readonly TimeSpan StoragePatience = TimeSpan.FromSeconds(30);

    private static readonly ResiliencePipeline Busy = new ResiliencePipelineBuilder().AddRetry(new RetryStrategyOptions
    {
        MaxRetryAttempts = int.MaxValue, // until the patience ends
        Delay = TimeSpan.FromSeconds(0.5),
        UseJitter = true,
        ShouldHandle = static attempt => ValueTask.FromResult(StorageRetry.IsBusy(attempt.Outcome.Exception)),
    }).Build();

    /// <summary>Runs a command and names what it dies of. See <see cref="ExitCode"/>.</summary>
    public static async Task<int> GuardAsync(Func<Task<int>> command)
    {
        try
        {
            return await command();
        }
        catch (ReplayInputException bad)
        {
            return Say(bad.Message, ExitCode.Input);
        }
        catch (OpusLibraryMissingException missing)
        {
            return Say(missing.Message, ExitCode.Machine);
        }
        catch (SpoolInUseException busy)
        {
            return Say(busy.Message, ExitCode.Machine);
        }
        catch (StorageUnreachableException away)
        {
            return Say(away.Message, ExitCode.Storage);
        }
        catch (CatalogueException api)
        {
            return Say(api.Message, ExitCode.Storage);
        }
        catch (ReplayLostException lost)
        {
            return Say(lost.Message, ExitCode.Lost);
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Success; // A signal came before there was anything to do.
        }
        catch (Exception failure) when (DiskFailure.Is(failure))
        {
            return Say(Cause.Of(failure), ExitCode.Machine);
        }
        catch (Exception bug)
        {
            return Say($"A bug of ours: {bug}", ExitCode.Failure);
        }
    }

    /// <summary>
    /// Creates containers and queues where they are missing, and says at once when nobody answers. One that is busy is asked again.
    /// </summary>
    /// <exception cref="StorageUnreachableException">No answer within 30 s, or a refusal.</exception>
    public static async Task RequireStorageAsync(TempStorages storages)
    {
        using CancellationTokenSource patience = new(StoragePatience);
        try
        {
            foreach (TempStorage storage in storages.All) await Busy.ExecuteAsync(async cancel =>
                await storage.EnsureCreatedAsync(cancel), patience.Token);
        }
        catch (Exception failure) when (StorageRetry.IsWorld(failure, CancellationToken.None))
        {
            throw new StorageUnreachableException(StorageRetry.Describe(failure), failure);
        }
    }

    private static int Say(string line, int exitCode)
    {
        Console.Error.WriteLine(line.ReplaceLineEndings(" "));
        return exitCode;
    }
}
