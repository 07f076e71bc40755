using System.Text.Json;
using Pipeline.Contracts;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.TestKit;

namespace Pipeline.RecordingApi.Tests.Live;

/// <summary>A recording that ends while somebody asks for it: the answer is of one of both times, never of none.</summary>
public sealed class EndedMeanwhileTests(AzuriteFixture azurite)
{
    private const ulong Ada = 11;

    /// <summary>Those who may not enter the channel to which it moved must not be told that it stayed.</summary>
    [Theory]
    [InlineData("api/recordings?guildId=1")]
    [InlineData("api/recordings/{0}")]
    public async Task Answer_names_the_channels_although_the_account_has_just_gone(string path)
    {
        using Wire wire = new();
        string storage = ClassStorage.Of(azurite);
        await using RenderStage asked = await RenderStage.StartAsync(storage, RenderOptions.Off, transport: wire),
            other = await RenderStage.StartAsync(storage, RenderOptions.Off);
        Recorded recorded = await other.BeginAsync();
        await other.AddAsync(recorded, Ada, "Ada", 0, Speech.Of("ada", 48_000), 1);
        wire.Hold(BlobPaths.Manifest(recorded.Id));
        Task<HttpResponseMessage> asking = asked.GetAsync(path.Replace("{0}", $"{recorded.Id}", StringComparison.Ordinal));
        await wire.IsHeldAsync(); // the row was read, and says that it runs
        await other.FinalizeAsync(recorded, channels: ["77"]);
        wire.LetGo();

        using HttpResponseMessage answer = await asking;
        JsonElement body = (await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken),
            cancellationToken: TestContext.Current.CancellationToken)).RootElement;
        JsonElement shown = body.TryGetProperty("recordings", out JsonElement list)
            ? list.EnumerateArray().Single(one => one.GetProperty("id").GetString() == $"{recorded.Id}") : body;
        Assert.Equal("completed", shown.GetProperty("status").GetString());
        Assert.Equal(["77"], shown.GetProperty("furtherChannelIds").Deserialize<string[]>()!);
    }
}
