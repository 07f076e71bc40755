using Pipeline.Bot.Capture;
using Pipeline.Contracts;
using Pipeline.Discord.Media;
using Pipeline.Discord.Model;

namespace Pipeline.Bot.Calls;

/// <summary>
/// Looks at a running recording about once a second and says what people should know: nobody heard, one person not heard, long
/// silence, a poor line, somebody who cannot be decoded. Each is said once, and again only after it was well in between. One owner.
/// </summary>
/// <param name="heardBefore">
/// Who was heard in this recording before this watch began, by another process: they are no strangers when they are silent now.
/// </param>
internal sealed class SpeakerWatch(WarningTimes times, IReadOnlySet<ulong> heardBefore)
{
    /// <summary>Packets in the window below which a share means nothing.</summary>
    private const long EnoughPackets = 250;
    private const double PoorShare = 0.10;

    private readonly Dictionary<ulong, TimeSpan> unmutedSince = [];
    private readonly Dictionary<ulong, Undecodable> undecodable = [];
    private readonly HashSet<ulong> toldNotHeard = [];
    private readonly Queue<(TimeSpan At, long Received, long Lost)> window = [];
    private TimeSpan? lastSound; // or since when there has been anything to hear
    private bool toldNobody;
    private bool toldQuiet;
    private bool toldPoor;
    private bool heardAnybody = heardBefore.Count > 0;

    /// <summary>What is to be said now; empty almost always.</summary>
    /// <param name="people">Voice states of the humans in the channel.</param>
    /// <param name="connected">Whether packets can come at all at the moment.</param>
    public IReadOnlyList<SpeakerWarning> Look(RecordingSnapshot snapshot, IReadOnlyCollection<VoiceState> people, bool connected)
    {
        TimeSpan now = SampleClock.ToTime(snapshot.SampleCount);
        if (!connected || snapshot.Paused || people.Count == 0)
        {
            lastSound = now;
            unmutedSince.Clear();
            window.Clear();
            undecodable.Clear();
            return [];
        }
        List<SpeakerWarning> warnings = [];
        LookForSilence(snapshot, now, warnings);
        LookForMissing(snapshot, people, now, warnings);
        LookForLoss(snapshot, now, warnings);
        LookForUndecodable(snapshot, now, warnings);
        return warnings;
    }

    private void LookForSilence(RecordingSnapshot snapshot, TimeSpan now, List<SpeakerWarning> warnings)
    {
        TimeSpan since = lastSound ??= now;
        heardAnybody |= snapshot.Tracks.Any(track => Heard(track.Health) > 0);
        if (snapshot.Tracks.Any(track => track.Speaking))
        {
            lastSound = since = now;
            toldQuiet = false;
        }
        if (!heardAnybody && !toldNobody && now - since >= times.Nobody)
        {
            toldNobody = true;
            warnings.Add(new SpeakerWarning.Nobody());
        }
        if (heardAnybody && !toldQuiet && now - since >= times.Quiet)
        {
            toldQuiet = true;
            warnings.Add(new SpeakerWarning.Quiet(times.Quiet));
        }
    }

    /// <summary>Only while others are heard: silence of all is <see cref="LookForSilence"/>'s.</summary>
    private void LookForMissing(RecordingSnapshot snapshot, IReadOnlyCollection<VoiceState> people, TimeSpan now,
        List<SpeakerWarning> warnings)
    {
        HashSet<ulong> present = [.. people.Select(person => person.UserId)];
        foreach (ulong gone in unmutedSince.Keys.Where(user => !present.Contains(user)).ToArray()) unmutedSince.Remove(gone);
        foreach (VoiceState person in people)
        {
            TrackSnapshot? track = snapshot.Tracks.FirstOrDefault(one => one.UserId == person.UserId);
            bool wasHeard = track is { Health.Received: > 0 } || heardBefore.Contains(person.UserId);
            if (!person.CanBeHeard || track is { OptedOut: true } || wasHeard)
            {
                unmutedSince.Remove(person.UserId);
                continue;
            }
            unmutedSince.TryAdd(person.UserId, now);
            if (!heardAnybody || now - unmutedSince[person.UserId] < times.NotHeard || !toldNotHeard.Add(person.UserId)) continue;
            warnings.Add(new SpeakerWarning.NotHeard(person.UserId));
        }
    }

