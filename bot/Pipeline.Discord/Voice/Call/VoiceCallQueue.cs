using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Pipeline.Discord.Voice.Call;

/// <summary>
/// What waits for a call's loop. The loop never waits for long, so it is not full in practice; what finds it full is counted, and logged
/// at most once a minute.
/// </summary>
internal sealed class VoiceCallQueue(TimeProvider time, ILogger logger)
{
    public const int Capacity = 4096;

    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);

    private readonly Channel<VoiceCallInput> inputs = Channel.CreateBounded<VoiceCallInput>(
        new BoundedChannelOptions(Capacity) { SingleReader = true });
    private volatile bool isComplete;
    private long refused;
    private long logged;
    private long? loggedAt;

    public ChannelReader<VoiceCallInput> Reader => inputs.Reader;

    /// <summary>How many found no room. Any thread.</summary>
    public long Refused => Interlocked.Read(ref refused);

    /// <summary>Any thread. False: it found no room, or the call is over.</summary>
    public bool TryPost(VoiceCallInput input)
    {
        if (inputs.Writer.TryWrite(input)) return true;
        if (!isComplete) Interlocked.Increment(ref refused);
        return false;
    }

    /// <summary>Waits for room. Any thread.</summary>
    public ValueTask PostAsync(VoiceCallInput input, CancellationToken cancellation) => inputs.Writer.WriteAsync(input, cancellation);

    /// <summary>The loop looks at its clock. Where anything waits it does so by itself.</summary>
    public void Wake() => inputs.Writer.TryWrite(VoiceCallInput.Tick.Instance);

    /// <summary>Nothing more comes.</summary>
    public void Complete()
    {
        isComplete = true;
        inputs.Writer.TryComplete();
    }

    /// <summary>The loop's thread, now and then.</summary>
    public void LogRefused(ulong guildId)
    {
        long count = Refused;
        if (count == logged || (loggedAt is { } last && time.GetElapsedTime(last) < LogInterval)) return;
        CallLog.QueueFull(logger, guildId, count - logged, count);
        (logged, loggedAt) = (count, time.GetTimestamp());
    }
}
