using Microsoft.Extensions.Configuration;
using Pipeline.Functions.Local;
using Pipeline.RecordingApi.Transcripts;
using Pipeline.Settings;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Local;

public sealed class TranscriptionSettingsTests
{
    [Fact]
    public void Nothing_is_sent_anywhere_unless_an_address_is_set()
    {
        Assert.False(Read().IsOn);
        Assert.False(Read(("Transcription:Key", "k"), ("Transcription:Kind", "azure-speech")).IsOn);
        Assert.False(Read(("Transcription:Endpoint", "https://a.example/v1"), ("RecordingApi:BaseUrl", "https://b.example/")).IsOn);
        TranscriptionOptions options = Read(("Transcription:Endpoint", "https://a.example/v1"), ("Transcription:Language", "de-DE, en"));
        Assert.True(options.IsOn);
        Assert.Equal(["de-DE", "en"], options.Languages);
    }

    [Fact]
    public void Key_goes_over_https_only()
    {
        Assert.Contains("https", Problem(("Transcription:Endpoint", "http://speech.lan/v1"), ("Transcription:Key", "k")),
            StringComparison.Ordinal);
        Assert.True(Read(("Transcription:Endpoint", "http://speech.lan/v1")).IsOn);
        Assert.True(Read(("Transcription:Endpoint", "http://127.0.0.1:9/v1"), ("Transcription:Key", "k")).IsOn);
    }

    [Theory]
    [InlineData("Transcription:Kind", "vosk", "openai or azure-speech or whisper")]
    [InlineData("Transcription:Language", "klingon!", "a language")]
    [InlineData("Transcription:MaxMinutes", "0", "1 to 100000")]
    [InlineData("Transcription:Timeout", "1h", "1 s to 5 min")]
    [InlineData("Transcription:Endpoint", "https://a.example/v1?key=1", "an http or https address")]
    public void Wrong_value_is_named(string name, string value, string expected) =>
        Assert.Contains(expected, Problem((name, value)), StringComparison.Ordinal);

    [Fact]
    public void Azure_speech_wants_a_key() => Assert.Contains("Transcription__Key is not set",
        Problem(("Transcription:Endpoint", "https://a.cognitiveservices.azure.com"), ("Transcription:Kind", "azure-speech")),
        StringComparison.Ordinal);

    [Fact]
    public void Whisper_wants_a_model_and_sends_nothing_anywhere()
    {
        Assert.Contains("Transcription__ModelPath is not set, expected the model file", Problem(("Transcription:Kind", "whisper")),
            StringComparison.Ordinal);
        Assert.Contains("Transcription__Endpoint: 'https://a.example/v1' is not allowed, expected nothing with Transcription__Kind=whisper",
            Problem(("Transcription:Kind", "whisper"), ("Transcription:ModelPath", "/m.bin"),
                ("Transcription:Endpoint", "https://a.example/v1")), StringComparison.Ordinal);
        Assert.Contains("Transcription__ModelPath: '/m.bin' is not allowed, expected nothing unless Transcription__Kind is whisper",
            Problem(("Transcription:ModelPath", "/m.bin")), StringComparison.Ordinal);
        Assert.True(Read(("Transcription:Kind", "whisper"), ("Transcription:ModelPath", "/m.bin")).IsOn);
        Assert.False(Read(("Transcription:Kind", "whisper"), ("Transcription:ModelPath", "/m.bin"),
            ("RecordingApi:BaseUrl", "https://b.example/")).IsOn);
    }

    private static string Problem(params (string Name, string? Value)[] values) =>
        Assert.Throws<InvalidSettingsException>(() => Read(values)).Message;

    private static TranscriptionOptions Read(params (string Name, string? Value)[] values) =>
        LocalSettings.Read(new SettingSources(new ConfigurationBuilder().AddInMemoryCollection(values
            .Append(("PipelineStorage", Azurite.ConnectionStringThrough(1, 2, 3)))
            .Select(value => KeyValuePair.Create(value.Item1, value.Item2))).Build())).Api.Transcription;
}
