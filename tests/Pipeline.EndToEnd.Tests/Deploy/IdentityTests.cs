using Pipeline.Contracts.Api;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests.Deploy;

/// <summary>The way without keys: HTTPS, tokens of a managed identity, links signed with a user-delegation key.</summary>
public sealed class IdentityTests
{
    [Fact]
    public async Task Recording_is_made_moved_and_read_without_any_storage_key()
    {
        using TempFolder folder = new();
        await using Azurite azurite = await Azurite.StartAsync(identity: true, accessLog: true);
        await using FunctionsApp functions = await FunctionsApp.StartAsync(azurite);

        string id = await Replayed.RunAsync(folder, azurite.Settings, speakers: 3, length: "30s", speed: "20");
        RecordingDetails recording = await functions.Api.WaitUntilCompletedAsync(id, TimeSpan.FromMinutes(2));
        IReadOnlyList<VerifiedTrack> tracks = await new RecordingVerifier(functions.Api)
            .VerifyAsync(recording, TestContext.Current.CancellationToken);

        Assert.Equal(3, tracks.Count);
        Assert.All(tracks, track => Assert.InRange(track.Audio.TotalSeconds, 25, 35));
        // skoid names the identity behind a user-delegation SAS; an account's key leaves no such trace.
        Assert.All(recording.Segments, segment => Assert.Contains("skoid=", segment.DownloadUrl, StringComparison.Ordinal));
        Assert.All(recording.Segments, segment => Assert.StartsWith("https://", segment.DownloadUrl, StringComparison.Ordinal));
        Assert.Contains(azurite.AccessLog, line => line.Contains("comp=userdelegationkey", StringComparison.Ordinal));
        Assert.Contains(azurite.AccessLog, line =>
            line.Contains("\"PUT /pipeline/recordings/", StringComparison.Ordinal) && line.Contains("skoid=", StringComparison.Ordinal));
        Assert.NotEmpty(azurite.Identity!.Asked);
        Assert.DoesNotContain(azurite.AccessLog, line => line.Contains("\" 403 ", StringComparison.Ordinal));
    }
}
