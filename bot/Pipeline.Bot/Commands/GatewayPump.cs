using Microsoft.Extensions.Hosting;
using Pipeline.Bot.Guilds;
using Pipeline.Discord.Gateway;

namespace Pipeline.Bot.Commands;

/// <summary>
/// The bot at Discord: keeps the gateway, passes on what it says, declares the commands, leaves its calls when it is stopped.
/// </summary>
internal sealed class GatewayPump(GatewayClient gateway, GuildRecorders recorders, RecordingSearch search, InteractionRouter router,
    CommandDeclaration declaration, IHostApplicationLifetime lifetime, TimeProvider time) : BackgroundService
{
    // One server's queue may wait for Discord for a minute (a 429): the recordings of all others are handed over meanwhile.
    private static readonly TimeSpan LeavePatience = TimeSpan.FromSeconds(5);

    private readonly BackgroundTasks answering = new();
    private readonly TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool declared;
    private Task? leaving;

    /// <summary>Why Discord refuses this bot for good; null while it does not.</summary>
    public GatewayFatalException? Failure { get; private set; }

    /// <summary>Completes with the first session.</summary>
    public Task Ready => ready.Task;

    /// <summary>Leaves the calls while the gateway still stands, then the gateway. Commands that came before are still answered.</summary>
    public Task LeaveAsync(CancellationToken cancellationToken) => leaving ??= LeaveOnceAsync(cancellationToken);

    /// <summary>Leaves, unless that was done, and answers what came before.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await LeaveAsync(cancellationToken);
        await answering.WhenDoneAsync(cancellationToken);
    }

    private async Task LeaveOnceAsync(CancellationToken cancellationToken)
    {
        await recorders.LeaveAllAsync().WaitAsync(LeavePatience, time, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // A search may wait for the same queue. The gateway ends at once.
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using ITimer limit = time.CreateTimer(_ => patience.Cancel(), null, LeavePatience, Timeout.InfiniteTimeSpan);
        await base.StopAsync(patience.Token);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Task[] beside = [recorders.RunAsync(stoppingToken), search.RunAsync(stoppingToken), ReadAsync(stoppingToken)];
        // Without one of them the bot would be at Discord, deaf to everything.
        foreach (Task one in beside)
        {
            _ = one.ContinueWith(_ => lifetime.StopApplication(), CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted,
                TaskScheduler.Default);
        }
        try
        {
            await gateway.RunAsync(stoppingToken);
        }
        catch (GatewayFatalException fatal)
        {
            Failure = fatal;
            lifetime.StopApplication();
        }
        await Task.WhenAll(beside).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(beside.Where(one => one.IsFaulted)); // a bug of ours: the host says it, and the exit code
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        await foreach (GatewayEvent what in gateway.Events.ReadAllAsync(cancellationToken))
        {
            recorders.OnEvent(what);
            switch (what)
            {
                case GatewayEvent.InteractionCreated used:
                    answering.Add(router.HandleAsync(used.Interaction, used.ReceivedAt, cancellationToken)); break;
                case GatewayEvent.GuildSynchronized: search.Look(); break;
                case GatewayEvent.SessionStarted started: OnSession(started, cancellationToken); break;
                default: break;
            }
        }
    }

    private void OnSession(GatewayEvent.SessionStarted started, CancellationToken cancellationToken)
    {
        ready.TrySetResult();
        if (declared) return;
        declared = true;
        answering.Add(declaration.DeclareAsync(started.ApplicationId, cancellationToken));
    }
}
