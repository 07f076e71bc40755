using Pipeline.Dave.Receive;
using Pipeline.Dave.Session;

namespace Pipeline.Discord.Media;

/// <summary>
/// Whose audio a source carries of which no Speaking message has told. In an encrypted call the key tells: only its owner can have
/// sealed the frame. In a plain one somebody is found when only one person and one source are left over, and everybody else is heard
/// from a source of their own meanwhile: who is silent may have got another source. What stays open is delivered under
/// <see cref="UnnamedSource"/>'s id, so that its audio is kept. As <see cref="MediaPath"/>, one thread at a time.
/// </summary>
internal sealed class SourceFinder(DaveReceiver dave, TimeProvider time)
{
    /// <summary>
    /// Sources that are found or stay open. More than a recording has tracks, so that what is beyond is a gap that people see; a further
    /// one is not kept.
    /// </summary>
    public const int MaxSources = 1024;

    // A trial costs a key chain per member and epoch, some microseconds each: a server that invents sources must not cost more than that.
    private const int TrialsPerSecond = 20;

    private readonly Dictionary<uint, ulong> users = [];
    private readonly Dictionary<uint, Trial> tried = [];
    private long trialsSince;
    private int trials;

    public Action<FoundSource>? Found { get; set; }

    /// <summary>What was found out before.</summary>
    public bool TryGetUser(uint ssrc, out ulong userId) => users.TryGetValue(ssrc, out userId);

    /// <summary>As <see cref="TryGetUser"/>, and tries the keys of the group where that has not been done yet.</summary>
    /// <param name="snapshot">The latest.</param>
    /// <param name="ssrc">The source.</param>
    /// <param name="frame">One frame of it.</param>
    /// <param name="scratch">Room for the frame when it opens.</param>
    /// <param name="userId">Whose, or the id of an unnamed source.</param>
    public bool TryFind(DaveSnapshot snapshot, uint ssrc, ReadOnlySpan<byte> frame, Span<byte> scratch, out ulong userId)
    {
        bool isKnown = users.TryGetValue(ssrc, out userId);
        if (isKnown && !UnnamedSource.Is(userId)) return true;
        // A silence marker tells nothing, and most of what comes first is one.
        if (snapshot.Keys.IsEmpty || !DaveReceiver.IsSealed(frame) || !MayTry(ssrc, snapshot.Keys[0].Serial)
            || !dave.TryFindSender(snapshot, frame, scratch, out ulong sender)) return isKnown;
        Keep(ssrc, userId = sender);
        return true;
    }

    /// <summary>The source has waited long enough for somebody to name it. False: it cannot be kept.</summary>
    /// <param name="snapshot">The latest.</param>
    /// <param name="ssrc">The source.</param>
    /// <param name="isLeftOver">No other source waits, and everybody who has one is heard from it.</param>
    /// <param name="userId">Whose, or the id of an unnamed source.</param>
    public bool TrySettle(MediaSnapshot snapshot, uint ssrc, bool isLeftOver, out ulong userId)
    {
        userId = 0;
        DaveSnapshot encryption = snapshot.Dave;
        bool isPlain = encryption.Protection == DaveProtection.Unencrypted;
        // While we join the group, or just after, nobody's audio can be opened; that is no loss. A group that does not come is one.
        if (!isPlain && time.GetTimestamp() < encryption.JoinGapUntil) return false;
        if (users.Count >= MaxSources) ForgetNamed(snapshot);
        if (users.Count >= MaxSources) return false;
        bool isAlone = isLeftOver && !users.Values.Any(UnnamedSource.Is);
        userId = isPlain && isAlone && snapshot.Unmatched is [var only] ? only : UnnamedSource.IdOf(ssrc);
        Keep(ssrc, userId);
        return true;
    }

    // Of whom the gateway has told meanwhile needs no place here.
    private void ForgetNamed(MediaSnapshot snapshot)
    {
        foreach (uint named in users.Keys.Where(ssrc => snapshot.TryGetUser(ssrc, out _)).ToArray()) users.Remove(named);
    }

    private void Keep(uint ssrc, ulong userId)
    {
        users[ssrc] = userId;
        Found?.Invoke(new FoundSource(ssrc, userId));
    }

    // New keys are tried at once. The same ones again after a second: the sender may not have switched to them yet, which takes up to two.
    private bool MayTry(uint ssrc, int serial)
    {
        long now = time.GetTimestamp();
        if (tried.TryGetValue(ssrc, out Trial last) && last.Serial == serial && now - last.At < time.TimestampFrequency) return false;
        if (now - trialsSince >= time.TimestampFrequency) (trialsSince, trials) = (now, 0);
        if (++trials > TrialsPerSecond) return false;
        if (tried.Count == MaxSources && !tried.ContainsKey(ssrc)) tried.Clear();
        tried[ssrc] = new Trial(serial, now);
        return true;
    }

    private readonly record struct Trial(int Serial, long At);
}

/// <summary>A source and whose it is; without anybody, <paramref name="UserId"/> is <see cref="UnnamedSource.IdOf"/> it.</summary>
public readonly record struct FoundSource(uint Ssrc, ulong UserId);
