using System.Globalization;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Guilds;

namespace Pipeline.RecordingApi.Recordings;

/// <summary>What applies to every recording that ends: who is not in it, and until when it is kept.</summary>
public sealed class EndRules(ErasedPeople erased, ExpiryTable expiries, GuildSettingsTable settings, ApiOptions options, TimeProvider time)
{
    public Task<IReadOnlySet<ulong>> ErasedAsync(RecordingId recording, CancellationToken cancellation) =>
        erased.OfAsync(recording, cancellation);

    /// <param name="segments">Those that are left.</param>
    public RecordingDetails Without(RecordingDetails details, IReadOnlySet<ulong> people, IReadOnlyList<RecordingSegment> segments) =>
        people.Count == 0 ? details : ErasedDetails.Without(details, people, segments, time.GetUtcNow());

    /// <summary>
    /// The recording with the day of its deletion, by its server's setting or by <c>RECORDING_KEEP_DAYS</c>, as they are when it ends. The
    /// day is listed before the recording says it.
    /// </summary>
    public async Task<RecordingDetails> WithDayAsync(RecordingDetails details, CancellationToken cancellation)
    {
        if (details.DeletesAt is { } known)
        {
            await expiries.AddAsync(details.Id, known, cancellation);
            return details;
        }
        if (details.IsKept == true || await DaysAsync(details.GuildId, cancellation) is not (> 0 and var days)) return details;
        DateTimeOffset end = details.SessionEndTime is { } said ? DateTimeOffset.FromUnixTimeMilliseconds(said) : time.GetUtcNow();
        // An import, or a clock that is wrong, must not delete at once.
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset from = end > now || details.Status == RecordingStatus.Live ? now : end;
        DateTimeOffset at = DateTimeOffset.FromUnixTimeMilliseconds(Max(from.AddDays(days), now.AddDays(Math.Min(days, 3)))
            .ToUnixTimeMilliseconds());
        await expiries.AddAsync(details.Id, at, cancellation);
        return details with { DeletesAt = at };
    }

    private async Task<int> DaysAsync(string guildId, CancellationToken cancellation)
    {
        ulong guild = ulong.Parse(guildId, CultureInfo.InvariantCulture);
        return (await settings.ReadAsync(guild, cancellation)).Settings.KeepDays ?? options.KeepDays;
    }

    private static DateTimeOffset Max(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;
}
