using Pipeline.Audio.Opus;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Cli.Settings;
using Pipeline.Contracts;
using Pipeline.Settings;

namespace Pipeline.Bot.Tests.Cli.Settings;

public sealed class BotOptionsReaderTests
{
    [Fact]
    public void Nothing_set_gives_the_defaults()
    {
        SettingReader reader = SettingValues.Read(("RECORDING_CHANNELS", "  "), ("PipelineStorage", "UseDevelopmentStorage=true"));
        BotOptions options = BotOptionsReader.Read(reader);
        Assert.Equal(new CaptureOptions(), options.Capture);
        Assert.Equal(new BotOptions().Upload, options.Upload);
        Assert.Equal(new BotOptions().Hosting, options.Hosting);
        Assert.Equal((new BotOptions().ShutdownGrace, "spool"), (options.ShutdownGrace, options.Spool.Folder));
        Assert.Empty(reader.Problems);
    }

    [Fact]
    public void Every_setting_is_read()
    {
        Dictionary<string, string> set = new()
        {
            ["RECORDING_OPUS"] = "Managed",
            ["RECORDING_CHANNELS"] = "1",
            ["RECORDING_SILENCE_THRESHOLD"] = "1500",
            ["RECORDING_MIN_SEGMENT_DURATION"] = "0",
            ["RECORDING_MAX_SEGMENT_DURATION"] = "30s",
            ["RECORDING_MAX_SEGMENT_SIZE_MB"] = "7",
            ["RECORDING_REORDER_WINDOW"] = "60",
            ["RECORDING_VAD_RMS_THRESHOLD"] = "500",
            ["RECORDING_VAD_SILENCE_CHUNKS"] = "25",
            ["RECORDING_INCLUDE_BOTS"] = "true",
            ["RECORDING_KEEP_LOCAL_AFTER_UPLOAD"] = "1",
            ["RECORDING_MAX_DURATION"] = "2h",
            ["RECORDING_MIN_FREE_DISK_MB"] = "0",
            ["RECORDING_SPOOL_LIMIT_MB"] = "100 MB",
            ["RECORDING_OUTPUT_FORMAT"] = "OPUS",
        };
        SettingReader reader = SettingValues.Read([.. set.Select(pair => (pair.Key, (string?)pair.Value))]);
        CaptureOptions options = BotOptionsReader.ReadCapture(reader);
        Assert.Empty(reader.Problems);
        Assert.Equal(
            new CaptureOptions
            {
                Format = SegmentFormat.Opus,
                Opus = OpusChoice.Managed,
                Channels = 1,
                SilenceThreshold = TimeSpan.FromMilliseconds(1500),
                MinimumSegmentDuration = TimeSpan.Zero,
                MaximumSegmentDuration = TimeSpan.FromSeconds(30),
                MaximumSegmentBytes = 7 << 20,
                ReorderWindow = TimeSpan.FromMilliseconds(60),
                VadRmsThreshold = 500,
                VadSilenceChunks = 25,
                IncludeBots = true,
                KeepLocalAfterUpload = true,
                MaximumDuration = TimeSpan.FromHours(2),
                MinimumFreeDiskBytes = 0,
                SpoolLimitBytes = 100 << 20,
            },
            options);
    }

    [Theory]
    [InlineData("RECORDING_OPUS", "native", "auto or libopus or managed")]
    [InlineData("RECORDING_CHANNELS", "3", "from 1 to 2")]
    [InlineData("RECORDING_SILENCE_THRESHOLD", "-1", "from 200 ms to 1 min")]
    [InlineData("RECORDING_MAX_SEGMENT_DURATION", "ten", "from 1 s to 10 min")]
    [InlineData("RECORDING_MAX_SEGMENT_SIZE_MB", "9999999999999999999", "from 1 MB to 2047 MB")]
    [InlineData("RECORDING_INCLUDE_BOTS", "maybe", "true or false")]
    [InlineData("RECORDING_OUTPUT_FORMAT", "mp3", "wav or opus")]
    [InlineData("RECORDING_MAX_DURATION", "9d", "to 7 d")]
    public void Wrong_value_is_named_with_its_range(string name, string value, string range)
    {
        SettingReader reader = SettingValues.Read((name, value));
        BotOptionsReader.ReadCapture(reader);
        string problem = Assert.Single(reader.Problems).Text;
        Assert.StartsWith(name, problem, StringComparison.Ordinal);
        Assert.Contains($"'{value}'", problem, StringComparison.Ordinal);
        Assert.Contains(range, problem, StringComparison.Ordinal);
    }
}
