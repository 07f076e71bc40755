using Azure.Core;
using Azure.Core.Pipeline;

namespace Pipeline.Storage;

/// <summary>
/// How far the storage's clock is from ours, from the Date header of its last answer. What the service judges by its clock, such as the
/// end of a link, is counted by that clock: one that is behind would else give links that are over before they are used.
/// </summary>
public sealed class StorageClock(TimeProvider time)
{
    private long offsetTicks;

    /// <summary>Positive where the storage is ahead of us. The header counts whole seconds.</summary>
    public TimeSpan Offset => TimeSpan.FromTicks(Interlocked.Read(ref offsetTicks));

    /// <summary>The time as the storage has it.</summary>
    public DateTimeOffset GetUtcNow() => time.GetUtcNow() + Offset;

    /// <summary>Takes the time of an answer that has just come.</summary>
    public void Note(DateTimeOffset date)
    {
        TimeSpan offset = date - time.GetUtcNow();
        // Below two seconds it is the header's own coarseness and the way here.
        Interlocked.Exchange(ref offsetTicks, offset.Duration() < TimeSpan.FromSeconds(2) ? 0 : offset.Ticks);
    }

    internal HttpPipelinePolicy Policy => new DatePolicy(this);

    private sealed class DatePolicy(StorageClock clock) : HttpPipelineSynchronousPolicy
    {
        public override void OnReceivedResponse(HttpMessage message)
        {
            if (message.HasResponse && message.Response.Headers.Date is { } date) clock.Note(date);
        }
    }
}
