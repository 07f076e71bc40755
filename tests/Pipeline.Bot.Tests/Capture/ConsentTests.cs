using System.Globalization;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Tests.Capture;

public abstract class ConsentTests(SegmentFormat format) : CaptureSuite(format)
{
    private const int Millisecond = 48;

    [Fact]
    public void Opting_out_deletes_what_is_open_and_waits_and_opting_in_goes_on_in_its_place()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run), grace = new(run, CaptureRun.Grace, ssrc: 2);
        ada.Say(1000);
        grace.Say(1000);
        Assert.NotEmpty(FilesOf(run, CaptureRun.Ada));
        Assert.True(run.Recording.Consent.OptOut(CaptureRun.Ada));
        Assert.False(run.Recording.Consent.OptOut(CaptureRun.Ada));
        ada.Say(5000);
        Assert.Empty(FilesOf(run, CaptureRun.Ada));
        Assert.True(run.Track().OptedOut);
        Assert.True(run.Recording.Consent.OptIn(CaptureRun.Ada, run.Time.GetTimestamp()));
        ada.Say(1000);
        run.Stop();
        ClosedSegment kept = Assert.Single(run.Closed, segment => segment.Key.UserId == CaptureRun.Ada);
        Assert.Equal(1000L * Millisecond, kept.SampleCount);
        Assert.Equal(6000L * Millisecond, kept.StartSample);
        Assert.InRange(run.Track().Health.Withheld, 250, 253); // with those that had come and were not looked at yet
        Assert.Equal(0, run.Track().Health.Lost);
        Assert.Single(run.Closed, segment => segment.Key.UserId == CaptureRun.Grace);
    }

    [Fact]
    public void Opting_out_and_in_between_two_ticks_still_deletes_what_was_held()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(1000);
        Assert.NotEmpty(FilesOf(run, CaptureRun.Ada));
        run.Recording.Consent.OptOut(CaptureRun.Ada);
        run.Recording.Consent.OptIn(CaptureRun.Ada, run.Time.GetTimestamp());
        run.Stop();
        Assert.Empty(run.Closed);
        Assert.Empty(FilesOf(run, CaptureRun.Ada));
    }

    [Fact]
    public void Who_said_no_and_came_back_before_speaking_is_stored_from_the_first_word_on()
    {
        using CaptureRun run = Run();
        run.Recording.Consent.OptOut(CaptureRun.Ada);
        run.Recording.Consent.OptIn(CaptureRun.Ada, run.Time.GetTimestamp());
        using Talker ada = new(run);
        ada.Say(1000);
        run.Stop();
        Assert.Equal(1000L * Millisecond, Assert.Single(run.Closed).SampleCount);
    }

    [Fact]
    public void Frame_from_before_coming_back_is_not_taken_however_late_it_is_looked_at()
    {
        using CaptureRun run = Run(optedOut: [CaptureRun.Ada]);
        run.AdvanceTo(990);
        run.Receive(CaptureRun.Ada, 1, 1, 960, [0xF8, 1, 2, 3]);
        run.Recording.Consent.OptIn(CaptureRun.Ada, run.Time.GetTimestamp() + 1);
        run.Stop();
        Assert.Equal(1, run.Recording.Snapshot.Refused);
        Assert.Empty(run.Closed);
    }

    [Fact]
    public void Refusal_of_somebody_who_spoke_only_to_an_earlier_owner_is_told_once_each_time()
    {
        List<(ulong, int)> told = [];
        using CaptureRun run = Run(firstIndexes: new Dictionary<ulong, int> { [CaptureRun.Ada] = 4 });
        run.Recording.Refused = (user, index) => told.Add((user, index));
        run.AdvanceTo(120);
        Assert.Empty(told);
        run.Recording.Consent.OptOut(CaptureRun.Ada);
        run.AdvanceTo(240);
        run.Recording.Introduce(CaptureRun.Grace, "Grace", isBot: false);
        run.AdvanceTo(360);
        Assert.Equal([(CaptureRun.Ada, 4)], told);
        run.Recording.Consent.OptIn(CaptureRun.Ada, run.Time.GetTimestamp());
        run.Recording.Consent.OptOut(CaptureRun.Ada);
        run.AdvanceTo(480);
        Assert.Equal([(CaptureRun.Ada, 4), (CaptureRun.Ada, 4)], told);
    }

    [Fact]
    public void Last_of_five_thousand_who_were_introduced_at_once_is_not_recorded()
    {
        const ulong last = 5_000;
        using CaptureRun run = Run();
        for (ulong user = 1; user <= last; user++)
            run.Recording.Introduce(user, "listener " + user.ToString(CultureInfo.InvariantCulture), isBot: false);
        for (ulong user = 1; user <= last; user++) run.Recording.Consent.OptOut(user);
        using Talker talker = new(run, last), ada = new(run, CaptureRun.Ada, ssrc: 2);
        talker.Say(1000);
        ada.Say(1000);
        run.Stop();
        Assert.Equal(CaptureRun.Ada, Assert.Single(run.Closed).Key.UserId);
        Assert.Empty(FilesOf(run, last));
        Assert.Equal(50, run.Recording.Snapshot.Refused);
        Assert.True(run.Track(last).OptedOut);
        Assert.Equal("listener 5000", run.Track(last).Username);
    }

    [Fact]
    public void Everybody_in_the_list_is_silent_from_the_first_frame_on()
    {
        using CaptureRun run = Run(optedOut: [.. Enumerable.Range(1, 520).Select(user => (ulong)user)]);
        using Talker last = new(run, 520);
        last.Say(2000);
        Assert.Empty(FilesOf(run, 520));
        run.Stop();
        Assert.Empty(run.Closed);
        Assert.False(Directory.Exists(Path.Combine(run.Folder, "520")));
        Assert.Equal(100, run.Recording.Snapshot.Refused);
    }

    [Fact]
    public void Thousand_listeners_take_no_place_of_a_speaker()
    {
        using CaptureRun run = Run();
        for (ulong user = 1; user <= Recording.TrackCapacity; user++)
        {
            run.Recording.Introduce(user, "listener", isBot: false);
            if (user % 2 == 0) run.Recording.Consent.OptOut(user);
        }
        using Talker ada = new(run);
        ada.Say(5000);
        run.Stop();
        Assert.Equal(5000L * Millisecond, run.Closed.Sum(segment => segment.SampleCount));
        Assert.Empty(run.Recording.Snapshot.Gaps);
        Assert.Equal(0, run.Recording.Snapshot.TracklessSpeakers);
    }

    [Fact]
    public void Speaker_beyond_the_capacity_is_a_gap_and_is_counted()
    {
        using CaptureRun run = Run();
        for (ulong user = 1; user <= Recording.TrackCapacity; user++)
            run.Receive(user, (uint)user, 1, 960, Pipeline.Audio.Opus.OpusPacket.SilenceMarker);
        using Talker late = new(run, 5_000, ssrc: 5_000);
        late.Say(1000).Pause(3000).Say(2000);
        RecordingSnapshot snapshot = run.Recording.Snapshot;
        Assert.Equal([960L * 50, 960L * 100], Stretches(snapshot).Select(gap => (gap.SampleCount + 959) / 960 * 960));
        Assert.Equal(150, snapshot.RingDropped);
        run.Post(new RecordingAction.Pause(9));
        late.Say(200);
        run.AdvanceTo(run.Now + 60);
        Assert.Equal(160, run.Recording.Snapshot.RingDropped);
        run.Post(new RecordingAction.Resume(9));
        run.Stop();
        Assert.Empty(run.Closed);
        Assert.Equal(1, run.Recording.Snapshot.TracklessSpeakers);
        Assert.Equal(2, Stretches(run.Recording.Snapshot).Length); // what comes in a pause is missed by nobody
        Assert.All(Stretches(run.Recording.Snapshot), gap => Assert.Equal("capacity", gap.Reason));
        Assert.Equal(4000L * Millisecond,
            Stretches(run.Recording.Snapshot)[1].StartSample - Stretches(run.Recording.Snapshot)[0].StartSample);
    }

    [Fact]
    public void Agreement_before_an_opt_out_does_not_come_back_with_the_person()
    {
        Consent consent = new([7], agreed: [7, 8]);
        Assert.True(consent.OptIn(7, now: 100));
        Assert.False(consent.IsTaken(7));
        Assert.True(consent.IsTaken(8));
        Assert.True(consent.Agree(7, now: 200));
        Assert.True(consent.IsTaken(7));
    }

    private static RecordingGap[] Stretches(RecordingSnapshot snapshot) =>
        [.. snapshot.Gaps.Where(gap => gap.UserId == 5_000).OrderBy(gap => gap.StartSample)];

    private static string[] FilesOf(CaptureRun run, ulong user)
    {
        string folder = Path.Combine(run.Folder, user.ToString(CultureInfo.InvariantCulture));
        return Directory.Exists(folder) ? Directory.GetFiles(folder) : [];
    }
}

public sealed class WavConsentTests() : ConsentTests(SegmentFormat.Wav);

public sealed class OpusConsentTests() : ConsentTests(SegmentFormat.Opus);
