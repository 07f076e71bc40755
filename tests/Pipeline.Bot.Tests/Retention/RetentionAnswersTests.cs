using System.Text.Json;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Retention;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Tests.Guilds;
using Pipeline.Contracts.Api;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.Bot.Tests.Retention;

/// <summary>What people are told who want to be forgotten, or a recording to be kept, where that cannot be or need not be.</summary>
public sealed class RetentionAnswersTests
{
    private const int PostFailed = 4207;

    [Fact]
    public async Task Service_that_erases_nobody_is_said_to_and_the_wish_does_not_stay()
    {
        await using BotRig rig = await BotRig.StartAsync();
        SimulatedInteraction asked = await rig.AskAsync(rig.Admin, "record forget me");
        Assert.NotNull(asked.Original!.ButtonWithLabel("Keep"));
        SimulatedInteraction pressed = await rig.PressAsync(rig.Admin, asked.Original!, "Erase me for good");
        Assert.Equal(ForgetTexts.CannotErase, pressed.Text);
        Assert.Empty(Wishes(rig));
        Assert.Contains(rig.Admin.Id, rig.Settings.OptedOut(rig.Discord.Guild.Id)); // that much holds
        Assert.Contains($"{rig.Admin.Id}", rig.Api.SettingsOf(rig.Discord.Guild.Id), StringComparison.Ordinal); // and there too
    }

    [Fact]
    public async Task Without_a_recording_API_there_is_nothing_to_erase_and_nothing_to_remember()
    {
        await using BotRig rig = await BotRig.StartAsync(change: options => options with { Api = new CatalogueOptions() });
        SimulatedInteraction asked = await rig.AskAsync(rig.Admin, "record forget me");
        SimulatedInteraction pressed = await rig.PressAsync(rig.Admin, asked.Original!, "Erase me for good");
        Assert.Equal(ForgetTexts.NothingStored, pressed.Text);
        Assert.Empty(Wishes(rig));
    }

    [Fact]
    public async Task Wish_that_a_service_away_did_not_take_waits_on_the_disk_until_it_does()
    {
        RecordingApiStandIn api = new() { Erases = true };
        await using BotRig rig = await BotRig.StartAsync(api: api);
        SimulatedInteraction asked = await rig.AskAsync(rig.Admin, "record forget me");
        api.IsAway = true;
        SimulatedInteraction pressed = await rig.PressAsync(rig.Admin, asked.Original!, "Erase me for good");
        Assert.Equal(ForgetTexts.Begun, pressed.Text);
        Assert.False(Assert.Single(Wishes(rig)).IsBegun);
        api.IsAway = false;
        string scope = $"guilds/{rig.Discord.Guild.Id}/{rig.Admin.Id}";
        await rig.UntilAsync(() => Wishes(rig) is [{ IsBegun: true }]);
        Assert.Contains(scope, api.Erasures.Keys);
        Assert.False(rig.Told(rig.Admin, "erased")); // not before it is done
        api.Erasures[scope] = new PersonErasure { Status = PersonErasure.Erased };
        await rig.UntilAsync(() => rig.Told(rig.Admin, "Nothing of you was stored in that server's recordings"));
        await rig.UntilAsync(() => Wishes(rig).Count == 0);
    }

    [Fact]
    public async Task Wish_is_kept_while_something_else_is_at_the_address_of_the_service()
    {
        RecordingApiStandIn api = new() { Erases = true, IsElsewhere = true };
        LeapingTime time = new();
        await using BotRig rig = await BotRig.StartAsync(api: api, time: time);
        SimulatedInteraction asked = await rig.AskAsync(rig.Admin, "record forget me");
        SimulatedInteraction pressed = await rig.PressAsync(rig.Admin, asked.Original!, "Erase me for good");
        Assert.Equal(ForgetTexts.Begun, pressed.Text);
        time.Leap(TimeSpan.FromHours(23));
        await LookedAtAsync();
        Assert.Equal((false, true), (Assert.Single(Wishes(rig)).IsBegun, Wishes(rig)[0].NotThereSince is not null));

        api.IsElsewhere = false;
        time.Leap(TimeSpan.FromMinutes(5));
        await rig.UntilAsync(() => Wishes(rig) is [{ IsBegun: true, NotThereSince: null }]);
        Assert.False(rig.Told(rig.Admin, ForgetTexts.CannotErase));

        // A day counts from then on again, and is an end.
        api.Erasures.Clear();
        api.IsElsewhere = true;
        await rig.UntilAsync(() => Wishes(rig) is [{ NotThereSince: not null }]);
        time.Leap(TimeSpan.FromHours(24));
        await rig.UntilAsync(() => rig.Told(rig.Admin, ForgetTexts.CannotErase));
        await rig.UntilAsync(() => Wishes(rig).Count == 0);

        async Task LookedAtAsync()
        {
            int before = Asked();
            await rig.UntilAsync(() => Asked() > before);
        }

        int Asked() => api.Requests.Count(request => request.StartsWith("PUT", StringComparison.Ordinal)
            && request.Contains("/erasures/", StringComparison.Ordinal));
    }

