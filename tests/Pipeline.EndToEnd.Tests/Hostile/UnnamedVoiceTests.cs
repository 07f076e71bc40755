using System.Globalization;
using Pipeline.Bot.Panel;
using Pipeline.Contracts.Api;
using Pipeline.Discord.Media;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.TestKit;

namespace Pipeline.EndToEnd.Tests.Hostile;

/// <summary>Discord tells too late, or never, whose voice it sends.</summary>
public sealed class UnnamedVoiceTests(AzuriteFixture fixture)
{
    /// <summary>All that it said is in the storage by then, as the voice of nobody.</summary>
    [Fact]
    [Trait("Category", "Long")]
    public async Task Voice_whose_name_comes_after_its_last_segment_has_it_in_the_finished_recording()
    {
        await using HostileCall call = await HostileCall.StartAsync(fixture.Azurite, 27);
        SimulatedSpeaker ben = call.Discord.AddSpeaker("Ben",
            options: new SpeakerOptions { AnnounceDelay = TimeSpan.FromSeconds(-1) });
        await call.StartBotAsync();
        await call.AskAsync("record start");
        await call.UntilHearsAsync();
        await ben.SayAsync(OpusClip.Generate(5, TimeSpan.FromSeconds(4)));
        await call.UntilAsync(() => call.SpooledAudio.Count > 0);
        await call.UntilAsync(() => call.SpooledAudio.Count == 0);
        call.Discord.Faults.Add(new SendVoiceMessage(string.Create(CultureInfo.InvariantCulture,
            $$$"""{"op":5,"seq":1000,"d":{"user_id":"{{{ben.UserId}}}","ssrc":{{{ben.Ssrc}}},"speaking":1}}"""))
        { UserId = call.Discord.Bot.Id });
        await call.UntilAsync(() => call.Panel!.Text.Contains(VoiceTexts.Named(ben.UserId), StringComparison.Ordinal));
        await call.AskAsync("record stop");
        RecordingDetails recording = Assert.Single(await call.CompletedAsync(1));
        RecordingTrack track = Assert.Single(recording.Tracks);
        Assert.Equal((UnnamedSource.IdOf(ben.Ssrc).ToString(CultureInfo.InvariantCulture), VoiceTexts.Known("Ben")),
            (track.UserId, track.Username));
        Assert.InRange(track.SpokenSamples, 4 * 48_000, 45 * 4800);
        Assert.Empty(recording.Gaps);
        await call.RequireCleanAsync();
    }
}
