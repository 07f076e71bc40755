using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Calls;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Retention;

/// <summary>
/// Sees to it that the recording API erases those who asked for it, and tells them when it has. A wish lies on the disk until then: neither
/// an API that is away nor a restart loses it.
/// </summary>
internal sealed class ForgottenPeople(CatalogueClient api, GuildOptOuts optOuts, RecorderOptions options, DiscordRestClient rest,
    TimeProvider time, ILogger<ForgottenPeople> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    // A 404 is also what a gateway says whose service is away, and a wrong address until somebody corrects it.
    private static readonly TimeSpan NotTherePatience = TimeSpan.FromDays(1);
    private static readonly TimeSpan NotThereInterval = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, bool> told = new(); // wishes by their file, which the disk keeps
    private readonly ConcurrentDictionary<string, long> notThere = new(); // when a 404 came last

    /// <summary>Asks the API once now for what it was told to remember. False: this API erases nobody.</summary>
    public async Task<bool> BeginAsync(ForgetWish wish, CancellationToken cancellationToken)
    {
        try
        {
            bool isTaken = await EraseAsync(wish, cancellationToken) is not null;
            if (!isTaken) Fulfilled(wish);
            return isTaken;
        }
        catch (CatalogueException away)
        {
            log.SettingsAway(wish.GuildId, Cause.Of(away));
            return true;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (ForgetWish wish in Load()) await LookAsync(wish, stoppingToken);
        }
    }

    private async Task LookAsync(ForgetWish wish, CancellationToken cancellationToken)
    {
        if (told.ContainsKey(wish.FileName))
        {
            Fulfilled(wish);
            return;
        }
        try
        {
            // Who took the wish may have ended before the person was out of the recording that goes on here now.
            string button = wish.IsOfOneRecording ? ConsentTexts.EraseButton : ForgetCommand.Command;
            optOuts.Erase(wish.GuildId, wish.UserId, button, wish.IsAbout);
            if (notThere.TryGetValue(wish.FileName, out long at) && time.GetElapsedTime(at) < NotThereInterval) return;
            PersonErasure? state = wish.IsBegun ? await api.ErasureAsync(wish.Scope, wish.UserId, cancellationToken) : null;
            if (state is not null) IsThere(wish);
            else
            {
                state = await EraseAsync(wish, cancellationToken);
                if (state is not null && !wish.IsBegun) return;
            }
            if (state is { Status: PersonErasure.Erasing }) return;
            string text = state is null ? ForgetTexts.CannotErase : ForgetTexts.Done(state, wish.IsOfOneRecording);
            await using ChannelMessages voice = new(rest, wish.GuildId, time, log);
            // Who takes no direct messages has the answer to the command.
            if (await voice.TellSurelyAsync(wish.UserId, new MessageBody { Content = text }, cancellationToken)) Fulfilled(wish);
        }
        catch (Exception away) when (away is not OperationCanceledException)
        {
            log.SettingsAway(wish.GuildId, Cause.Of(away));
        }
    }

    /// <summary>Null: this API erases nobody. It says so, or nothing at all has been there for a day.</summary>
    private async Task<PersonErasure?> EraseAsync(ForgetWish wish, CancellationToken cancellationToken)
    {
        try
        {
            PersonErasure? state = await api.EraseAsync(wish.Scope, wish.UserId, cancellationToken);
            if (state is not null) IsThere(wish, isTaken: true);
            return state;
        }
        catch (CatalogueException missing) when (missing.IsNotThere)
        {
            DateTimeOffset since = wish.NotThereSince ?? time.GetUtcNow();
            if (time.GetUtcNow() - since >= NotTherePatience) return null;
            notThere[wish.FileName] = time.GetTimestamp(); // before the wish says so: who reads it there may count from it
            if (wish.NotThereSince is null) Remember(wish with { NotThereSince = since });
            throw;
        }
        catch (CatalogueException)
        {
            IsThere(wish);
            throw;
        }
    }

    private void IsThere(ForgetWish wish, bool isTaken = false)
    {
        notThere.TryRemove(wish.FileName, out _);
        ForgetWish next = wish with { IsBegun = wish.IsBegun || isTaken, NotThereSince = null };
        if (next != wish) Remember(next);
    }

    // Who is told once is not told again because a disk does not let go of the wish.
    private void Fulfilled(ForgetWish wish)
    {
        try
        {
            LocalState.Delete(PathOf(wish));
            told.TryRemove(wish.FileName, out _);
        }
        catch (Exception problem) when (DiskFailure.Is(problem))
        {
            if (told.TryAdd(wish.FileName, true)) log.LocalStateUnwritable(wish.GuildId, Cause.Of(problem));
        }
    }

    private List<ForgetWish> Load()
    {
        try
        {
            if (!Directory.Exists(options.StateFolder)) return [];
            return [.. Directory.EnumerateFiles(options.StateFolder, "forget-*.json")
                .Select(file => LocalState.Read(file, ForgetJsonContext.Default.ForgetWish, 0, log)).OfType<ForgetWish>()];
        }
        catch (Exception problem) when (DiskFailure.Is(problem))
        {
            return []; // they are looked for again
        }
    }

    /// <summary>Puts the wish on the disk. May be repeated.</summary>
    public void Remember(ForgetWish wish)
    {
        told.TryRemove(wish.FileName, out _); // wished again
        try
        {
            LocalState.Write(PathOf(wish), JsonSerializer.SerializeToUtf8Bytes(wish, ForgetJsonContext.Default.ForgetWish));
        }
        catch (Exception problem) when (DiskFailure.Is(problem))
        {
            log.LocalStateUnwritable(wish.GuildId, Cause.Of(problem));
        }
    }

    private string PathOf(ForgetWish wish) => Path.Combine(options.StateFolder, wish.FileName);
}
