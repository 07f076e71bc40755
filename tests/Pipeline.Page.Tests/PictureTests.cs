using System.Text.Json;
using System.Text.Json.Nodes;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Page.Tests.Rig;

namespace Pipeline.Page.Tests;

/// <summary>
/// Takes the pictures for README when somebody asks (<c>--explicit only --filter-class *PictureTests</c>): they land in artifacts/page.
/// </summary>
public sealed class PictureTests(PageApp app)
{
    private const double Length = 180;

    [Theory(Explicit = true)]
    [InlineData("picture", false, false)]
    [InlineData("picture-dark", true, false)]
    [InlineData("picture-phone", false, true)]
    public async Task Pictures_are_taken(string name, bool dark, bool phone)
    {
        SpokenCall call = app.Call("Planning the release", "",
            Talk.Of(4, Length, "Ada Lovelace", "Grace Hopper", "Linus", "عالية حسن"));
        call.Gaps = [new RecordingGap { StartSample = 70 * Speaker.Rate, SampleCount = 6 * Speaker.Rate, Reason = "reconnect" }];
        call.Notes =
        [
            new RecordingNote { Sample = 30 * Speaker.Rate, UserId = 100, Text = "Decide about the date" },
            new RecordingNote { Sample = 120 * Speaker.Rate, UserId = 101, Text = "Budget" },
        ];
        await app.FinishedAsync(call, Length);
        await app.WaitForFilesAsync(call.Id);
        ShareDetails link = await app.ShareAsync(call.Id, "listen", "download");
        JsonNode result = await Browser.RunAsync("look",
            new JsonObject { ["url"] = link.Url, ["name"] = name, ["dark"] = dark, ["phone"] = phone, ["settle"] = 4000 });
        Assert.Empty(result["findings"].Deserialize<string[]>()!);
    }
}
