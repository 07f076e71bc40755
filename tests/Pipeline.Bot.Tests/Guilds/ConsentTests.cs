using System.Globalization;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Tests.Recordings;
using Pipeline.Contracts;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.DiscordSimulator.World;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Guilds;

/// <summary>Where a server demands agreement, nobody's voice is kept without it: not on the disk, not after a takeover.</summary>
public sealed class ConsentTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Voice_is_kept_only_after_its_owner_has_agreed_and_the_ledger_says_so()
    {
        await using BotRig rig = await StartAsync();
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben"), eve = rig.Discord.AddSpeaker("Eve");
        using HeldFiles bens = new(rig.Folder.Combine("spool"), ben.UserId), eves = new(rig.Folder.Combine("spool"), eve.UserId);
        await rig.RecordAsync();
        await rig.UntilSaidAsync(ConsentTexts.Required);
        await Task.WhenAll(ben.SayAsync(OpusClip.Generate(7, TimeSpan.FromSeconds(2))),
            eve.SayAsync(OpusClip.Generate(8, TimeSpan.FromSeconds(2))));
        await rig.UntilAsync(() => rig.Current!.Host.Snapshot.Refused >= 150);
        Assert.Empty(bens.Seen());
        await rig.UntilAsync(() => rig.Panel is not null);
        SimulatedInteraction pressed = await rig.PressAsync(ben.Member, rig.Panel!, ConsentTexts.AgreeButton);
        Assert.Equal(ConsentTexts.AgreedNow, pressed.Text);
        await Task.WhenAll(ben.SayAsync(OpusClip.Generate(7, TimeSpan.FromSeconds(2))),
            eve.SayAsync(OpusClip.Generate(8, TimeSpan.FromSeconds(2))));
        await rig.UntilAsync(() => bens.Seen().Any());
        await rig.UntilAsync(() => rig.PanelText.Contains("1 person has agreed", StringComparison.Ordinal));
        SessionManifest manifest = rig.Current!.Host.Manifest;
        await rig.AskAsync(rig.Admin, "record stop");
        Assert.Empty(eves.Seen());
        ConsentEntry entry = Assert.Single(manifest.Consent!.Entries);
        Assert.Equal((ben.UserId, ConsentEntry.Agreed, ConsentTexts.AgreeButton), (entry.UserId, entry.Choice, entry.Button));
        Assert.Equal(ConsentTexts.Required, manifest.Consent.Texts[entry.Text]);
    }

    [Fact]
    public async Task Agreement_survives_a_takeover_on_another_disk_and_so_does_its_absence()
    {
        await using BotRig rig = await StartAsync();
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben"), eve = rig.Discord.AddSpeaker("Eve");
        await rig.RecordAsync();
        RecordingId recording = rig.Current!.Session.RecordingId;
        await rig.UntilAsync(() => rig.Panel is not null);
        await rig.PressAsync(ben.Member, rig.Panel!, ConsentTexts.AgreeButton);
        StorageEye eye = new(azurite.ConnectionString);
        await BotRoom.UntilAsync(async () =>
            (await eye.ManifestAsync(recording))?.Consent?.Agreed().Contains(ben.UserId) == true, "the manifest says that he agreed");
        await rig.StopAsync();
        using TempFolder otherDisk = new();
        await using BotRig next = await BotRig.StartAsync(after: rig, storage: azurite.ConnectionString, folder: otherDisk);
        await next.UntilAsync(() => next.Current?.Session.RecordingId == recording);
        using HeldFiles bens = new(otherDisk.Combine("spool"), ben.UserId), eves = new(otherDisk.Combine("spool"), eve.UserId);
        await next.UntilAsync(() => next.Current!.Call.State == Pipeline.Discord.Voice.Call.VoiceCallState.Connected);
        await Task.WhenAll(ben.SayAsync(OpusClip.Generate(7, TimeSpan.FromSeconds(2))),
            eve.SayAsync(OpusClip.Generate(8, TimeSpan.FromSeconds(2))));
        await next.UntilAsync(() => bens.Seen().Any() && next.Current!.Host.Snapshot.Refused >= 75);
        await next.AskAsync(rig.Admin, "record stop");
        Assert.Empty(eves.Seen());
        Assert.DoesNotContain(await eye.BlobsAsync(recording), blob =>
            blob.Key.Contains(eve.UserId.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Agreement_that_is_taken_back_has_to_be_given_again()
    {
        await using BotRig rig = await StartAsync();
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben");
        await rig.RecordAsync();
        await rig.UntilAsync(() => rig.Panel is not null);
        await rig.PressAsync(ben.Member, rig.Panel!, ConsentTexts.AgreeButton);
        await rig.PressAsync(ben.Member, rig.Panel!, ConsentTexts.OptOutButton);
        Assert.Equal(ConsentTexts.OptedOutBefore, (await rig.PressAsync(ben.Member, rig.Panel!, ConsentTexts.AgreeButton)).Text);
        Assert.Equal(Texts.InNowUnlessAsked, (await rig.AskAsync(ben.Member, "record me", new() { ["choice"] = "in" })).Text);
        using HeldFiles bens = new(rig.Folder.Combine("spool"), ben.UserId);
        await ben.SayAsync(OpusClip.Generate(7, TimeSpan.FromSeconds(2)));
        await rig.UntilAsync(() => rig.Current!.Host.Snapshot.Refused >= 75);
        Assert.Empty(bens.Seen());
        Assert.Equal([ConsentEntry.Agreed, ConsentEntry.Declined], rig.Current!.Host.Ledger!.Entries.Select(entry => entry.Choice));
    }

    [Fact]
    public async Task Opting_in_is_answered_as_the_recording_takes_it_or_the_settings_where_none_runs()
    {
        await using BotRig rig = await StartAsync();
        SimulatedMember ben = rig.Discord.Guild.AddMember("Ben");
        Assert.Equal(Texts.InNowUnlessAsked, (await OptInAsync()).Text);
        await rig.AskAsync(rig.Admin, "record settings", new() { ["consent"] = "off" });
        Assert.Equal(Texts.InNow, (await OptInAsync()).Text);
        await rig.RecordAsync();
        await rig.AskAsync(rig.Admin, "record settings", new() { ["consent"] = "required" }); // counts from the next one on
        Assert.Equal(Texts.InNow, (await OptInAsync()).Text);
        await rig.AskAsync(rig.Admin, "record stop");
        await rig.UntilAsync(() => rig.Current is null);

        await rig.RecordAsync();
        await rig.UntilAsync(() => rig.Panel is not null);
        await rig.PressAsync(ben, rig.Panel!, ConsentTexts.AgreeButton);
        Assert.Equal(Texts.InNow, (await OptInAsync()).Text); // has agreed and never opted out
        rig.Current!.Consent.Erase(ben.Id, ConsentTexts.EraseButton);
        Assert.Equal(Texts.InNowButErased, (await OptInAsync()).Text);
        Assert.False(rig.Current.Host.Recording.Consent.IsTaken(ben.Id));

        Task<SimulatedInteraction> OptInAsync() => rig.AskAsync(ben, "record me", new() { ["choice"] = "in" });
    }

    [Fact]
    public async Task Settings_that_were_never_heard_demand_an_agreement()
    {
        RecordingApiStandIn api = new() { IsAway = true };
        await using BotRig rig = await BotRig.StartAsync(storage: azurite.ConnectionString, api: api);
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben");
        using HeldFiles bens = new(rig.Folder.Combine("spool"), ben.UserId);
        await rig.RecordAsync();
        await rig.UntilSaidAsync(ConsentTexts.Required);
        await ben.SayAsync(OpusClip.Generate(7, TimeSpan.FromSeconds(2)));
        await rig.UntilAsync(() => rig.Current!.Host.Snapshot.Refused >= 75);
        Assert.Empty(bens.Seen());
        SimulatedInteraction settings = await rig.AskAsync(rig.Admin, "record settings");
        Assert.Contains("I never heard them", settings.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Next_part_asks_as_the_settings_say_by_then()
    {
        await using BotRig rig = await BotRig.StartAsync(capture: new CaptureOptions { MaximumDuration = TimeSpan.FromSeconds(4) });
        await rig.RecordAsync();
        RecordingId first = rig.Current!.Session.RecordingId;
        Assert.Equal(ConsentMode.Off, rig.Current.Consent.Mode);
        await rig.AskAsync(rig.Admin, "record settings", new() { ["consent"] = "required" });
        await rig.UntilAsync(() => rig.Current is { Consent.Mode: ConsentMode.Required } next && next.Session.RecordingId != first);
        Assert.True(rig.Current!.Host.Recording.Consent.DemandsAgreement);
    }

    [Fact]
    public async Task Next_part_on_a_host_that_never_heard_the_settings_asks_as_the_part_before_did()
    {
        await using BotRig rig = await BotRig.StartAsync(storage: azurite.ConnectionString);
        await rig.RecordAsync();
        RecordingId first = rig.Current!.Session.RecordingId;
        StorageEye eye = new(azurite.ConnectionString);
        await BotRoom.UntilAsync(async () => await eye.ManifestAsync(first) is not null, "the manifest is stored");
        await rig.StopAsync();
        rig.Api.IsAway = true;
        using TempFolder otherDisk = new();
        await using BotRig next = await BotRig.StartAsync(after: rig, storage: azurite.ConnectionString, folder: otherDisk,
            capture: new CaptureOptions { MaximumDuration = TimeSpan.FromSeconds(1) });
        await next.UntilAsync(() => next.Current is { Start.Part: > 1 });
        Assert.Equal(ConsentMode.Off, next.Current!.Consent.Mode);
    }

    [Fact]
    public async Task Opt_out_that_was_said_elsewhere_takes_an_agreement_back_for_good()
    {
        await using BotRig rig = await StartAsync();
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben");
        await rig.RecordAsync();
        await rig.UntilAsync(() => rig.Panel is not null);
        await rig.PressAsync(ben.Member, rig.Panel!, ConsentTexts.AgreeButton);
        Assert.Equal([ben.UserId], rig.Current!.Host.Ledger!.Agreed());
        rig.Settings.SetOptOuts(rig.Discord.Guild.Id, [ben.UserId], optedOut: true); // as a later answer of the API does
        await rig.UntilAsync(() => rig.Current!.Host.Ledger!.Agreed().Count == 0);
        rig.Settings.SetOptOuts(rig.Discord.Guild.Id, [ben.UserId], optedOut: false);
        await rig.StopAsync();
        await using BotRig next = await BotRig.StartAsync(after: rig, storage: azurite.ConnectionString);
        await next.UntilAsync(() => next.Current is not null);
        Assert.False(next.Current!.Host.Recording.Consent.HasAgreed(ben.UserId));
        Assert.Equal(ConsentTexts.OptedOutElsewhere, next.Current.Host.Ledger!.Entries[^1].Button);
    }

    private async Task<BotRig> StartAsync()
    {
        BotRig rig = await BotRig.StartAsync(storage: azurite.ConnectionString);
        SimulatedInteraction set = await rig.AskAsync(rig.Admin, "record settings", new() { ["consent"] = "required" });
        Assert.Contains("only after its owner has pressed", set.Text, StringComparison.Ordinal);
        return rig;
    }
}
