using System.Net;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Deletion;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.TestKit;

namespace Pipeline.RecordingApi.Tests.Render;

/// <summary>What was made of a recording does not hold an erased voice any more, and holds the others as before.</summary>
public sealed class ErasedVoiceTests(AzuriteFixture azurite) : IDisposable
{
    private const ulong Ada = 11, Grace = 12;

    private readonly Judge judge = new();

    public void Dispose() => judge.Dispose();

    [Fact]
    public async Task Tracks_mix_and_peaks_are_made_of_those_who_are_left()
    {
        Judge.SkipUnlessInstalled("flac");
        await using RenderStage stage = await RenderStage.StartAsync(azurite);
        Recorded recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, Ada, "Ada", 0, Speech.Of("ada", 4 * 48_000), 1);
        await stage.AddAsync(recorded, Grace, "Grace", 6 * 48_000, Speech.Of("grace", 4 * 48_000), 1);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        short[] before = judge.Decode(await stage.DownloadAsync(recorded, "02-Grace.flac"), "flac");
        Assert.Contains(judge.Decode(await stage.DownloadAsync(recorded, "mix.flac"), "flac")[..(4 * 48_000)], value => value != 0);
        await stage.DownloadAsync(recorded, "all-flac.zip");

        await stage.Get<PersonRemoval>().RunAsync(recorded.Id, Ada, TimeProvider.System.GetUtcNow(), (_, _) => Task.FromResult(true),
            TestContext.Current.CancellationToken);
        await stage.RenderAsync(recorded);

        Assert.Equal(before, judge.Decode(await stage.DownloadAsync(recorded, "01-Grace.flac"), "flac"));
        short[] mix = judge.Decode(await stage.DownloadAsync(recorded, "mix.flac"), "flac");
        Assert.DoesNotContain(mix[..(5 * 2 * 48_000)], value => value != 0); // her part is silence
        Assert.Contains(mix[(5 * 2 * 48_000)..], value => value != 0);
        IReadOnlyList<RecordingFile> files = await stage.FilesAsync(recorded);
        Assert.DoesNotContain(files, file => file.Name.Contains("Ada", StringComparison.Ordinal) || file.UserId == "11");
        using HttpResponseMessage peaks = await stage.GetAsync($"api/recordings/{recorded.Id}/tracks/{Ada}/peaks");
        Assert.Equal(HttpStatusCode.NotFound, peaks.StatusCode);
        string info = System.Text.Encoding.UTF8.GetString(await stage.DownloadAsync(recorded, "info.json"));
        Assert.DoesNotContain("\"Ada\"", info, StringComparison.Ordinal);
        Assert.Contains("\"erased\"", info, StringComparison.Ordinal);
    }
}
