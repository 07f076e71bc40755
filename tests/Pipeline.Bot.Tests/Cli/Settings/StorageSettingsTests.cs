using Pipeline.Bot.Cli.Settings;
using Pipeline.Bot.Storage;
using Pipeline.Settings;
using Pipeline.Storage;

namespace Pipeline.Bot.Tests.Cli.Settings;

public sealed class StorageSettingsTests
{
    private static readonly Dictionary<string, string?> ByIdentity = new()
    {
        ["PipelineStorage:blobServiceUri"] = "https://a.blob.core.windows.net/",
        ["PipelineStorage:queueServiceUri"] = "https://a.queue.core.windows.net",
        ["PipelineStorage:credential"] = "ManagedIdentity",
        ["PipelineStorage:clientId"] = "11111111-1111-1111-1111-111111111111",
    };

    [Fact]
    public void Addresses_with_an_identity_are_enough()
    {
        (StorageOptions options, IReadOnlyList<string> problems) = Read(ByIdentity);
        Assert.Empty(problems);
        Assert.Equal(("a.blob.core.windows.net", "a.queue.core.windows.net"),
            (options.BlobServiceUri!.Host, options.QueueServiceUri!.Host));
        _ = new TempStorage(new TempStorageOptions { Account = options });
    }

    [Theory]
    [InlineData("blobServiceUri", null, "PipelineStorage__blobServiceUri is not set")]
    [InlineData("queueServiceUri", "", "PipelineStorage__queueServiceUri is not set")]
    [InlineData("blobServiceUri", "http://a.blob.core.windows.net",
        "PipelineStorage__blobServiceUri: 'http://a.blob.core.windows.net' is not allowed, expected an https address")]
    [InlineData("queueServiceUri", "a.queue.core.windows.net",
        "PipelineStorage__queueServiceUri: 'a.queue.core.windows.net' is not allowed")]
    [InlineData("queueServiceUri", "https://a.queue.core.windows.net?sig=secret",
        "PipelineStorage__queueServiceUri: 'https://a.queue.core.windows.net?…' is not allowed")]
    [InlineData("credential", "managedidentty", "PipelineStorage__credential: 'managedidentty' is not allowed, expected managedidentity")]
    public void What_is_wrong_is_named_by_itself(string name, string? value, string problem)
    {
        (_, IReadOnlyList<string> problems) = Read(new Dictionary<string, string?>(ByIdentity) { [$"PipelineStorage:{name}"] = value });
        string told = Assert.Single(problems);
        Assert.StartsWith(problem, told, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", told, StringComparison.Ordinal);
    }

    /// <summary>Compose and templates set what they have nothing for to an empty text.</summary>
    [Fact]
    public void Empty_client_id_is_the_systems_identity()
    {
        (StorageOptions options, IReadOnlyList<string> problems) = Read(new Dictionary<string,
            string?>(ByIdentity)
        { ["PipelineStorage"] = " ", ["PipelineStorage:clientId"] = "" });
        Assert.Empty(problems);
        Assert.Null(options.ClientId);
        _ = new TempStorage(new TempStorageOptions { Account = options });
    }

    [Fact]
    public void Text_that_is_no_connection_string_is_named_and_not_shown()
    {
        string problem = Assert.Single(Read(new Dictionary<string, string?> { ["PipelineStorage"] = "key=secret" }).Problems);
        Assert.StartsWith("PipelineStorage: its value (a secret, not shown) is not allowed, expected AccountName=", problem,
            StringComparison.Ordinal);
        Assert.DoesNotContain("key=secret", problem, StringComparison.Ordinal);
    }

    private static (StorageOptions Options, IReadOnlyList<string> Problems) Read(Dictionary<string, string?> settings)
    {
        SettingReader reader = SettingValues.Read([.. settings.Select(pair => (pair.Key, pair.Value))]);
        return (BotOptionsReader.Read(reader).Storage.Account, [.. reader.Problems.Select(problem => problem.Text)]);
    }
}
