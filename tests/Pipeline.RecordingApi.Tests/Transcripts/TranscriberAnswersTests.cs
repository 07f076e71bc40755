using Pipeline.RecordingApi.Transcripts;

namespace Pipeline.RecordingApi.Tests.Transcripts;

/// <summary>What is made of the services' answers, and where they are asked.</summary>
public sealed class TranscriberAnswersTests
{
    [Fact]
    public void Words_belong_to_the_phrase_that_holds_their_middle()
    {
        Transcription read = OpenAiTranscriber.Read(new OpenAiAnswer
        {
            Language = "english",
            Segments = [new() { Start = 1, End = 2, Text = " a b ", MeanLogProbability = 0 }, new() { Start = 2, End = 3, Text = "c" },
                new() { Start = 3, End = 4, Text = " " }],
            Words = [new() { Word = " a ", Start = 0, End = 1 }, new() { Word = "b", Start = 1.7, End = 2.2 },
                new() { Word = "c", Start = 1.5, End = 2.5 }, new() { Word = " ", Start = 2, End = 3 }],
        });
        Assert.Equal(("english", "a b", "c"), (read.Language, read.Phrases[0].Text, read.Phrases[1].Text));
        Assert.Equal([["a", "b"], ["c"]], read.Phrases.Select(phrase => phrase.Words.Select(word => word.Text)));
        Assert.Equal((1, null), (read.Phrases[0].Confidence, read.Phrases[1].Confidence));
    }

    [Theory]
    [InlineData(0.0, 1.0)]
    [InlineData(3.0, 1.0)]
    [InlineData(-0.6931471805599453, 0.5)]
    [InlineData(double.NegativeInfinity, null)]
    public void Confidence_is_a_probability_or_none(double logarithm, double? confidence)
    {
        OpenAiAnswer answer = new() { Segments = [new() { Text = "a", MeanLogProbability = logarithm }] };
        double? said = OpenAiTranscriber.Read(answer).Phrases[0].Confidence;
        Assert.Equal(confidence, said is { } sure ? Math.Round(sure, 9) : null);
    }

    [Fact]
    public void Answer_without_phrases_is_one_phrase_as_long_as_it_says()
    {
        OpenAiWord[] words = [new() { Word = "a", End = 3 }, new() { Word = "b", End = 2 }];
        Assert.Equal((0, 0.5), Times(new OpenAiAnswer { Text = "a", Duration = 0.5, Words = [.. words] }));
        Assert.Equal((0, 3.0), Times(new OpenAiAnswer { Text = "a", Words = [.. words] }));
        Assert.Equal((0, double.MaxValue), Times(new OpenAiAnswer { Text = "a", Segments = [] }));
        Assert.Empty(OpenAiTranscriber.Read(new OpenAiAnswer { Text = " " }).Phrases);
        Assert.Empty(OpenAiTranscriber.Read(new OpenAiAnswer { Segments = [] }).Phrases);
        Assert.Throws<TranscriptionException>(() => OpenAiTranscriber.Read(new OpenAiAnswer()));

        static (double, double) Times(OpenAiAnswer answer)
        {
            HeardPhrase phrase = Assert.Single(OpenAiTranscriber.Read(answer).Phrases);
            return (phrase.Start, phrase.End);
        }
    }

    [Theory]
    [InlineData("https://api.example/v1", "https://api.example/v1/audio/transcriptions")]
    [InlineData("https://api.example/v1/?key=x", "https://api.example/v1/audio/transcriptions")]
    [InlineData("https://api.example/v1/audio/transcriptions", "https://api.example/v1/audio/transcriptions")]
    [InlineData("https://a.example/OpenAI/deployments/w",
        "https://a.example/OpenAI/deployments/w/audio/transcriptions?api-version=2024-06-01")]
    [InlineData("https://a.example/openai/deployments/w/audio/transcriptions/",
        "https://a.example/openai/deployments/w/audio/transcriptions?api-version=2024-06-01")]
    public void Address_is_completed(string set, string asked) => Assert.Equal(asked, OpenAiTranscriber.Address(new Uri(set)).AbsoluteUri);

    [Fact]
    public void Azure_answer_is_read_in_seconds_and_its_language_is_that_of_most_phrases()
    {
        Transcription read = AzureSpeechTranscriber.Read(new AzureAnswer
        {
            Phrases =
            [
                new() { Locale = "de-DE", OffsetMilliseconds = 500, DurationMilliseconds = 1_000, Text = " eins ", Confidence = 1,
                    Words = [new() { Text = " eins ", OffsetMilliseconds = 600, DurationMilliseconds = 100 }, null,
                        new() { Text = " " }] },
                null,
                new() { Locale = "en-US", Text = "two", Confidence = 1.01 },
                new() { Locale = "en-US", Text = "three", Confidence = 0 },
                new() { Locale = "en-US", Text = " " },
            ],
        });
        Assert.Equal("en-US", read.Language);
        Assert.Equal([("eins", 0.5, 1.5, 1.0), ("two", 0, 0, null), ("three", 0, 0, 0.0)],
            read.Phrases.Select(phrase => (phrase.Text, phrase.Start, phrase.End, phrase.Confidence)));
        Assert.Equal(("eins", 0.6, 0.7), (Assert.Single(read.Phrases[0].Words).Text, read.Phrases[0].Words[0].Start,
            Math.Round(read.Phrases[0].Words[0].End, 9)));
        Assert.Throws<TranscriptionException>(() => AzureSpeechTranscriber.Read(new AzureAnswer()));
    }

    [Fact]
    public void Language_is_the_first_without_its_region()
    {
        Assert.Null(new TranscriptionOptions().Language);
        Assert.Equal("de", new TranscriptionOptions { Languages = ["DE-de", "en"] }.Language);
        Assert.Equal((120, 2, 1.0), (new TranscriptionOptions().Timeout.TotalSeconds, new TranscriptionOptions().Parallelism,
            new TranscriptionOptions().Budget.TotalDays));
    }

    [Theory]
    [InlineData(0, 12)]
    [InlineData(1, 12)]
    [InlineData(8.999, 12)]
    [InlineData(9, 24)]
    [InlineData(10, 25)] // the next is there after ten more, and up to 15 late
    [InlineData(30, 45)]
    [InlineData(86_400, 315)]
    public void Talk_that_was_cut_is_waited_for_as_long_as_its_next_segment_may_take(double segment, double seconds) =>
        Assert.Equal(seconds, TranscriptTriggers.PauseCloses((long)(segment * 48_000)).TotalSeconds);
}