    /// <summary>A service that is away says something else: it may have been back in between, and nobody asked it.</summary>
    [Fact]
    public async Task Day_after_which_a_wish_is_given_up_begins_again_where_something_else_was_heard()
    {
        RecordingApiStandIn api = new() { Erases = true, IsElsewhere = true };
        LeapingTime time = new();
        await using BotRig rig = await BotRig.StartAsync(api: api, time: time);
        SimulatedInteraction asked = await rig.AskAsync(rig.Admin, "record forget me");
        await rig.PressAsync(rig.Admin, asked.Original!, "Erase me for good");
        Assert.NotNull(Assert.Single(Wishes(rig)).NotThereSince);
        api.IsAway = true;
        time.Leap(TimeSpan.FromMinutes(5));
        await rig.UntilAsync(() => Wishes(rig) is [{ NotThereSince: null }]);
        api.IsAway = false;
        time.Leap(TimeSpan.FromHours(24));
        await rig.UntilAsync(() => Wishes(rig) is [{ NotThereSince: not null }]);
        Assert.False(rig.Told(rig.Admin, ForgetTexts.CannotErase));
    }

    [Fact]
    public async Task Only_recordings_with_a_near_last_day_are_told_of_and_each_to_its_own_starter()
    {
        RecordingApiStandIn api = new();
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        await using BotRig rig = await BotRig.StartAsync(api: api);
        SimulatedMember ben = rig.Discord.Guild.AddMember("Ben");
        ulong guild = rig.Discord.Guild.Id;
        await rig.StopAsync();
        api.Add(RecordingApiStandIn.Finished("far", "s-1", guild, rig.Admin.Id) with { DeletesAt = now + TimeSpan.FromDays(2.2) });
        api.Add(RecordingApiStandIn.Finished("ever", "s-2", guild, rig.Admin.Id));
        api.Add(RecordingApiStandIn.Finished("near", "s-3", guild, ben.Id) with { DeletesAt = now + TimeSpan.FromDays(1.9) });
        await using BotRig next = await BotRig.StartAsync(after: rig);
        await next.UntilAsync(() => next.Told(ben, "recording:near"));
        Assert.Empty(rig.Discord.DirectChannel(rig.Admin.User).Messages);
        string path = rig.Folder.Combine("spool", "state", $"expiring-{guild}.json");
        await next.UntilAsync(() => File.Exists(path) && File.ReadAllText(path) == "[\"near\"]");
    }

