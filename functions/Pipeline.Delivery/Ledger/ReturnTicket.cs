namespace Pipeline.Delivery.Ledger;

/// <summary>
/// The message by which a waiting finalizer comes back. A storage that takes a message and does not say so gets it twice, and each copy
/// would send itself again for ever. So a finalizer marks its successor in the ledger, sends it, and marks that it is sent: a copy ends
/// when the successor is in the queue, and stays while it may not be.
/// </summary>
/// <param name="Attempt">Of the message that is sent. An older one that still comes is a copy.</param>
/// <param name="Token">Who sends it: tells a repeated write from another finalizer's.</param>
/// <param name="DueAt">When the message becomes visible; while it is not sent: until when it ought to be.</param>
/// <param name="IsSent">It is in the queue; until then its sender may have died.</param>
public sealed record ReturnTicket(int Attempt, string Token, DateTimeOffset DueAt, bool IsSent)
{
    /// <summary>How long a send may take.</summary>
    public static readonly TimeSpan SendGrace = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan CopyGrace = TimeSpan.FromMinutes(2);

    /// <summary>Of a message that is about to be sent.</summary>
    public static ReturnTicket Before(int attempt, string token, DateTimeOffset now) => new(attempt, token, now + SendGrace, IsSent: false);

    public ReturnTicket Sent(DateTimeOffset dueAt) => this with { DueAt = dueAt, IsSent = true };

    /// <summary>A message of this attempt is a copy: another of its kind has sent the next one, or is about to.</summary>
    public bool MakesCopyOf(int attempt, DateTimeOffset now) => Attempt > attempt && now < DueAt + (IsSent ? CopyGrace : TimeSpan.Zero);
}
