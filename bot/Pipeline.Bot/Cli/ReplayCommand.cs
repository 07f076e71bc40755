using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Pipeline.Audio.Opus;
using Pipeline.Bot.Cli.Settings;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Replay;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Storage;
using Pipeline.Contracts;
using Pipeline.Settings;
using Pipeline.Settings.Known;
using Spectre.Console;

namespace Pipeline.Bot.Cli;

/// <summary>
/// <c>Pipeline.Bot replay</c>: recorded files become a recording as if people were speaking. An import tool and the load generator.
/// </summary>
internal static class ReplayCommand
{
    private static readonly Option<string[]> Speaker = new(
        "--speaker")
    { Description = "Name=file, or Name=file@1.5s to begin later; Ogg Opus, WAV or AIFF; once per speaker", Required = true };
    private static readonly Option<string> Speed = new("--speed")
    {
        Description = "times real time, 1 to 500",
        DefaultValueFactory = _ =>
        "1"
    };
    private static readonly Option<string?> RepeatFor = new(
        "--repeat-for")
    { Description = "repeat the files until the call is this long, for example 3h" };
    private static readonly Option<string?> Pause = new(
        "--pause")
    { Description = "silence between two repetitions of a file, for example 4s" };
    private static readonly Option<string?> Loss = new("--loss") { Description = "packets that are lost, 0 to 90 %, for example 5%" };
    private static readonly Option<string?> Jitter = new(
        "--jitter")
    { Description = "packets are late by a random time up to this, 0 to 1s, for example 60ms" };
    private static readonly Option<string> Seed = new("--seed")
    {
        Description = "of the network's randomness",
        DefaultValueFactory = _ =>
        "1"
    };
    private static readonly Option<string> Guild = new("--guild")
    {
        Description = "server id of the recording",
        DefaultValueFactory = _ =>
        "1"
    };
    private static readonly Option<string> Channel = new("--channel")
    {
        Description = "channel id of the recording",
        DefaultValueFactory = _ => "1"
    };
    private static readonly Option<string> GuildName = new("--guild-name")
    {
        Description = "server name of the recording",
        DefaultValueFactory = _ => "Replay"
    };
    private static readonly Option<string?> Title = new("--title") { Description = "title of the recording" };
    private static readonly Option<string?> Continue = new(
        "--continue")
    {
        Description = "go on with a recording that did not end: by its id, or the one of the same call",
        Arity = ArgumentArity.ZeroOrOne
    };
    private static readonly Option<string?> Api = new(
        "--api")
    {
        Description =
        "address of the recording API (its key is RecordingApi__ApiKey): shows what was moved and waits until the recording is finalized"
    };
    private static readonly Option<bool> OnAir = new(
        "--on-air")
    { Description = "with --continue: the call went on meanwhile, what was said then is a gap" };
    private static readonly Option<string?> Json = new("--json") { Description = "write the summary to this file" };

    public static Command Create()
    {
        Command command = new("replay", "Replays Ogg Opus, WAV and AIFF files as a call that is recorded")
        {
            Speaker, Speed, RepeatFor, Pause, Loss, Jitter, Seed, Guild, Channel, GuildName, Title, Continue, OnAir, Api, Json,
        };
        command.SetAction((parsed, _) => RunAsync(parsed));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        List<string> problems = [];
        ReplayOptions options = Read(parsed, problems);
        ProgramSettings settings = new();
        CatalogueOptions api = RecorderOptionsReader.ReadApi(settings.Reader) with { BaseUrl = options.Api };
        if (options.Api is { } address && !settings.Reader.Read(ApiSettings.AllowHttp) && !ClearText.IsHarmless(address))
            problems.Add($"--api: '{address}' is not allowed, expected {ClearText.Expected(ApiSettings.AllowHttp)}");
        foreach (string problem in problems) await Console.Error.WriteLineAsync(problem);
        return settings.TellProblems() && problems.Count == 0 ? await CommandGuard.GuardAsync(() => ReplayAsync(settings, api, options))
            : ExitCode.Usage;
    }

    private static async Task<int> ReplayAsync(ProgramSettings settings, CatalogueOptions apiOptions, ReplayOptions options)
    {
        OpusCodecs codecs = OpusCodecs.Choose(settings.Bot.Capture.Opus); // libopus is missing: said now, not at the first packet
        ReplayInput input = ReplayInput.Read(options, codecs);
        foreach (string warning in input.Warnings) await Console.Error.WriteLineAsync($"warning: {warning}");
        HostApplicationBuilder builder = BotHost.CreateBuilder(settings.Sources.Configuration, settings.Bot);
        using IHost app = builder.Build();
        BotHost.TellCodecs(app, codecs, settings.Bot.Capture.Opus);
        BotHost.TellFormat(app, settings.Bot.Capture);
        await CommandGuard.RequireStorageAsync(app.Services.GetRequiredService<TempStorages>());
        await using ReplayApi api = new(options.GuildId, apiOptions, TimeProvider.System);
        await api.RequireAsync(CancellationToken.None);
        try
        {
            return await ReplayAsync(app, options, input, api);
        }
        catch (OperationCanceledException) when (BotHost.HasBroken(app))
        {
            return ExitCode.Failure; // that has ended the host
        }
    }

