using Pipeline.RecordingApi.Transcripts;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Api;

/// <summary>What a transcription service can make us do with the key and the sound that it gets.</summary>
public sealed class TranscriptionHttpTests
{
    private const string Empty = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";

    [Theory]
    [InlineData(301)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task No_redirect_is_followed_with_key_and_sound(int status)
    {
        using ScriptedPeer elsewhere = new(Empty);
        using ScriptedPeer here = new(
            $"HTTP/1.1 {status} Gone\r\nLocation: {elsewhere.Address}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        TranscriptionException refused = await Assert.ThrowsAsync<TranscriptionException>(() => AskAsync(here));
        Assert.Equal($"it answered {status}", refused.Message);
        Assert.Contains("api-key: secret", Assert.Single(here.Requests), StringComparison.Ordinal);
        Assert.Empty(elsewhere.Requests);
    }

    [Fact]
    public async Task Answer_of_more_than_sixteen_megabytes_is_refused_before_it_is_read()
    {
        using ScriptedPeer endless = new($"HTTP/1.1 200 OK\r\nContent-Length: {(16 << 20) + 1}\r\nConnection: close\r\n\r\n");
        TranscriptionException refused = await Assert.ThrowsAsync<TranscriptionException>(() => AskAsync(endless));
        HttpRequestException cause = Assert.IsType<HttpRequestException>(refused.InnerException);
        Assert.Equal(HttpRequestError.ConfigurationLimitExceeded, cause.HttpRequestError);
    }

    private static async Task AskAsync(ScriptedPeer peer)
    {
        using TranscriptionHttp http = new(new TranscriptionOptions(), TimeProvider.System);
        using ByteArrayContent sound = new([]);
        await http.PostAsync(peer.Address, sound, request => request.Headers.Add("api-key", "secret"),
            OpenAiJsonContext.Default.OpenAiAnswer, TestContext.Current.CancellationToken);
    }
}
