using System.CommandLine;
using System.Runtime.InteropServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Pipeline.Audio.Opus;
using Pipeline.Bot.Cli.Settings;
using Pipeline.Bot.Commands;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Hosting;
using Pipeline.Bot.Recordings;

namespace Pipeline.Bot.Cli;

/// <summary><c>Pipeline.Bot run</c>: the bot at Discord, until a signal comes. Running recordings are handed over then.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        Command command = new("run", "Runs the bot: DISCORD_TOKEN and the storage come from the environment");
        command.SetAction((_, cancellationToken) => RunAsync(cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        ProgramSettings settings = new();
        RecorderOptions discord = settings.ReadDiscord();
        return settings.TellProblems() ? await CommandGuard.GuardAsync(() => RunAsync(settings, discord, cancellationToken))
            : ExitCode.Usage;
    }

    private static async Task<int> RunAsync(ProgramSettings settings, RecorderOptions discord, CancellationToken cancellationToken)
    {
        OpusCodecs codecs = OpusCodecs.Choose(settings.Bot.Capture.Opus); // libopus is missing: said now, not at the first packet
        HostApplicationBuilder builder = BotHost.CreateBuilder(settings.Sources.Configuration, settings.Bot);
        builder.Services.AddHostedService<StoragePreparation>();
        builder.Services.AddShardLease(ShardName.For(discord.Gateway.Token, discord.Gateway.Shard));
        builder.Services.AddDiscord(discord);
        builder.Services.AddHostedService<ShutdownOrder>();
        using IHost app = builder.Build();
        // A bot that cannot start says in one line why.
        app.Services.GetRequiredService<IHostApplicationLifetime>()
            .ApplicationStarted.Register(() => BotHost.TellSettings(app, settings.Sources));
        BotHost.TellCodecs(app, codecs, settings.Bot.Capture.Opus);
        BotHost.TellFormat(app, settings.Bot.Capture);
        return await RunAsync(app, cancellationToken);
    }

    /// <returns>The exit code.</returns>
    internal static async Task<int> RunAsync(IHost app, CancellationToken cancellationToken)
    {
        // Asked for now: running the host ends with disposing its services.
        GatewayPump running = app.Services.GetRequiredService<GatewayPump>();
        ActiveRecordings recordings = app.Services.GetRequiredService<ActiveRecordings>();
        ShardLease shard = app.Services.GetRequiredService<ShardLease>();
        // The host lets go of the signals before the process has ended: another SIGTERM must not kill what has just ended well.
        PosixSignalRegistration? late = null;
        app.Services.GetRequiredService<IHostApplicationLifetime>()
            .ApplicationStopping.Register(() =>
            late = PosixSignalRegistration.Create(PosixSignal.SIGTERM, static again => again.Cancel = true));
        bool isSound = await BotHost.RunAsync(app, cancellationToken);
        GC.KeepAlive(late);
        if (running.Failure is { } refused)
        {
            await Console.Error.WriteLineAsync($"Discord refuses the bot: {refused.Message}");
            return ExitCode.Discord;
        }
        if (shard.State == ShardState.Lost) return ExitCode.Lost;
        return isSound && recordings.Failure is null ? ExitCode.Success : ExitCode.Failure;
    }
}
