using System.Text;
using System.Text.Json;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Transcripts;

namespace Pipeline.RecordingApi.Tests.Transcripts;

/// <summary>The files to the character, and what is said of the whole.</summary>
public sealed class TranscriptTextsTests
{
    private static readonly StretchRow[] Rows =
    [
        Row(7, "Grace", "en", new TextPhrase(3_661.001, 3_661.001, "later", null, [])),
        Row(5, "Ada\n", "de", new TextPhrase(3_600, 3_725.25, "first\u0007", 0.12345, [new HeardWord(3_600, 3_601, "first\t")]),
            new TextPhrase(59, 60, " \u2028", 1, [])),
        Row(5, "Ada\n", "en", new TextPhrase(3_600, 3_600.0004, "same time", 1, [])),
        Row(12, "Twelve", null, new TextPhrase(3_600, 3_601, "by the text of the id", null, [])),
        Row(9, "Nobody", "fr"),
    ];

    [Fact]
    public void Turns_are_in_order_and_without_what_breaks_a_line()
    {
        TranscriptFile file = TranscriptTexts.Of("id", "ready", Rows);
        Assert.Equal(["by the text of the id", "first", "same time", "later"], file.Turns.Select(turn => turn.Text));
        Assert.Equal((0.123, "first"), (file.Turns[1].Confidence, Assert.Single(file.Turns[1].Words!).Text));
        Assert.Null(file.Turns[2].Words);
        Assert.Null(file.Turns[3].Confidence);
    }

    [Fact]
    public void Language_is_that_of_most_stretches_and_of_as_many_the_first_by_name()
    {
        Assert.Equal("en", TranscriptTexts.Of("id", "ready", Rows).Language);
        Assert.Equal("de", TranscriptTexts.Of("id", "ready", Rows[..2]).Language);
        Assert.Null(TranscriptTexts.Of("id", "ready", []).Language);
    }

    [Fact]
    public void Files_have_the_times_and_names()
    {
        Dictionary<string, string> files = TranscriptTexts.All(TranscriptTexts.Of("id", "ready", Rows))
            .ToDictionary(file => file.Name, file => Encoding.UTF8.GetString(file.Text));
        Assert.Equal("""
            WEBVTT

            01:00:00.000 --> 01:00:01.000
            <v Twelve>by the text of the id

            01:00:00.000 --> 01:02:05.250
            <v Ada>first

            01:00:00.000 --> 01:00:00.001
            <v Ada>same time

            01:01:01.001 --> 01:01:01.002
            <v Grace>later

            """.ReplaceLineEndings("\n"), files["transcript.vtt"]);
        Assert.StartsWith("1\n01:00:00,000 --> 01:00:01,000\nTwelve: by the text of the id\n\n2\n", files["transcript.srt"],
            StringComparison.Ordinal);
        Assert.Equal("[01:01:01] Grace: later", files["transcript.txt"].TrimEnd().Split('\n')[^1]);
        using JsonDocument json = JsonDocument.Parse(files["transcript.json"]);
        Assert.Equal("ready", json.RootElement.GetProperty("status").GetString());
    }

    [Fact]
    public void Hours_from_100_on_have_all_their_digits_in_every_file()
    {
        const double Start = (100 * 3_600) + 5;
        Dictionary<string, string> files = TranscriptTexts.All(TranscriptTexts.Of("id", "ready",
            [Row(5, "Ada", "en", new TextPhrase(Start, Start + 1, "late", 1, []))]))
            .ToDictionary(file => file.Name, file => Encoding.UTF8.GetString(file.Text));
        Assert.Equal("[100:00:05] Ada: late\n", files["transcript.txt"]);
        Assert.Contains("\n100:00:05.000 --> 100:00:06.000\n", files["transcript.vtt"], StringComparison.Ordinal);
        Assert.Contains("\n100:00:05,000 --> 100:00:06,000\n", files["transcript.srt"], StringComparison.Ordinal);
    }

    [Fact]
    public void Text_is_partial_where_talk_was_given_up_or_left_out()
    {
        StretchRow done = Row(5, "Ada", "en"), failed = done with { State = StretchState.Failed, Reason = "it answered 413" };
        StretchRow waiting = done with { State = StretchState.Waiting, Reason = "it answered 503" };
        TranscriptHead whole = new("s", null, IsComplete: true, IsOverBudget: false, "e");
        TranscriptHead open = whole with { IsComplete = false }, cut = whole with { IsOverBudget = true };
        Assert.Equal((TranscriptState.Running, TranscriptState.Partial, TranscriptState.Partial, TranscriptState.Ready),
            (TranscriptReads.StatusOf([done, failed], open), TranscriptReads.StatusOf([done, failed], whole),
                TranscriptReads.StatusOf([done], cut), TranscriptReads.StatusOf([done], whole)));
        Assert.Null(TranscriptReads.ProblemOf([done, done with { State = StretchState.Waiting }], whole));
        Assert.Equal("talk beyond Transcription__MaxMinutes was not transcribed", TranscriptReads.ProblemOf([waiting], cut));
        Assert.Equal("the service that transcribes gives no text, it is asked again: it answered 503",
            TranscriptReads.ProblemOf([waiting, done], whole));
        Assert.Equal("2 stretches of talk have no text: of the service that transcribes, it answered 413",
            TranscriptReads.ProblemOf([failed with { Reason = "another" }, failed], cut));
        Assert.StartsWith("1 stretches", TranscriptReads.ProblemOf([failed], whole), StringComparison.Ordinal);
    }

    private static StretchRow Row(ulong userId, string name, string? language, params TextPhrase[] phrases) =>
        new(new Stretch { UserId = userId, Username = name, Pieces = [new SampleStretch(0, 1)], Segments = [] }, StretchState.Done, "")
        {
            Text = new StretchText(language, phrases),
        };
}