    private static async Task<int> ReplayAsync(IHost app, ReplayOptions options, ReplayInput input, ReplayApi api)
    {
        await app.StartAsync();
        ReplayProgress progress = new(AnsiConsole.Console, TimeProvider.System);
        using ReplayRun run = new(app, options, input, progress, api);
        ReplaySummary summary = await run.RunAsync();
        await app.StopAsync();
        if (options.JsonFile is { } file) summary.WriteTo(file);
        progress.Tell(summary.ToString());
        if (app.Services.GetRequiredService<ActiveRecordings>().Failure is not null || BotHost.HasBroken(app)) return ExitCode.Failure;
        if (summary.End == nameof(RecordingEnd.Lost)) return ExitCode.Lost;
        bool hasEnded = summary.End is nameof(RecordingEnd.Stopped) or nameof(RecordingEnd.Limit) or ReplaySummary.AlreadyClosed;
        return api.IsAsked && hasEnded && summary.SegmentsFinalized is null ? ExitCode.Storage : ExitCode.Success;
    }

    private static ReplayOptions Read(ParseResult parsed, List<string> problems)
    {
        List<ReplaySpeaker> speakers = [];
        foreach (string text in parsed.GetValue(Speaker) ?? [])
        {
            if (ReplaySpeaker.Parse(text, speakers.Count, out string? problem) is { } speaker) speakers.Add(speaker);
            else problems.Add(problem!);
        }
        string? jsonFile = parsed.GetValue(Json);
        if (jsonFile is not null
            && !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(jsonFile)))) problems.Add(
            $"--json: the folder of '{jsonFile}' does not exist, expected a file in a folder that does");
        string? continueId = parsed.GetValue(Continue);
        if (continueId is { Length: > 0 }
            && !RecordingId.TryParse(continueId, out _)) problems.Add($"--continue: '{continueId}' is no recording id (a UUID)");
        return new ReplayOptions
        {
            Speakers = speakers,
            Speed = Number("--speed", parsed.GetValue(Speed)!, 1, 500, problems),
            RepeatFor = Duration("--repeat-for", parsed.GetValue(RepeatFor), TimeSpan.FromDays(7), problems),
            Pause = Duration("--pause", parsed.GetValue(Pause), TimeSpan.FromHours(1), problems),
            Loss = Percentage(parsed.GetValue(Loss), problems),
            Jitter = Duration("--jitter", parsed.GetValue(Jitter), TimeSpan.FromSeconds(1), problems),
            Seed = (int)Whole("--seed", parsed.GetValue(Seed)!, 0, int.MaxValue, problems),
            GuildId = Whole("--guild", parsed.GetValue(Guild)!, 1, ulong.MaxValue, problems),
            ChannelId = Whole("--channel", parsed.GetValue(Channel)!, 1, ulong.MaxValue, problems),
            GuildName = parsed.GetValue(GuildName)!,
            Title = parsed.GetValue(Title),
            Continue = parsed.GetResult(Continue) is not null,
            ContinueId = string.IsNullOrEmpty(continueId) ? null : continueId,
            Api = Address(parsed.GetValue(Api), problems),
            OnAir = parsed.GetValue(OnAir),
            JsonFile = jsonFile,
        };
    }

    private static double Number(string name, string text, double minimum, double maximum, List<string> problems)
    {
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) && value >= minimum
            && value <= maximum) return value;
        problems.Add(string.Create(CultureInfo.InvariantCulture,
            $"{name}: '{text}' is not allowed, expected a number from {minimum} to {maximum}"));
        return minimum;
    }

    private static ulong Whole(string name, string text, ulong minimum, ulong maximum, List<string> problems)
    {
        if (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) && value >= minimum
            && value <= maximum) return value;
        problems.Add(string.Create(CultureInfo.InvariantCulture,
            $"{name}: '{text}' is not allowed, expected a whole number from {minimum} to {maximum}"));
        return 1;
    }

    private static Uri? Address(string? text, List<string> problems)
    {
        if (text is null) return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? address)
            && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps)) return address;
        problems.Add($"--api: '{text}' is not allowed, expected an address such as http://127.0.0.1:7071");
        return null;
    }

    private static double Percentage(string? text, List<string> problems) =>
        text is null ? 0 : Number("--loss", text.TrimEnd('%'), 0, 90, problems) / 100;

    private static TimeSpan Duration(string name, string? text, TimeSpan maximum, List<string> problems)
    {
        if (text is null) return TimeSpan.Zero;
        if (ReplayDuration.TryParse(text, out TimeSpan duration) && duration <= maximum) return duration;
        problems.Add($"{name}: '{text}' is not allowed, expected a duration such as 3h, 90m, 2.5s or 60ms, at most {maximum}");
        return TimeSpan.Zero;
    }
}
