using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Observability;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.AutoRecord;

/// <summary>
/// What one server's rules wait for. A channel rests when its recording was ended while people were there: its rule starts nothing until
/// they have gone, also after a restart. Any thread.
/// </summary>
internal sealed class AutoGuild
{
    /// <summary>What could not start is tried again so much later.</summary>
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMinutes(1);

    /// <summary>While the recording API is away it is asked so often about one server, however many people come and go there.</summary>
    private static readonly TimeSpan AskDelay = TimeSpan.FromMinutes(1);

    private readonly ulong guildId;
    private readonly string path;
    private readonly ILogger log;
    private readonly Lock gate = new(); // several threads say that people have gone; one small file
    private readonly HashSet<ulong> resting;
    private readonly ConcurrentDictionary<ulong, Failure> failures = new();
    private long? unansweredAt;
    private int isLookedAt;

    public AutoGuild(ulong guildId, string folder, ILogger log)
    {
        (this.guildId, this.log) = (guildId, log);
        path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"auto-{guildId}.json"));
        resting = [.. LocalState.Read(path, AutoJsonContext.Default.UInt64Array, guildId, log) ?? []];
    }

    /// <summary>The recording API has told the settings in this process.</summary>
    public bool HasHeard { get; private set; }

    public bool Rests
    {
        get
        {
            lock (gate) return resting.Count > 0;
        }
    }

    /// <summary>False: somebody looks at this server already.</summary>
    public bool TryEnter() => Interlocked.Exchange(ref isLookedAt, 1) == 0;

    public void Leave() => Volatile.Write(ref isLookedAt, 0);

    /// <summary>For the one who looks at this server.</summary>
    public bool MayAsk(TimeProvider time) => unansweredAt is not { } at || time.GetElapsedTime(at) >= AskDelay;

    /// <inheritdoc cref="MayAsk"/>
    public void Asked(bool hasAnswered, TimeProvider time)
    {
        HasHeard |= hasAnswered;
        unansweredAt = hasAnswered ? null : time.GetTimestamp();
    }

    public void Rest(ulong channelId)
    {
        lock (gate)
        {
            if (resting.Add(channelId)) Save();
        }
    }

    public void Wake(ulong channelId)
    {
        failures.TryRemove(channelId, out _);
        lock (gate)
        {
            if (resting.Remove(channelId)) Save();
        }
    }

    public bool MayStart(ulong channelId, TimeProvider time)
    {
        lock (gate)
        {
            if (resting.Contains(channelId)) return false;
        }
        return !failures.TryGetValue(channelId, out Failure last) || time.GetElapsedTime(last.At) >= RetryDelay;
    }

    /// <summary>A start has failed; the people who are there have not stopped anything.</summary>
    /// <returns>True: nobody was told since they came, and somebody should be.</returns>
    public bool Failed(ulong channelId, TimeProvider time)
    {
        bool isTold = failures.TryGetValue(channelId, out Failure before) && before.IsTold;
        Wake(channelId);
        failures[channelId] = new Failure(time.GetTimestamp(), isTold);
        return !isTold;
    }

    /// <summary>Somebody was told that a start has failed.</summary>
    public void Told(ulong channelId)
    {
        if (failures.TryGetValue(channelId, out Failure last)) failures.TryUpdate(channelId, last with { IsTold = true }, last);
    }

    private void Save()
    {
        try
        {
            if (resting.Count == 0) LocalState.Delete(path);
            else LocalState.Write(path, JsonSerializer.SerializeToUtf8Bytes([.. resting], AutoJsonContext.Default.UInt64Array));
        }
        catch (Exception problem) when (DiskFailure.Is(problem))
        {
            log.LocalStateUnwritable(guildId, Cause.Of(problem));
        }
    }

    private readonly record struct Failure(long At, bool IsTold);
}

[JsonSerializable(typeof(ulong[]))]
internal sealed partial class AutoJsonContext : JsonSerializerContext;
