using System.Collections.Concurrent;
using System.Globalization;
using Pipeline.Contracts;
using Pipeline.RecordingApi.Events;

namespace Pipeline.RecordingApi.Webhooks;

/// <summary>
/// Tells of segments that lie in their final place, where a webhook asks for that by name: over a thousand an hour, which nobody wants
/// unasked. Called after the segment's row is written and before its message is settled, so that a repetition tells it under the same id.
/// </summary>
public sealed class StoredSegments(WebhookTable webhooks, EventOutbox outbox, TimeProvider time)
{
    private const int MostGuilds = 10_000;

    /// <summary>A webhook that is put while a call goes on gets its segments from then on, so much later at most.</summary>
    public static readonly TimeSpan Remembered = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<ulong, (bool IsWanted, long ReadAt)> guilds = new();

    public async Task TellAsync(SegmentReady segment, CancellationToken cancellation)
    {
        SessionInfo session = segment.Session;
        if (!await IsWantedAsync(session.GuildId, cancellation)) return;
        string recordingId = session.RecordingId.ToString(), userId = segment.UserId.ToString(CultureInfo.InvariantCulture);
        EventData data = new()
        {
            RecordingId = recordingId,
            GuildId = session.GuildId.ToString(CultureInfo.InvariantCulture),
            ChannelId = session.ChannelId.ToString(CultureInfo.InvariantCulture),
            Title = session.Title,
            UserId = userId,
            SegmentIndex = segment.SegmentIndex,
            Url = $"/api/recordings/{recordingId}",
        };
        string distinct = string.Create(CultureInfo.InvariantCulture, $"{userId}_{segment.SegmentIndex}");
        await outbox.RaiseAsync(EventTypes.SegmentStored, data, distinct, cancellation);
    }

    private async Task<bool> IsWantedAsync(ulong guildId, CancellationToken cancellation)
    {
        if (guilds.TryGetValue(guildId, out (bool IsWanted, long ReadAt) known) && time.GetElapsedTime(known.ReadAt) < Remembered)
            return known.IsWanted;
        string guild = guildId.ToString(CultureInfo.InvariantCulture);
        List<Webhook> all = await webhooks.ListAsync(guild, cancellation);
        bool isWanted = all.Any(webhook => webhook.Wants(EventTypes.SegmentStored, guild));
        if (guilds.Count >= MostGuilds) guilds.Clear();
        guilds[guildId] = (isWanted, time.GetTimestamp());
        return isWanted;
    }
}
