using System.Collections.Concurrent;
using Pipeline.Dave.Frames;
using Pipeline.Dave.Keys;
using Pipeline.Dave.Session;

namespace Pipeline.Dave.Receive;

/// <summary>
/// Opens end-to-end encrypted frames on the media thread. Owns everything that moves with the frames: sender key chains,
/// replay windows, and the frames that came before their key. Bytes that cannot be opened are never handed out as audio.
/// </summary>
/// <remarks>
/// <see cref="Open"/>, <see cref="Poll"/>, <see cref="GiveUp"/> and <see cref="Dispose"/> belong to one thread at a time: the
/// media thread, and after its end the one that ends the session. Counters and health may be read from any. Opening a frame does
/// not allocate; a user's first frame under new keys does.
/// </remarks>
public sealed class DaveReceiver : IDisposable
{
    /// <summary>Users with live state at one time; a channel holds fewer.</summary>
    public const int MaxUsers = 1024;

    private const int MaxCountedUsers = 4 * MaxUsers;
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(60);

    private readonly TimeProvider time;
    private readonly DaveHeldFrameSink sink;
    private readonly long sweepInterval;
    private readonly long maxWait;
    private readonly long idleTime;
    private readonly FrameScratch scratch = new();
    private readonly Dictionary<ulong, UserDecryptor> users = [];
    private readonly ConcurrentDictionary<ulong, UserCounters> counters = new();
    private readonly HealthMeter health = new();
    private byte[] held = [];
    private DaveSnapshot current = DaveSnapshot.Plain;
    private long nextSweep = long.MinValue;

    /// <param name="time">The session's clock.</param>
    /// <param name="sink">
    /// Takes frames whose waiting is over, from within <see cref="Open"/>, <see cref="Poll"/> or <see cref="GiveUp"/>.
    /// </param>
    public DaveReceiver(TimeProvider time, DaveHeldFrameSink sink)
    {
        this.time = time;
        this.sink = sink;
        sweepInterval = Ticks(SweepInterval);
        maxWait = Ticks(HeldFrames.MaxWait);
        idleTime = Ticks(IdleTime);
    }

    /// <summary>For the recovery ladder; any thread.</summary>
    public DaveHealth Health => health.Read();

    /// <summary>Counters of every user that was heard in this voice session; any thread.</summary>
    public IEnumerable<KeyValuePair<ulong, DaveCounters>> Counters =>
        counters.Select(user => KeyValuePair.Create(user.Key, user.Value.Read()));

    /// <summary>One user's counters; all zero for a user that was never heard. Any thread.</summary>
    public DaveCounters CountersOf(ulong userId) => counters.TryGetValue(userId, out UserCounters? user) ? user.Read() : default;

    /// <summary>
    /// Opens one frame of a known user, after transport decryption and unpadding.
    /// </summary>
    /// <param name="snapshot">The latest one; a new reference brings held frames another chance before this frame is looked at.</param>
    /// <param name="userId">Sender; the keys belong to users, not to SSRCs.</param>
    /// <param name="origin">Place in the RTP stream, given back if the frame has to wait.</param>
    /// <param name="frame">The payload.</param>
    /// <param name="destination">At least as long as the frame; must not overlap it.</param>
    /// <param name="written">Length of the plain frame for Opened, Passthrough and Silence, else 0.</param>
    public DaveOpenResult Open(DaveSnapshot snapshot, ulong userId, in DaveFrameOrigin origin, ReadOnlySpan<byte> frame,
        Span<byte> destination, out int written)
    {
        if (destination.Length < frame.Length) throw new ArgumentException("shorter than the frame", nameof(destination));
        long now = time.GetTimestamp();
        Advance(snapshot, now);
        written = 0;

        UserDecryptor? user = UserOf(userId);
        if (user is null) return DaveOpenResult.NoKey;
        user.LastFrameAt = now;
        DaveOpenResult result = Judge(user, in origin, frame, destination, now, ref written);
        user.Counters.Count(result);
        // Neither tells anything of keys: what waits may still open, and its place is in front.
        bool mayWait = result is DaveOpenResult.Silence or DaveOpenResult.Passthrough;
        if (!mayWait || !TryQueue(user, in origin, frame, result)) return result;
        written = 0;
        return DaveOpenResult.Held;
    }

