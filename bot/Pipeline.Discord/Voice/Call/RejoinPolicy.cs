using System.Security.Cryptography;

namespace Pipeline.Discord.Voice.Call;

/// <summary>
/// When to try again and when to stop trying. Waits double and are shortened at random, so that many calls that broke together do not
/// return together; what cannot get better ends after a few strikes.
/// </summary>
internal sealed class RejoinPolicy(VoiceCallOptions options)
{
    private const int MaxStrikes = 3;
    private const int MaxDoublings = 16;

    private int tries;
    private int strikes;
    private bool wasProtocolError;

    /// <summary>Audio was received for long enough: the past is forgotten.</summary>
    public void Forget()
    {
        tries = 0;
        strikes = 0;
        wasProtocolError = false;
    }

    /// <summary>Counts one refusal that will hardly get better. True when it was one too many.</summary>
    public bool Strike() => ++strikes >= MaxStrikes;

    /// <summary>True when our messages were found wrong before.</summary>
    public bool RepeatProtocolError()
    {
        bool repeated = wasProtocolError;
        wasProtocolError = true;
        return repeated;
    }

    /// <summary>The wait before the next try: none before the first.</summary>
    public TimeSpan NextDelay()
    {
        if (tries++ == 0) return TimeSpan.Zero;
        TimeSpan full = options.FirstBackoff * Math.Pow(2, Math.Min(tries - 2, MaxDoublings));
        if (full > options.LongestBackoff) full = options.LongestBackoff;
        return full * (RandomNumberGenerator.GetInt32(500, 1001) / 1000.0);
    }
}
