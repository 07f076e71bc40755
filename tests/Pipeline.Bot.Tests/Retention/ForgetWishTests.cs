using Pipeline.Bot.Retention;
using Pipeline.Bot.Tests.Recordings;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;

namespace Pipeline.Bot.Tests.Retention;

/// <summary>What a wish to be forgotten is about, and what is said when it is done.</summary>
public sealed class ForgetWishTests
{
    private readonly SessionInfo session = BotRoom.Session(RecordingId.New(TimeProvider.System));

    [Fact]
    public void Wish_for_a_server_is_about_what_had_begun_when_it_was_said()
    {
        ForgetWish wish = new(11, "guilds/11", 501) { At = session.StartedAt };
        Assert.False(wish.IsOfOneRecording);
        Assert.True(wish.IsAbout(session));
        Assert.False((wish with { At = session.StartedAt - TimeSpan.FromTicks(1) }).IsAbout(session)); // a later recording
        Assert.False((wish with { GuildId = 12 }).IsAbout(session));
        Assert.Equal("forget-guilds-11-501.json", wish.FileName);
    }

    [Fact]
    public void Wish_for_one_recording_is_about_that_one_whenever_it_was_said()
    {
        ForgetWish wish = new(11, $"recordings/{session.RecordingId}", 501);
        Assert.True(wish.IsOfOneRecording);
        Assert.True(wish.IsAbout(session));
        Assert.False(wish.IsAbout(session with { RecordingId = RecordingId.New(TimeProvider.System) }));
    }

    [Fact]
    public void What_was_erased_is_said_with_its_figures()
    {
        PersonErasure erased = new() { Status = PersonErasure.Erased, Recordings = 2, Segments = 1, Samples = 48_000 * 61 };
        Assert.StartsWith("You are erased from 2 recordings: 1 piece with 00:01:01 of your voice are gone", ForgetTexts.Done(erased, false),
            StringComparison.Ordinal);
        Assert.StartsWith("You are erased from that recording: 1 piece", ForgetTexts.Done(erased, true), StringComparison.Ordinal);
        PersonErasure nothing = erased with { Recordings = 0 };
        Assert.StartsWith("Nothing of you was stored in that recording,", ForgetTexts.Done(nothing, true), StringComparison.Ordinal);
        Assert.StartsWith("Nothing of you was stored in that server's recordings,", ForgetTexts.Done(nothing, false),
            StringComparison.Ordinal);
    }
}