    /// <summary>
    /// A packet of a user that carries no audio. True: frames of the user wait, and it is handed out behind them through the sink.
    /// False: it can go on at once.
    /// </summary>
    public bool TryQueue(ulong userId, in DaveFrameOrigin origin) =>
        users.TryGetValue(userId, out UserDecryptor? user) && TryQueue(user, in origin, [], DaveOpenResult.NoAudio);

    /// <summary>The frame looks sealed end to end, so that a key may open it.</summary>
    public static bool IsSealed(ReadOnlySpan<byte> frame) => TryParse(frame, out _);

    /// <summary>Finds the member whose key opens the frame, by trying all of them: for a source that nobody has named. Costly.</summary>
    /// <param name="snapshot">The latest one.</param>
    /// <param name="frame">The payload.</param>
    /// <param name="scratch">At least as long as the frame; overwritten.</param>
    /// <param name="userId">The sender.</param>
    public bool TryFindSender(DaveSnapshot snapshot, ReadOnlySpan<byte> frame, Span<byte> scratch, out ulong userId)
    {
        userId = 0;
        if (!TryParse(frame, out DaveFrame sealedFrame)) return false;
        long now = time.GetTimestamp();
        foreach (EpochKeys keys in snapshot.Keys)
        {
            if (now >= keys.ExpiresAt) continue;
            foreach (ulong member in keys.Users)
            {
                if (!keys.TryGetBaseSecret(member, out ReadOnlySpan<byte> baseSecret)) continue;
                using SenderDecryptor trial = new(baseSecret, keys.EstablishedAt, time.TimestampFrequency);
                if (trial.TryOpen(in sealedFrame, scratch, this.scratch, now) != OpenOutcome.Opened) continue;
                userId = member;
                return true;
            }
        }
        return false;
    }

    /// <summary>How often a key was tried on a frame of this user since its decryptors were made.</summary>
    internal long TrialsOf(ulong userId) => users.TryGetValue(userId, out UserDecryptor? user) ? user.Trials : 0;

    /// <summary>
    /// To be called when no frame came for a while, at least twice a second: held frames are tried or given up, old keys wiped.
    /// </summary>
    public void Poll(DaveSnapshot snapshot) => Advance(snapshot, time.GetTimestamp());

    /// <summary>No key comes any more: whatever waits is handed out as it stands.</summary>
    public void GiveUp()
    {
        foreach (UserDecryptor user in users.Values)
        {
            while (user.Held.Count > 0) GiveOut(user, 0);
        }
    }

    public void Dispose()
    {
        foreach (UserDecryptor user in users.Values) user.Dispose();
        users.Clear();
    }

    private DaveOpenResult Judge(UserDecryptor user, in DaveFrameOrigin origin, ReadOnlySpan<byte> frame, Span<byte> destination, long now,
        ref int written)
    {
        if (OpusSilence.Is(frame)) return Copy(frame, destination, DaveOpenResult.Silence, ref written);
        // With no key alive nothing can be sealed for us, and an Opus frame may well end like a DAVE frame.
        if (current.IsPlainAt(now)) return Copy(frame, destination, DaveOpenResult.Passthrough, ref written);
        if (!TryParse(frame, out DaveFrame sealedFrame))
        {
            if (now >= current.PassthroughUntil) return DaveOpenResult.PlaintextRejected;
            user.Reconcile(current, now);
            return MayPass(user) ? Copy(frame, destination, DaveOpenResult.Passthrough, ref written) : Hold(user, in origin, frame);
        }

        user.Reconcile(current, now);
        switch (user.TryOpen(in sealedFrame, destination, scratch, now))
        {
            case OpenOutcome.Opened:
                written = sealedFrame.Body.Length;
                GiveOutBefore(user, in origin, user.Held.Count);
                GiveOutDecided(user);
                CountOpened(user);
                return DaveOpenResult.Opened;
            case OpenOutcome.Replayed:
                return DaveOpenResult.Replayed;
            default:
                return Hold(user, in origin, frame);
        }
    }

