using Pipeline.Contracts;
using Pipeline.Contracts.Api;

namespace Pipeline.RecordingApi.Events;

/// <summary>
/// Where the rest of the API says what has happened, after the state that it tells of is written. An event's id is made of what it tells,
/// so that saying it twice, or by two instances, is saying it once; a process that ends between state and event is repeated by its queue
/// message or request, and says it then.
/// </summary>
public sealed class EventOutbox(EventTable table, EventAudience audience)
{
    /// <summary>Tells of a recording.</summary>
    /// <param name="distinct">What tells two events of one type and recording apart: a minute, a segment. Empty where there can be one
    /// only.</param>
    public async Task RaiseAsync(string type, EventData data, string distinct, CancellationToken cancellation)
    {
        string id = Id(type, data.RecordingId ?? "", distinct);
        StoredEvent stored = await table.AddAsync(id, type, data, cancellation);
        if (!stored.IsQueued) await QueueAsync(stored, cancellation);
    }

    /// <summary>Puts an event's deliveries into the queue and notes it. Ending in between repeats it: the same ids, told again.</summary>
    public async Task QueueAsync(StoredEvent stored, CancellationToken cancellation)
    {
        await audience.QueueAsync(stored.Event, cancellation);
        await table.MarkQueuedAsync(stored, cancellation);
    }

    /// <inheritdoc cref="EventTable.ForgetFilesAsync"/>
    public Task ForgetFilesAsync(RecordingId recording, CancellationToken cancellation) =>
        table.ForgetFilesAsync(recording.ToString(), cancellation);

    /// <summary>The fields that every event of a recording has.</summary>
    public static EventData Of(RecordingSummary recording) => new()
    {
        RecordingId = recording.Id,
        GuildId = recording.GuildId,
        ChannelId = recording.ChannelId,
        Title = recording.Title,
        Url = $"/api/recordings/{recording.Id}",
    };

    /// <summary>Characters of an id: what a table's key and a header take.</summary>
    internal static bool IsOfId(char character) => char.IsAsciiLetterOrDigit(character) || character is '-' or '_' or '.';

    private static string Id(string type, string recordingId, string distinct)
    {
        string id = distinct.Length == 0 ? $"evt_{type}_{recordingId}" : $"evt_{type}_{recordingId}_{distinct}";
        return id.All(IsOfId) ? id : throw new ArgumentException($"'{id}' cannot be an event's id");
    }
}

/// <summary>Puts an event on its way to everybody who wants it.</summary>
public sealed record EventAudience(Func<PipelineEvent, CancellationToken, Task> QueueAsync);
