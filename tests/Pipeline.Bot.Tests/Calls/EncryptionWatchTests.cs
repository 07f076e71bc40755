using Pipeline.Bot.Calls;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Tests.Capture;
using Pipeline.Bot.Tests.Recordings;
using Pipeline.Contracts;
using Pipeline.Dave.Session;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Calls;

/// <summary>What people see, hear of and keep when end-to-end encryption ends, is about to, or has unseen members.</summary>
public sealed class EncryptionWatchTests : IDisposable
{
    private readonly CaptureRun run = new();
    private readonly List<string> said = [];
    private readonly EncryptionWatch watch;

    public EncryptionWatchTests() => watch = new EncryptionWatch(run.Recording.Post, said.Add);

    public void Dispose() => run.Dispose();

    [Fact]
    public void Announced_downgrade_that_does_not_come_is_said_and_marked()
    {
        watch.OnChanged(DaveProtection.Pending);
        watch.OnChanged(DaveProtection.EndToEnd);
        run.AdvanceTo(3000);
        watch.OnChanged(DaveProtection.DowngradeAnnounced);
        run.AdvanceTo(5040); // a tick
        SampleStretch running = Assert.Single(run.Recording.Snapshot.Unencrypted);
        Assert.Equal((3000L * 48, 2040L * 48), (running.StartSample, running.SampleCount));
        run.AdvanceTo(13_000);
        watch.OnChanged(DaveProtection.EndToEnd);
        run.AdvanceTo(20_000);
        run.Stop();
        Assert.Equal([new SampleStretch(3000 * 48, 10_000 * 48)], run.Recording.Snapshot.Unencrypted);
        Assert.Equal([Texts.DowngradeAnnounced, Texts.DowngradeLapsed], said);
    }

    [Fact]
    public void Executed_downgrade_is_one_stretch_and_the_end_of_the_recording_ends_it()
    {
        watch.OnChanged(DaveProtection.EndToEnd);
        run.AdvanceTo(1000);
        watch.OnChanged(DaveProtection.DowngradeAnnounced);
        run.AdvanceTo(2000);
        watch.OnChanged(DaveProtection.Unencrypted);
        run.AdvanceTo(4000);
        watch.OnChanged(DaveProtection.EndToEnd);
        run.AdvanceTo(5000);
        watch.OnChanged(DaveProtection.Unencrypted);
        run.AdvanceTo(6000);
        run.Stop();
        RecordingSnapshot last = run.Recording.Snapshot;
        Assert.Equal([new SampleStretch(1000 * 48, 3000 * 48), new SampleStretch(5000 * 48, last.SampleCount - (5000 * 48))],
            last.Unencrypted);
        Assert.Equal([Texts.DowngradeAnnounced, Texts.Downgraded, Texts.EncryptedAgain, Texts.Downgraded], said);
    }

    [Fact]
    public void Call_that_never_was_encrypted_has_nothing_to_tell()
    {
        watch.OnChanged(DaveProtection.Unencrypted);
        watch.OnChanged(DaveProtection.Pending);
        run.AdvanceTo(1000);
        Assert.Empty(said);
        Assert.Empty(run.Recording.Snapshot.Unencrypted);
    }

    [Fact]
    public void Unseen_member_is_told_once()
    {
        watch.Look([]);
        watch.Look([7]);
        watch.Look([7, 8]);
        Assert.Equal([Texts.Unannounced([7]), Texts.Unannounced([8])], said);
    }

    [Fact]
    public void Stretches_reach_the_manifest_and_outlive_a_change_of_owner()
    {
        using TempFolder spool = new();
        watch.OnChanged(DaveProtection.EndToEnd);
        watch.OnChanged(DaveProtection.Unencrypted);
        run.AdvanceTo(2040); // a tick
        SessionManifest first = BotRoom.Manifest(run.Session);
        LiveManifest keeper = LiveManifest.Start(new RecordingFolder(spool.Combine("recording")), first);
        keeper.Host(() => run.Recording.Snapshot, new Consent([]));
        Directory.CreateDirectory(keeper.Folder.Path);
        keeper.Stored(keeper.Compose(DateTimeOffset.UnixEpoch));
        Assert.Equal([new SampleStretch(0, 2040 * 48)], LiveManifest.Load(keeper.Folder)!.Compose(DateTimeOffset.UnixEpoch).Unencrypted);
    }

    [Fact]
    public void Panel_says_unencrypted_instead_of_the_code()
    {
        PanelState state = new()
        {
            Session = run.Session,
            Phase = PanelPhase.Recording,
            ChannelId = 2,
            PrivacyCode = "678451225433010546719120016210",
            Protection = DaveProtection.EndToEnd,
            Unannounced = [42],
        };
        Assert.Equal("`67845 12254 33010 54671 91200 16210`\n" + Texts.Unannounced([42]), Field(state, "Privacy code"));
        Assert.Null(Field(state, "Encryption"));
        PanelState announced = state with { Protection = DaveProtection.DowngradeAnnounced };
        Assert.StartsWith(Texts.PanelDowngradeAnnounced, Field(announced, "Encryption"), StringComparison.Ordinal);
        Assert.Null(Field(announced, "Privacy code"));
        PanelState plain = state with { Protection = DaveProtection.Unencrypted, PrivacyCode = null };
        Assert.Equal(Texts.PanelUnencrypted, Field(plain, "Encryption"));
    }

    private static string? Field(PanelState state, string name) =>
        RecordingPanel.Draw(state).Embeds![0].Fields!.FirstOrDefault(field => field.Name == name)?.Value;
}
