using Pipeline.Demo.Call;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests.Demo;

/// <summary>The demo's judge of tracks and mix: three voices in one or several talks, with pauses that their clips do not have.</summary>
public sealed class SpokenTalksTests
{
    private const int Second = Pcm.SamplesPerSecond;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(6)]
    public void Talks_at_their_places_are_well(int talks)
    {
        (SpokenTalks Said, float[] Track)[] voices = [.. DemoRun.Names.Select((name, number) => Speak(name, talks, Second * (1 + number)))];
        float[] mix = Mix([.. voices.Select(voice => voice.Track)]);
        foreach ((SpokenTalks said, float[] track) in voices)
        {
            SpokenTalks.Verdict verdict = said.Compare(track, mix);
            Assert.True(verdict.IsGood, verdict.ToString());
            Assert.InRange(verdict.WorstWindow.TotalMilliseconds, 0, 1);
        }
    }

    [Fact]
    public void Talk_elsewhere_in_the_mix_is_wrong()
    {
        (SpokenTalks said, float[] track) = Speak("Ada", 2, Second);
        (_, float[] other) = Speak("Grace", 2, 2 * Second);
        Assert.True(said.Compare(track, Mix(track, other)).IsGood);
        float[] late = Mix(track);
        // The second talk only, 50 ms behind.
        int from = said.Parts[1].From + (4 * Second);
        track.AsSpan(from, track.Length - from - (Second / 20)).CopyTo(late.AsSpan(from + (Second / 20)));
        Assert.False(said.Compare(track, Mix(late, other)).IsGood);
    }

    [Fact]
    public void Talk_that_is_not_there_is_wrong()
    {
        (SpokenTalks said, float[] track) = Speak("Linus", 2, Second);
        float[] half = Mix(track);
        half.AsSpan(said.Parts[1].From + (4 * Second)).Clear();
        Assert.False(said.Compare(half, Mix(track)).IsGood);
    }

    [Fact]
    public void One_of_many_talks_that_is_not_there_is_wrong()
    {
        (SpokenTalks said, float[] track) = Speak("Ada", 6, Second);
        float[] most = Mix(track);
        (int from, int length) = said.Parts[^1]; // the shortest
        most.AsSpan(from + (16 * Second), length).Clear();
        Assert.True(said.Judge(said.Find(track)).IsGood);
        Assert.False(said.Judge(said.Find(most)).IsGood);
    }

    /// <summary>A track of a voice whose talks stand three seconds apart and begin at a place.</summary>
    internal static (SpokenTalks Said, float[] Track) Speak(string name, int talks, int begin)
    {
        string file = DemoVoice.SpeechOf(name);
        float[] clip = Pcm.Decode(file);
        SpokenTalks said = new(clip, DemoVoice.Parts(OpusClip.Read(file), talks));
        Assert.Equal(talks, said.Parts.Count);
        float[] track = new float[45 * Second];
        foreach ((int index, (int from, int length)) in said.Parts.Index())
            clip.AsSpan(from, length).CopyTo(track.AsSpan(begin + from + (3 * Second * index)));
        return (said, track);
    }

    private static float[] Mix(params float[][] tracks)
    {
        float[] mix = new float[tracks[0].Length];
        foreach (float[] track in tracks)
        {
            for (int i = 0; i < mix.Length; i++) mix[i] += track[i] / tracks.Length;
        }
        return mix;
    }
}