    // Somebody who cannot encrypt may be why encryption ends: what he says before the switch-over is executed is audio once it is.
    private bool MayPass(UserDecryptor user) => !current.PassthroughForMembers || user.HasKeys;

    private DaveOpenResult Hold(UserDecryptor user, in DaveFrameOrigin origin, ReadOnlySpan<byte> frame)
    {
        while (user.Held.IsFullFor(DaveOpenResult.Held, frame.Length)) GiveUpFirst(user);
        user.Held.Add(in origin, frame, DaveOpenResult.Held, user.NewestEpoch);
        return DaveOpenResult.Held;
    }

    private bool TryQueue(UserDecryptor user, in DaveFrameOrigin origin, ReadOnlySpan<byte> frame, DaveOpenResult result)
    {
        while (user.Held.IsFullFor(result, frame.Length)) GiveUpFirst(user);
        if (user.Held.Count == 0) return false;
        user.Held.Add(in origin, frame, result);
        return true;
    }

    private static bool TryParse(ReadOnlySpan<byte> frame, out DaveFrame sealedFrame)
    {
        sealedFrame = default;
        return frame.Length <= FrameScratch.MaxFrameLength && DaveFrame.TryParse(frame, out sealedFrame);
    }

    private static DaveOpenResult Copy(ReadOnlySpan<byte> frame, Span<byte> destination, DaveOpenResult result, ref int written)
    {
        frame.CopyTo(destination);
        written = frame.Length;
        return result;
    }

    private UserDecryptor? UserOf(ulong userId)
    {
        if (users.TryGetValue(userId, out UserDecryptor? user)) return user;
        if (users.Count >= MaxUsers) return null;
        if (!counters.TryGetValue(userId, out UserCounters? counted))
        {
            counted = new UserCounters();
            if (counters.Count < MaxCountedUsers) counters[userId] = counted;
        }
        user = new UserDecryptor(userId, counted, time.TimestampFrequency);
        users.Add(userId, user);
        return user;
    }

    private void Advance(DaveSnapshot snapshot, long now)
    {
        if (!ReferenceEquals(current, snapshot))
        {
            if (current.Revision != snapshot.Revision) health.Reset(snapshot.Revision);
            current = snapshot;
            foreach (UserDecryptor user in users.Values)
            {
                if (user.Held.Count > 0) Retry(user, now);
            }
        }
        if (now >= nextSweep) Sweep(now);
    }

    private void Retry(UserDecryptor user, long now)
    {
        user.Reconcile(current, now);
        for (int index = 0; index < user.Held.Count;) // those before it go on waiting
        {
            if (user.Held.ResultAt(index) == DaveOpenResult.Held) Retry(user, ref index, now);
            else if (index == 0) GiveOut(user, 0);
            else index++;
        }
    }

    private void Retry(UserDecryptor user, ref int index, long now)
    {
        ReadOnlySpan<byte> bytes = user.Held.BytesAt(index);
        if (!TryParse(bytes, out DaveFrame frame))
        {
            if (now < current.PassthroughUntil && MayPass(user)) DecideToPass(user, index);
            else index++;
            return;
        }
        if (held.Length < bytes.Length) held = new byte[bytes.Length];
        // Each epoch is tried on a frame once: however many snapshots come, 800 frames cost 800 trials per new epoch.
        OpenOutcome outcome = user.TryOpen(in frame, held, scratch, now, user.Held.TriedAt(index));
        if (outcome == OpenOutcome.Opened)
        {
            HandOver(user, ref index, held.AsSpan(0, frame.Body.Length));
        }
        else if (outcome == OpenOutcome.Replayed)
        {
            user.Counters.Count(DaveOpenResult.Replayed);
            user.Held.Decide(index, DaveOpenResult.Replayed);
        }
        else
        {
            user.Held.TriedAt(index++) = user.NewestEpoch;
        }
    }

