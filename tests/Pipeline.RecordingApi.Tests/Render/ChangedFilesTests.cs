using System.Text;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.TestKit;
using static Pipeline.RecordingApi.Tests.Rig.Recordings;

namespace Pipeline.RecordingApi.Tests.Render;

/// <summary>A finished recording that changes: every file that is given afterwards is of the recording as it is then.</summary>
public sealed class ChangedFilesTests(AzuriteFixture azurite)
{
    private const int Second = 48_000;
    private static readonly RenderOptions Flac = new() { Formats = ["flac"] };

    [Fact]
    public async Task New_title_is_in_every_file_that_has_one()
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Flac);
        Recorded recorded = await RenderedAsync(stage);
        (string Name, string Query)[] titled = [("info.json", ""), ("01-Ada.flac", ""), ("mix.flac", "")];
        foreach ((string name, string query) in titled)
            Assert.True(Holds(await stage.DownloadAsync(recorded, name, query), "Abend"), $"{name}{query}");

        await stage.RenameAsync(recorded, "Morgen");
        await stage.DrainAsync(recorded);

        foreach ((string name, string query) in titled)
        {
            byte[] file = await stage.DownloadAsync(recorded, name, query);
            Assert.True(Holds(file, "Morgen") && !Holds(file, "Abend"), $"{name}{query}");
        }
        await stage.RenameAsync(recorded, "Morgen"); // again, as who got no answer does
        await stage.DrainAsync(recorded);
        Assert.True(Holds(await stage.DownloadAsync(recorded, "info.json"), "Morgen"));
    }

    private static async Task<Recorded> RenderedAsync(RenderStage stage)
    {
        Recorded recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, Ada, "Ada", 0, Speech.Of("ada", 5 * Second), 1);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        return recorded;
    }

    private static bool Holds(byte[] file, string text) => file.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0;
}
