using Pipeline.Settings.Forms;
using Pipeline.Settings.Known;

namespace Pipeline.Settings.Tests;

public sealed class UnknownSettingsTests
{
    [Theory]
    [InlineData("RECORDING_CHANELS", "RECORDING_CHANNELS")]
    [InlineData("RECORDING__CHANNELS", "RECORDING_CHANNELS")]
    [InlineData("RecordingApi_BaseUrl", "RecordingApi__BaseUrl")]
    [InlineData("RECORDINGAPI__BASEURI", "RecordingApi__BaseUrl")]
    [InlineData("RECORDING_SPOOL_LIMIT", "RECORDING_SPOOL_LIMIT_MB")]
    [InlineData("DISCORD_TOEKN", "DISCORD_TOKEN")]
    [InlineData("PipelineStorage__blobServiceUrl", "PipelineStorage__blobServiceUri")]
    [InlineData("Functions__Keys", "Functions__Key")]
    [InlineData("HEALTH_ENDPIONT", "HEALTH_ENDPOINT")]
    [InlineData("SHUTDOWN_GRACE_MS", "SHUTDOWN_GRACE")]
    [InlineData("Webhooks__3__Urll", "Webhooks__N__Url")]
    [InlineData("Webhooks__16__Url", "Webhooks__N__Url")]
    [InlineData("Webhooks__Url", "Webhooks__N__Url")]
    public void A_misspelt_name_is_told_with_the_nearest_setting(string name, string nearest) =>
        Assert.StartsWith($"{name} (command line) is not a setting; did you mean {nearest}?",
            Assert.Single(KnownSettings.Unknown(Values.Of((name, "7")))).Text, StringComparison.Ordinal);

    /// <summary>Two slips, or one for each four letters: to put in, leave out, mistake or swap with the next.</summary>
    [Theory]
    [InlineData("ABCDEFGH", "ABCDEFGHXY", true)]
    [InlineData("ABCDEFGH", "ABCDEFGHXYZ", false)]
    [InlineData("ABCDEFGH", "XYABCDEFGH", true)]
    [InlineData("ABCDEFGH", "XYZABCDEFGH", false)]
    [InlineData("ABCDEFGH", "ABCDEF", true)]
    [InlineData("ABCDEFGH", "ABCDE", false)]
    [InlineData("ABCDEFGH", "CDEFGH", true)]
    [InlineData("ABCDEFGH", "DEFGH", false)]
    [InlineData("ABCDEFGH", "xbcdefgy", true)]
    [InlineData("ABCDEFGH", "XBCDXFGY", false)]
    [InlineData("ABCDEFGH", "BADCEFGH", true)]
    [InlineData("ABCDEFGH", "BADCFEGH", false)]
    [InlineData("ABCDEFGH", "ABCDFEHG", true)]
    [InlineData("ABCDEFGH", "BACDEFGX", true)]
    [InlineData("ABCDEFGH", "BACDEFXY", false)]
    [InlineData("ABCDEFGH", "CBADEFGH", true)] // not side by side: two mistaken
    [InlineData("ABCDEFGH", "CBADEFGX", false)]
    [InlineData("ABCDEFGHIJKLMNOP", "XBCDXFGHXJKLXNOP", true)]
    [InlineData("ABCDEFGHIJKLMNOP", "XBCDXFGHXJKLXNOX", false)]
    public void Slip_is_told_from_another_word(string known, string name, bool isSlip)
    {
        Setting<string?> setting = new(known, Programs.Bot, new TextForm("a text"), null, "A setting");
        string text = Assert.Single(UnknownSettings.Find(Values.Of((name, "7")), [setting], [""])).Text;
        Assert.Equal(isSlip, text.EndsWith($"did you mean {known}?", StringComparison.Ordinal));
    }

    [Fact]
    public void A_name_near_to_nothing_is_told_without_a_guess() =>
        Assert.EndsWith("is not a setting; remove it, or look up its name in README",
            Assert.Single(KnownSettings.Unknown(Values.Of(("RENDER_QUALITY", "high")))).Text, StringComparison.Ordinal);

    [Fact]
    public void Known_names_in_any_case_and_names_of_others_are_no_mistake() => Assert.Empty(KnownSettings.Unknown(Values.Of(
        [("PATH", "/bin"), ("FUNCTIONS_WORKER_RUNTIME", "dotnet-isolated"), ("FUNCTIONS_EXTENSION_VERSION", "~4"),
            ("RECORDING_CHANELS", ""), ("Webhooks__0__Url", "1"), ("WEBHOOKS__15__SECRET", "1"),
            .. KnownSettings.All.Select(setting => (setting.Name.ToLowerInvariant(), (string?)"1"))])));

    [Fact]
    public void They_are_told_in_the_order_of_their_names() => Assert.Equal(
        ["DISCORD_TOEKN", "RECORDING_CHANELS"],
        KnownSettings.Unknown(Values.Of(("RECORDING_CHANELS", "1"), ("DISCORD_TOEKN", "1"))).Select(problem => problem.Name));
}
