namespace Pipeline.TestKit;

/// <summary>
/// One Azurite process on free ports of 127.0.0.1 with a data folder of its own and two accounts:
/// ours, and one that stands for somebody else's storage (only copies between accounts check the source's SAS).
/// </summary>
public sealed class Azurite : IAsyncDisposable
{
    public const string AccountName = "pipeline";
    public const string SecondAccountName = "elsewhere";

    // Keys of an emulator that lives on loopback for the length of a test; made from fixed bytes, worth nothing elsewhere.
    private static readonly string AccountKey = Convert.ToBase64String([.. Enumerable.Range(0, 64).Select(i => (byte)i)]);
    private static readonly string SecondAccountKey = Convert.ToBase64String([.. Enumerable.Range(64, 64).Select(i => (byte)i)]);

    private readonly ChildProcess process;
    private readonly TempFolder? ownFolder;

    private Azurite(ChildProcess process, TempFolder? ownFolder, int[] ports)
    {
        (this.process, this.ownFolder) = (process, ownFolder);
        (BlobPort, QueuePort, TablePort) = (ports[0], ports[1], ports[2]);
    }

    public int BlobPort { get; }
    public int QueuePort { get; }
    public int TablePort { get; }
    public string ConnectionString => ConnectionStringFor(AccountName, AccountKey, BlobPort, QueuePort, TablePort);
    public string SecondConnectionString => ConnectionStringFor(SecondAccountName, SecondAccountKey, BlobPort, QueuePort, TablePort);

    /// <summary>The same account reached through other ports (a proxy that a test puts in between).</summary>
    public static string ConnectionStringThrough(int blobPort, int queuePort, int tablePort) =>
        ConnectionStringFor(AccountName, AccountKey, blobPort, queuePort, tablePort);

    /// <param name="folder">Where the data lives; null for a folder that goes away with the fixture.</param>
    /// <param name="ports">Blob, queue and table port; null for free ones.</param>
    public static async Task<Azurite> StartAsync(string? folder = null, int[]? ports = null)
    {
        string node = RepositoryRoot.Combine("infra", "azurite", "node_modules", ".bin", "node");
        string main = RepositoryRoot.Combine("infra", "azurite", "node_modules", "azurite", "dist", "src", "azurite.js");
        if (!File.Exists(main)) throw new InvalidOperationException($"{main} is missing: run infra/setup.sh");
        TempFolder? ownFolder = folder is null ? new TempFolder() : null;
        int[] chosen = ports ?? FreePort.Take(3);
        string[] arguments =
        [
            main, "--location", folder ?? ownFolder!.Path, "--silent", "--skipApiVersionCheck", "--disableTelemetry",
            "--blobHost", "127.0.0.1", "--queueHost", "127.0.0.1", "--tableHost", "127.0.0.1",
            "--blobPort", $"{chosen[0]}", "--queuePort", $"{chosen[1]}", "--tablePort", $"{chosen[2]}",
        ];
        Dictionary<string, string?> environment = new() { ["AZURITE_ACCOUNTS"] = $"{AccountName}:{AccountKey};{SecondAccountName}:{SecondAccountKey}" };
        ChildProcess process = ChildProcess.Start(node, arguments, environment);
        await process.WaitForLineAsync(line => line.Contains("Table service is successfully listening", StringComparison.Ordinal), TimeSpan.FromSeconds(60));
        return new Azurite(process, ownFolder, chosen);
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        ownFolder?.Dispose();
    }

    private static string ConnectionStringFor(string account, string key, int blobPort, int queuePort, int tablePort) =>
        $"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={key};" +
        $"BlobEndpoint=http://127.0.0.1:{blobPort}/{account};QueueEndpoint=http://127.0.0.1:{queuePort}/{account};TableEndpoint=http://127.0.0.1:{tablePort}/{account};";
}