    [Fact]
    public async Task Notice_that_Discord_did_not_take_comes_with_a_later_round_and_one_that_it_refused_does_not()
    {
        RecordingApiStandIn api = new();
        LeapingTime time = new();
        await using BotRig rig = await BotRig.StartAsync(api: api);
        ulong guild = rig.Discord.Guild.Id;
        await rig.StopAsync();
        api.Add(RecordingApiStandIn.Finished("near", "s-1", guild, rig.Admin.Id) with
        {
            DeletesAt = TimeProvider.System.GetUtcNow() + TimeSpan.FromDays(1.9),
        });
        using FaultHandle away = rig.Discord.Faults.Add(new RefuseRest(503) { Method = "POST", Path = "/messages$" });
        await using BotRig next = await BotRig.StartAsync(after: rig, time: time);
        await next.UntilAsync(() => next.Log.Lines.Any(line => line.EventId == PostFailed));
        away.Dispose();
        string path = rig.Folder.Combine("spool", "state", $"expiring-{guild}.json");
        Assert.False(File.Exists(path));
        await LeapUntilAsync(() => next.Told(rig.Admin, "recording:near"));
        await next.UntilAsync(() => File.Exists(path));
        SimulatedMember ben = rig.Discord.Guild.AddMember("Ben");
        api.Add(RecordingApiStandIn.Finished("closed", "s-2", guild, ben.Id) with { DeletesAt = time.GetUtcNow() + TimeSpan.FromDays(1) });
        rig.Discord.Faults.Add(new RefuseRest(403) { Code = 50007, Method = "POST", Path = "/messages$" });
        await LeapUntilAsync(() => File.ReadAllText(path).Contains("\"closed\"", StringComparison.Ordinal));

        // A round may end only now.
        Task LeapUntilAsync(Func<bool> condition) => next.UntilAsync(() =>
        {
            time.Leap(TimeSpan.FromMinutes(10));
            return condition();
        });
    }

    [Fact]
    public async Task Word_of_an_erasure_that_Discord_did_not_take_comes_when_it_does()
    {
        RecordingApiStandIn api = new() { Erases = true };
        await using BotRig rig = await BotRig.StartAsync(api: api);
        SimulatedInteraction asked = await rig.AskAsync(rig.Admin, "record forget me");
        await rig.PressAsync(rig.Admin, asked.Original!, "Erase me for good");
        using FaultHandle away = rig.Discord.Faults.Add(new RefuseRest(503) { Method = "POST", Path = "/messages$" });
        api.Erasures[$"guilds/{rig.Discord.Guild.Id}/{rig.Admin.Id}"] = new PersonErasure { Status = PersonErasure.Erased };
        await rig.UntilAsync(() => rig.Log.Lines.Any(line => line.EventId == PostFailed));
        Assert.Single(Wishes(rig));
        away.Dispose();
        await rig.UntilAsync(() => rig.Told(rig.Admin, "Nothing of you was stored in that server's recordings"));
        await rig.UntilAsync(() => Wishes(rig).Count == 0);
    }

    [Fact]
    public async Task Recording_is_kept_by_who_may_delete_it_and_one_without_a_last_day_needs_no_keeping()
    {
        RecordingApiStandIn api = new();
        await using BotRig rig = await BotRig.StartAsync(api: api);
        ulong guild = rig.Discord.Guild.Id, stranger = 5;
        api.Add(RecordingApiStandIn.Finished("ever", "s-1", guild, rig.Admin.Id));
        api.Add(RecordingApiStandIn.Finished("near", "s-2", guild, stranger) with
        {
            ChannelId = rig.Discord.VoiceChannel.Id.ToString(),
            DeletesAt = TimeProvider.System.GetUtcNow() + TimeSpan.FromDays(1),
        });
        Assert.Equal(KeepTexts.NoDay, await KeepAsync("ever"));
        Assert.Equal(Texts.WrongLink, await KeepAsync("none"));
        Assert.DoesNotContain(api.Requests, request => request.StartsWith("PATCH", StringComparison.Ordinal));
        Assert.Equal(KeepTexts.Kept, await KeepAsync("near"));
        api.Add(RecordingApiStandIn.Finished("runs", "s-3", guild, rig.Admin.Id, RecordingStatus.Live)); // its day is not known yet
        Assert.Equal(KeepTexts.Kept, await KeepAsync("runs"));
        Assert.Contains("PATCH /api/recordings/near", api.Requests);

        async Task<string> KeepAsync(string id) => (await rig.AskAsync(rig.Admin, "record keep", new() { ["recording"] = id })).Text;
    }

    private static List<ForgetWish> Wishes(BotRig rig)
    {
        string folder = rig.Folder.Combine("spool", "state");
        if (!Directory.Exists(folder)) return [];
        return [.. Directory.GetFiles(folder, "forget-*.json")
            .Select(file => JsonSerializer.Deserialize(File.ReadAllBytes(file), ForgetJsonContext.Default.ForgetWish)!)];
    }
}
