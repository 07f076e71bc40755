using Pipeline.Bot.Capture;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Tests.Recordings;
using Pipeline.Contracts;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Guilds;

/// <summary>
/// Neither the recording API nor a copy on disk tells who does not want to be recorded: nothing leaves the disk until somebody does.
/// </summary>
public sealed class UnknownOptOutTests(AzuriteFixture azurite)
{
    private static readonly CaptureOptions ShortSegments = new() { MaximumSegmentDuration = TimeSpan.FromSeconds(1) };

    [Fact]
    public async Task Nothing_leaves_the_disk_until_the_list_is_known_and_what_is_theirs_is_deleted()
    {
        RecordingApiStandIn api = new() { IsAway = true };
        await using BotRig rig = await BotRig.StartAsync(storage: azurite.ConnectionString, capture: ShortSegments, api: api);
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben"), eve = rig.Discord.AddSpeaker("Eve");
        await RecordBothAsync(rig, ben, eve);
        RecordingId recording = rig.Current!.Session.RecordingId;
        StorageEye eye = new(azurite.ConnectionString);
        await BotRoom.UntilAsync(async () => await eye.ManifestAsync(recording) is { AwaitsOptOuts: true }, "the storage answers");
        Assert.Equal(0, await eye.CountSegmentsAsync(recording));
        await rig.UntilAsync(() => PanelOf(rig, recording).Contains(Texts.AwaitsOptOuts, StringComparison.Ordinal));

        rig.Api.PutSettings(rig.Discord.Guild.Id, new() { OptedOutUserIds = [Text(ben)] });
        api.IsAway = false;
        await BotRoom.UntilAsync(async () => await eye.CountSegmentsAsync(recording) > 0, "what may leave has left");
        await rig.AskAsync(rig.Admin, "record stop");
        await BotRoom.UntilAsync(async () => (await eye.StoppedAsync(recording)).Count == 1, "it is closed");
        Dictionary<string, byte[]> stored = await eye.BlobsAsync(recording);
        Assert.Contains(stored.Keys, name => name.Contains(Text(eve), StringComparison.Ordinal));
        Assert.DoesNotContain(stored.Keys, name => name.Contains(Text(ben), StringComparison.Ordinal));
        Assert.All(await eye.SegmentsAsync(recording), message => Assert.Equal(eve.UserId, message.UserId));
        await rig.UntilAsync(() => !PanelOf(rig, recording).Contains(Texts.AwaitsOptOuts, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Recording_that_ended_meanwhile_waits_too_also_over_a_restart()
    {
        RecordingApiStandIn api = new() { IsAway = true };
        await using BotRig rig = await BotRig.StartAsync(storage: azurite.ConnectionString, capture: ShortSegments, api: api);
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben"), eve = rig.Discord.AddSpeaker("Eve");
        await RecordBothAsync(rig, ben, eve);
        RecordingId recording = rig.Current!.Session.RecordingId;
        await rig.AskAsync(rig.Admin, "record stop");
        await rig.StopAsync();
        int Asked() => api.Requests.Count(request => request.EndsWith("/settings", StringComparison.Ordinal));
        int before = Asked();

        StorageEye eye = new(azurite.ConnectionString);
        await using BotRig next = await BotRig.StartAsync(after: rig, storage: azurite.ConnectionString, capture: ShortSegments);
        await next.UntilAsync(() => Asked() > before);
        Assert.Equal(0, await eye.CountSegmentsAsync(recording));
        Assert.NotEmpty(HeldFilesOf(next, ben));

        api.PutSettings(rig.Discord.Guild.Id, new() { OptedOutUserIds = [Text(ben)] });
        api.IsAway = false;
        await BotRoom.UntilAsync(async () => (await eye.StoppedAsync(recording)).Count == 1, "it is closed");
        Assert.Empty(HeldFilesOf(next, ben));
        Assert.DoesNotContain((await eye.BlobsAsync(recording)).Keys, name => name.Contains(Text(ben), StringComparison.Ordinal));
        Assert.All(await eye.SegmentsAsync(recording), message => Assert.Equal(eve.UserId, message.UserId));
        Assert.NotEmpty(await eye.SegmentsAsync(recording));
    }

    [Fact]
    public async Task Last_known_copy_is_enough()
    {
        await using BotRig rig = await BotRig.StartAsync(storage: azurite.ConnectionString, capture: ShortSegments);
        await rig.AskAsync(rig.Admin, "record settings"); // the list is empty, and known to be
        rig.Api.IsAway = true;
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben");
        await rig.RecordAsync();
        await ben.SayAsync(OpusClip.Generate(7, TimeSpan.FromSeconds(3)));
        StorageEye eye = new(azurite.ConnectionString);
        await BotRoom.UntilAsync(async () => await eye.CountSegmentsAsync(rig.Current!.Session.RecordingId) > 0, "segments leave");
        Assert.False(rig.Current!.Host.Manifest.AwaitsOptOuts);
        Assert.NotEqual(Texts.AwaitsOptOuts, rig.Current!.Panel.Draw().StorageProblem);
    }

    // He said something to the process before, and not a word since.
    [Fact]
    public async Task Opting_out_after_a_takeover_deletes_what_waits_of_a_person_who_has_not_spoken_since()
    {
        await using BotRig rig = await BotRig.StartAsync(capture: ShortSegments);
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben");
        await rig.RecordAsync();
        await ben.SayAsync(OpusClip.Generate(7, TimeSpan.FromSeconds(3)));
        await rig.UntilAsync(() => HeldFilesOf(rig, ben).Length >= 4);
        await rig.StopAsync();

        await using BotRig next = await BotRig.StartAsync(after: rig, capture: ShortSegments);
        await next.UntilAsync(() => next.Current is not null);
        Assert.NotEmpty(HeldFilesOf(next, ben));
        await next.AskAsync(ben.Member, "record me", new() { ["choice"] = "out" });
        await next.UntilAsync(() => HeldFilesOf(next, ben).Length == 0);
    }

    private static async Task RecordBothAsync(BotRig rig, SimulatedSpeaker ben, SimulatedSpeaker eve)
    {
        await rig.RecordAsync();
        await rig.UntilAsync(() => rig.Panel is not null);
        // Settings that nobody ever heard of ask for it.
        await rig.PressAsync(ben.Member, rig.Panel!, ConsentTexts.AgreeButton);
        await rig.PressAsync(eve.Member, rig.Panel!, ConsentTexts.AgreeButton);
        await Task.WhenAll(ben.SayAsync(OpusClip.Generate(7, TimeSpan.FromSeconds(3))),
            eve.SayAsync(OpusClip.Generate(8, TimeSpan.FromSeconds(3))));
        await rig.UntilAsync(() => HeldFilesOf(rig, ben).Length >= 4 && HeldFilesOf(rig, eve).Length >= 4);
    }

    // What another test has left in the storage gets a panel too.
    private static string PanelOf(BotRig rig, RecordingId recording) => rig.Discord.TextChannel.Messages
        .Last(message => message.Text.Contains($"Recording {recording}", StringComparison.Ordinal)).Text;

    private static string Text(SimulatedSpeaker speaker) => speaker.UserId.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static string[] HeldFilesOf(BotRig rig, SimulatedSpeaker speaker) =>
        [.. Directory.EnumerateFiles(rig.Folder.Combine("spool"), "*", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(Path.GetDirectoryName(file)) == Text(speaker))];
}