    private void HandOver(UserDecryptor user, ref int index, ReadOnlySpan<byte> opened)
    {
        DaveFrameOrigin origin = user.Held.OriginAt(index);
        index = GiveOutBefore(user, in origin, index);
        user.Held.RemoveAt(index);
        user.Counters.CountRecovered();
        CountOpened(user);
        sink(user.UserId, in origin, DaveOpenResult.Opened, opened);
    }

    private static void DecideToPass(UserDecryptor user, int index)
    {
        user.Counters.CountRecovered();
        user.Counters.Count(DaveOpenResult.Passthrough);
        user.Held.Decide(index, DaveOpenResult.Passthrough);
    }

    /// <summary>The oldest frame's wait is over, and with it that of what stands behind it and needs no key.</summary>
    private void GiveUpFirst(UserDecryptor user)
    {
        GiveOut(user, 0);
        GiveOutDecided(user);
    }

    private void GiveOutDecided(UserDecryptor user)
    {
        while (user.Held.Count > 0 && user.Held.ResultAt(0) != DaveOpenResult.Held) GiveOut(user, 0);
    }

    /// <summary>
    /// Of the first so many that wait, those go out that were sent before a frame that has opened: a source does not go back to other
    /// keys, so nothing opens them any more.
    /// </summary>
    /// <returns>How many of them go on waiting.</returns>
    private int GiveOutBefore(UserDecryptor user, in DaveFrameOrigin opened, int count)
    {
        int kept = 0;
        for (int left = count; left > 0; left--)
        {
            if (user.Held.OriginAt(kept).IsBefore(in opened)) GiveOut(user, kept);
            else kept++;
        }
        return kept;
    }

    /// <summary>Its bytes stay where they are until the sink has returned.</summary>
    private void GiveOut(UserDecryptor user, int index)
    {
        DaveFrameOrigin origin = user.Held.OriginAt(index);
        ReadOnlySpan<byte> bytes = user.Held.BytesAt(index);
        DaveOpenResult result = user.Held.ResultAt(index);
        if (result == DaveOpenResult.Held) result = Refuse(user, in origin, bytes);
        user.Held.RemoveAt(index);
        sink(user.UserId, in origin, result, result is DaveOpenResult.Silence or DaveOpenResult.Passthrough ? bytes : []);
    }

    private DaveOpenResult Refuse(UserDecryptor user, in DaveFrameOrigin origin, ReadOnlySpan<byte> bytes)
    {
        bool isSealed = TryParse(bytes, out _);
        DaveOpenResult verdict = isSealed ? user.Verdict(current, origin.ReceivedAt) : DaveOpenResult.PlaintextRejected;
        user.Counters.Count(verdict);
        if (isSealed && verdict is not (DaveOpenResult.JoinGap or DaveOpenResult.RejoinGap))
        {
            user.FailureRun++;
            health.CountFailed(origin.ReceivedAt);
        }
        return verdict;
    }

    private void CountOpened(UserDecryptor user)
    {
        user.FailureRun = 0;
        health.CountOpened();
    }

    private void Sweep(long now)
    {
        nextSweep = now + sweepInterval;
        int worstRun = 0;
        foreach (UserDecryptor user in users.Values)
        {
            user.Reconcile(current, now);
            while (user.Held.Count > 0 && now - user.Held.OriginAt(0).ReceivedAt >= maxWait) GiveUpFirst(user);
            if (now - user.LastFrameAt >= idleTime) LetGo(user); // nothing waits for so long
            else worstRun = Math.Max(worstRun, user.FailureRun);
        }
        health.Publish(worstRun);
    }

    // With the keys of a living epoch go the nonces that were used under them: both stay.
    private void LetGo(UserDecryptor user)
    {
        user.FailureRun = 0;
        if (!user.HoldsKeys) users.Remove(user.UserId); // and there is nothing to dispose
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);
}
