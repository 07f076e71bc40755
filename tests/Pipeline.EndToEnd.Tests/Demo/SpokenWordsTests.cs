using System.Buffers.Binary;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Pipeline.Demo.Call;
using Pipeline.TestKit.Speech;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests.Demo;

/// <summary>The demo's ear, which hears talks without the pauses between them, and its judge of the transcript.</summary>
public sealed class SpokenWordsTests
{
    private const int Between = 3 * Pcm.SamplesPerSecond / 10;

    [Theory]
    [InlineData("Ada", 1)]
    [InlineData("Ada", 4)]
    [InlineData("Grace", 2)]
    [InlineData("Grace", 6)]
    [InlineData("Linus", 6)]
    public async Task Ear_tells_every_sentence_once_also_of_talks_that_are_sent_together(string name, int talks)
    {
        (SpokenTalks said, _) = SpokenTalksTests.Speak(name, talks, 0);
        float[] clip = Pcm.Decode(DemoVoice.SpeechOf(name));
        List<float> sent = [];
        List<SpokenWords.Talk> places = [];
        foreach ((int from, int length) in said.Parts)
        {
            if (sent.Count > 0) sent.AddRange(new float[Between]);
            places.Add(new SpokenWords.Talk(Seconds(from), Seconds(length), Seconds(sent.Count)));
            sent.AddRange(clip.AsSpan(from, length));
        }
        IReadOnlyList<(string Text, double Start)> heard = await HearAsync([.. sent]);
        Assert.True(SpokenWords.AreThere(heard, DemoEar.Sentences(DemoVoice.SpeechOf(name)), places),
            string.Join('\n', heard) + "\n, not\n"
            + string.Join('\n', SpokenWords.Expected(DemoEar.Sentences(DemoVoice.SpeechOf(name)), places)));
    }

    [Fact]
    public async Task Ear_tells_nothing_of_a_sound_that_nobody_made() =>
        Assert.Empty(await HearAsync([.. Enumerable.Range(0, 4 * Pcm.SamplesPerSecond).Select(i => MathF.Sin(i / 20f) / 2)]));

    [Fact]
    public void Sentence_that_a_pause_has_cut_is_where_its_middle_is()
    {
        DemoEar.Sentence[] said = [new(0, 4, "One."), new(5, 9, "Two.")];
        SpokenWords.Talk[] talks = [new(0, 6, 10), new(6, 4, 30)];
        Assert.Equal([("One.", 10), ("Two.", 30)], SpokenWords.Expected(said, talks));
        Assert.True(SpokenWords.AreThere([("One.", 10.1), ("Two.", 29.9)], said, talks));
        Assert.False(SpokenWords.AreThere([("One.", 10.1)], said, talks), "one is missing");
        Assert.False(SpokenWords.AreThere([("One.", 10.1), ("One.", 10.1), ("Two.", 30)], said, talks), "one is there twice");
        Assert.False(SpokenWords.AreThere([("One.", 10.1), ("Two.", 15)], said, talks), "one is where it would be without the pause");
        Assert.Empty(SpokenWords.Differences([("One.", 10.1), ("Two.", 29.9)], said, talks));
        Assert.Equal(["'One.' is missing, it was said at 10.00 s", "'Two.' is at 15.00 s, it was said at 30.00 s",
            "'Two.' at 30.00 s was not said"], SpokenWords.Differences([("Two.", 15), ("Two.", 30)], said, talks));
    }

    [Theory]
    [InlineData("Ada")]
    [InlineData("Grace")]
    [InlineData("Linus")]
    public async Task Sentence_that_is_too_damaged_to_be_found_by_itself_is_heard_where_the_talk_goes_on(string name)
    {
        string file = DemoVoice.SpeechOf(name);
        IReadOnlyList<DemoEar.Sentence> said = DemoEar.Sentences(file);
        float[] sound = Pcm.Decode(file);
        const int frame = Pcm.SamplesPerSecond / 50;
        int to = (int)(said[^1].End * Pcm.SamplesPerSecond / frame);
        // Two of three frames are lost: a correlation of 0.58 at most.
        for (int at = (int)(said[^1].Start * Pcm.SamplesPerSecond / frame); at < to; at++)
        {
            if (at % 3 != 0) sound.AsSpan(at * frame, Math.Min(frame, sound.Length - (at * frame))).Clear();
        }

        IReadOnlyList<(string Text, double Start)> heard = await HearAsync(sound);

        Assert.Equal(said.Select(sentence => sentence.Text), heard.Select(one => one.Text));
    }

    private static double Seconds(int samples) => (double)samples / Pcm.SamplesPerSecond;

    private static async Task<IReadOnlyList<(string Text, double Start)>> HearAsync(float[] sound)
    {
        byte[] wave = new byte[44 + (sound.Length / 3 * 2)];
        for (int i = 0; i < sound.Length / 3; i++)
            BinaryPrimitives.WriteInt16LittleEndian(wave.AsSpan(44 + (2 * i)), (short)(sound[(3 * i)..((3 * i) + 3)].Average() * 32767));
        DemoEar ear = new(DemoRun.Names.Select(DemoVoice.SpeechOf));
        DefaultHttpContext context = new() { RequestServices = new NoServices() };
        using MemoryStream body = new();
        context.Response.Body = body;
        await (await ear.AnswerAsync(new SpeechRequest([], null, wave))).ExecuteAsync(context);
        using JsonDocument answer = JsonDocument.Parse(body.ToArray());
        return [.. answer.RootElement.GetProperty("segments").EnumerateArray()
            .Select(one => (one.GetProperty("text").GetString()!.Trim(), one.GetProperty("start").GetDouble()))];
    }

    private sealed class NoServices : IServiceProvider
    {
        public object? GetService(Type serviceType) =>
            serviceType == typeof(Microsoft.Extensions.Logging.ILoggerFactory)
                ? Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance : null;
    }
}
