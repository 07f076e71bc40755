using Pipeline.Bot.Panel;
using Pipeline.Bot.Tests.Recordings;
using Pipeline.Contracts;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Guilds;

/// <summary>What a new process makes of the recordings that it finds: whose they are, who is in them, whether it gets back in.</summary>
public sealed class TakeoverSituationTests(AzuriteFixture azurite)
{
    private readonly StorageEye eye = new(azurite.ConnectionString);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Erased_from_one_recording_is_not_out_of_the_server_unless_that_was_said_too(bool alsoSaidNo)
    {
        RecordingApiStandIn api = new() { Erases = true };
        await using BotRig rig = await BotRig.StartAsync(api: api, storage: azurite.ConnectionString);
        await rig.AskAsync(rig.Admin, "record settings", new() { ["consent"] = "ask" });
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben");
        await rig.RecordAsync();
        RecordingId recording = rig.Current!.Session.RecordingId;
        await rig.UntilAsync(() => rig.Panel is not null);
        await rig.PressAsync(ben.Member, rig.Panel!, ConsentTexts.EraseButton);
        api.IsAway = alsoSaidNo; // no other disk knows it then
        if (alsoSaidNo) await rig.AskAsync(ben.Member, "record me", new() { ["choice"] = "out" });
        await BotRoom.UntilAsync(async () => (await eye.ManifestAsync(recording))?.Consent?.Erased().Contains(ben.UserId) == true,
            "the ledger is stored");
        await rig.StopAsync();
        using TempFolder otherDisk = new();
        await using BotRig next = await BotRig.StartAsync(after: rig, storage: azurite.ConnectionString, folder: otherDisk);
        await next.UntilAsync(() => next.Current?.Session.RecordingId == recording);
        Assert.True(next.Current!.Host.Recording.Consent.IsOptedOut(ben.UserId));
        Assert.True(next.Current.Consent.IsErased(ben.UserId));
        Assert.Equal(alsoSaidNo, next.Settings.IsOptedOut(rig.Discord.Guild.Id, ben.UserId));
    }
}