    private void LookForLoss(RecordingSnapshot snapshot, TimeSpan now, List<SpeakerWarning> warnings)
    {
        window.Enqueue((now, snapshot.Tracks.Sum(track => track.Health.Received), snapshot.Tracks.Sum(track => track.Health.Lost)));
        while (window.Count > 1 && now - window.Peek().At > times.LossWindow) window.Dequeue();
        (TimeSpan _, long received, long lost) = window.Peek();
        long newReceived = window.Last().Received - received;
        long newLost = window.Last().Lost - lost;
        if (newReceived + newLost < EnoughPackets) return;
        double share = (double)newLost / (newReceived + newLost);
        if (share < PoorShare / 2) toldPoor = false;
        if (share < PoorShare || toldPoor) return;
        toldPoor = true;
        warnings.Add(new SpeakerWarning.PoorLine(share * 100));
    }

    /// <summary>Packets keep coming from somebody, and none of them can be opened.</summary>
    private void LookForUndecodable(RecordingSnapshot snapshot, TimeSpan now, List<SpeakerWarning> warnings)
    {
        List<ulong> users = [];
        foreach (TrackSnapshot track in snapshot.Tracks)
        {
            long heard = Heard(track.Health);
            Undecodable before = undecodable.GetValueOrDefault(track.UserId)
                ?? new Undecodable(heard, track.Health.Undecryptable, now, false);
            bool well = heard > before.Heard || track.Health.Undecryptable == before.Failed;
            Undecodable next = well ? new Undecodable(heard, track.Health.Undecryptable, now, false) : before;
            // Of a voice without a name people are told when it comes, and no new keys are asked for.
            bool due = !UnnamedSource.Is(track.UserId) && !next.Told && now - next.Since >= times.Undecodable;
            undecodable[track.UserId] = due ? next with { Told = true } : next;
            if (due) users.Add(track.UserId);
        }
        if (users.Count > 0) warnings.Add(new SpeakerWarning.Undecodable(users, times.Undecodable));
    }

    private static long Heard(TrackHealth health) => health.Received - health.Undecryptable;

    private sealed record Undecodable(long Heard, long Failed, TimeSpan Since, bool Told);
}

/// <summary>Something about the audio that the people in the channel should know.</summary>
internal abstract record SpeakerWarning
{
    private SpeakerWarning()
    {
    }

    public sealed record Nobody : SpeakerWarning;

    public sealed record NotHeard(ulong UserId) : SpeakerWarning;

    public sealed record Quiet(TimeSpan Length) : SpeakerWarning;

    /// <param name="LostPercent">Of the last 30 s.</param>
    public sealed record PoorLine(double LostPercent) : SpeakerWarning;

    /// <summary>Joining again is what helps.</summary>
    public sealed record Undecodable(IReadOnlyList<ulong> UserIds, TimeSpan Length) : SpeakerWarning;
}

/// <summary>How long something must be so before people are told of it.</summary>
internal sealed record WarningTimes
{
    /// <summary>Nobody was heard at all since the start of the recording.</summary>
    public TimeSpan Nobody { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>One person is unmuted and was never heard, while others are.</summary>
    public TimeSpan NotHeard { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Silence of everybody.</summary>
    public TimeSpan Quiet { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Packets come from somebody and none can be opened.</summary>
    public TimeSpan Undecodable { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Over which time the share of lost packets is taken.</summary>
    public TimeSpan LossWindow { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Before the longest duration of a recording.</summary>
    public TimeSpan BeforeLimit { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The storage does not answer.</summary>
    public TimeSpan StorageAway { get; init; } = TimeSpan.FromSeconds(10);
}
