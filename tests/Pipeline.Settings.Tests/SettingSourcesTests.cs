using Microsoft.Extensions.Configuration;
using Pipeline.Settings.Known;

namespace Pipeline.Settings.Tests;

public sealed class SettingSourcesTests : IDisposable
{
    private readonly string program = Directory.CreateTempSubdirectory("pipeline-settings-").FullName;
    private readonly string working = Directory.CreateTempSubdirectory("pipeline-settings-").FullName;

    [Fact]
    public void The_file_in_the_working_directory_counts_more_than_the_one_beside_the_program()
    {
        string beside = Write(program, """{ "RECORDING_CHANNELS": 1, "RECORDING_VAD_RMS_THRESHOLD": 7 }""");
        string local = Write(working, """{ "RECORDING_CHANNELS": 2 }""");
        SettingSources sources = SettingSources.Load(program, working);
        Assert.Equal(new FoundSetting("2", local), sources.Find("RECORDING_CHANNELS"));
        Assert.Equal(new FoundSetting("7", beside), sources.Find("RECORDING_VAD_RMS_THRESHOLD"));
        Assert.Null(sources.Find("RECORDING_INCLUDE_BOTS"));
    }

    [Theory]
    [InlineData("""{ "RecordingApi": { "BaseUrl": "https://a" } }""")]
    [InlineData("""{ "RecordingApi__BaseUrl": "https://a" }""")]
    [InlineData("""{ "RecordingApi:BaseUrl": "https://a" }""")]
    public void A_file_may_nest_a_name_or_write_it_as_the_environment_does(string json)
    {
        Write(program, json);
        SettingSources sources = SettingSources.Load(program, working);
        Assert.Equal("https://a", sources.Find("RecordingApi__BaseUrl")!.Value);
        Assert.Contains(sources.Names(), found => found.Name == "RecordingApi__BaseUrl");
        Assert.Empty(KnownSettings.Unknown(sources));
    }

    [Fact]
    public void The_environment_counts_more_than_a_file()
    {
        // Set for every process on a machine that runs .NET, and no setting of ours.
        Write(working, """{ "PATH": "from the file" }""");
        FoundSetting? found = SettingSources.Load(program, working).Find("PATH");
        Assert.Equal(SettingSources.Environment, found!.Source);
        Assert.NotEqual("from the file", found.Value);
    }

    [Fact]
    public void A_file_that_cannot_be_read_is_named_and_the_others_count()
    {
        string broken = Write(program, "{ \"RECORDING_CHANNELS\": ");
        Write(working, """{ "RECORDING_CHANNELS": "1" }""");
        SettingReader reader = new(SettingSources.Load(program, working));
        Assert.Equal(1, reader.Read(RecordingSettings.Channels));
        string problem = Assert.Single(reader.Problems).Text;
        Assert.StartsWith(broken, problem, StringComparison.Ordinal);
        Assert.Contains("expected a JSON file", problem, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', problem);
    }

    [Fact]
    public void The_same_folder_twice_is_read_once()
    {
        Write(program, "[]");
        Assert.Single(SettingSources.Load(program, program + Path.DirectorySeparatorChar).Problems);
    }

    [Fact]
    public void What_a_host_adds_comes_from_the_command_line()
    {
        ConfigurationManager host = new();
        host.AddInMemoryCollection([new("RECORDING_CHANNELS", "1")]);
        Assert.Equal(new FoundSetting("1", "command line"), new SettingSources(host).Find("RECORDING_CHANNELS"));
    }

    public void Dispose()
    {
        Directory.Delete(program, recursive: true);
        Directory.Delete(working, recursive: true);
    }

    private static string Write(string folder, string json)
    {
        string file = Path.Combine(folder, SettingSources.FileName);
        File.WriteAllText(file, json);
        return file;
    }
}
