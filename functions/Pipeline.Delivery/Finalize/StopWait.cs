using Pipeline.Contracts;
using Pipeline.Delivery.Ledger;
using Pipeline.Storage;

namespace Pipeline.Delivery.Finalize;

/// <summary>
/// The wait for the segments that a stop announced: how long it goes on, and the message that goes back meanwhile, exactly once under
/// copies of it.
/// </summary>
public sealed class StopWait(
    LedgerTable ledger, MessageQueues queues, DeliveryOptions options, TimeProvider time, ILogger<StopWait> log)
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestDelayWithProgress = TimeSpan.FromSeconds(2);

    /// <summary>Marks the recording as stopping, and the time when its ledger last grew.</summary>
    /// <param name="isOwnStop">The bot itself has said that it stopped, and what it has recorded.</param>
    internal async Task<LedgerRecording> NoteStopAsync(RecordingStopped message, bool isOwnStop, LedgerRecording recording,
        Completeness found, CancellationToken cancellation)
    {
        DateTimeOffset now = time.GetUtcNow();
        return await ledger.UpdateRecordingAsync(
            message.Session.RecordingId,
            row => row switch
            {
                { State: RecordingState.Live } =>
                    row with { State = RecordingState.Stopping, StopSeenAt = now, ProgressAt = now, ProgressCount = found.Present.Count },
                // The bot was not gone after all: its own stop announces more than the interrupted finalize knew, and waits on its own
                // account.
                { State: RecordingState.Finalized or RecordingState.Amending } when isOwnStop && message.Attempt == 0
                    && found.MissingCount > 0 && (row.AnnouncedCount ?? row.FinalizedCount) < found.Announced =>
                    row with
                    {
                        State = RecordingState.Stopping,
                        StopSeenAt = now,
                        ProgressAt = now,
                        ProgressCount = found.Present.Count,
                        Ticket = null
                    },
                { State: RecordingState.Stopping } when row.ProgressCount != found.Present.Count =>
                    row with { ProgressAt = now, ProgressCount = found.Present.Count },
                _ => null,
            },
            cancellation) ?? recording;
    }

    /// <summary>
    /// True where nothing has come for the length of the deadline, or the stop is longer ago than a recording may be open.
    /// </summary>
    internal bool IsOver(LedgerRecording recording)
    {
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset stop = recording.StopSeenAt ?? now;
        return now - (recording.ProgressAt ?? stop) >= options.FinalizeDeadline || now - stop >= options.LiveLimit;
    }

    /// <summary>Sends the message once more, to come after a delay that grows; a copy of a message that has gone back is dropped.</summary>
    internal async Task PutBackAsync(RecordingStopped message, LedgerRecording recording, Completeness found,
        CancellationToken cancellation)
    {
        RecordingId id = message.Session.RecordingId;
        DateTimeOffset now = time.GetUtcNow();
        TimeSpan delay = Delay(message, recording, now);
        ReturnTicket ticket = ReturnTicket.Before(message.Attempt + 1, RecordingId.New(time).ToString(), now);
        LedgerRecording? marked = await ledger.UpdateRecordingAsync(id, row =>
            row.Ticket?.MakesCopyOf(message.Attempt, now) == true ? null : row with { Ticket = ticket }, cancellation);
        if (marked?.Ticket is { } other && other.Token != ticket.Token)
        {
            if (other.IsSent) Log.CopyDropped(log, id, message.Attempt);
            else await queues.SendAsync(message, ReturnTicket.SendGrace, cancellation);
            return;
        }
        await queues.SendAsync(message with { Attempt = message.Attempt + 1, Outages = 0 }, delay, cancellation);
        await ledger.UpdateRecordingAsync(id, row =>
            row.Ticket?.Token == ticket.Token ? row with { Ticket = ticket.Sent(now + delay) } : null, cancellation);
        Log.FinalizeWaits(log, id, found.MissingCount, found.Announced, delay);
    }

    private static TimeSpan Delay(RecordingStopped message, LedgerRecording recording, DateTimeOffset now)
    {
        bool moving = now - recording.ProgressAt < LongestDelayWithProgress * 4;
        TimeSpan grown = TimeSpan.FromSeconds(Math.Pow(1.5, Math.Min(message.Attempt, 20)));
        TimeSpan limit = moving ? LongestDelayWithProgress : LongestDelay;
        return grown < limit ? grown : limit;
    }
}
