namespace Pipeline.TestKit;

/// <summary>
/// One Azurite process on free ports of 127.0.0.1 with a data folder of its own and two accounts:
/// ours, and one that stands for somebody else's storage (only copies between accounts check the source's SAS).
/// </summary>
public sealed class Azurite : IAsyncDisposable
{
    public const string AccountName = "pipeline";
    public const string SecondAccountName = "elsewhere";
    private const int NumberedAccounts = 32;

    // Keys of an emulator that lives on loopback for the length of a test; made from fixed bytes, worth nothing elsewhere.
    private static readonly string AccountKey = Convert.ToBase64String([.. Enumerable.Range(0, 64).Select(i => (byte)i)]);
    private static readonly string SecondAccountKey = Convert.ToBase64String([.. Enumerable.Range(64, 64).Select(i => (byte)i)]);

    private readonly ChildProcess process;
    private readonly TempFolder? ownFolder;

    private Azurite(ChildProcess process, TempFolder? ownFolder, int[] ports, LoopbackCertificate? certificate)
    {
        (this.process, this.ownFolder, Certificate) = (process, ownFolder, certificate);
        (BlobPort, QueuePort, TablePort) = (ports[0], ports[1], ports[2]);
        Identity = certificate is null ? null : new IdentityEndpoint();
        Settings = Identity is null ? new Dictionary<string, string?> { ["PipelineStorage"] = ConnectionString }
            : IdentitySettings(Identity, certificate!);
    }

    /// <summary>In identity mode, what the services show over HTTPS; null else.</summary>
    public LoopbackCertificate? Certificate { get; }

    /// <summary>In identity mode, where processes get their tokens; null else.</summary>
    public IdentityEndpoint? Identity { get; }

    /// <summary>What a process of the product gets to reach this storage: a connection string, or addresses and an identity.</summary>
    public IReadOnlyDictionary<string, string?> Settings { get; }

    /// <summary>
    /// With an access log, one line per request so far: <c>127.0.0.1 - - [time] "PUT /pipeline/container/blob HTTP/1.1" 201 -</c>.
    /// </summary>
    public IEnumerable<string> AccessLog => process.Lines.Where(line => line.Contains(" HTTP/1.1\" ", StringComparison.Ordinal));

    public int BlobPort { get; }
    public int QueuePort { get; }
    public int TablePort { get; }
    public string ConnectionString => ConnectionStringFor(AccountName, AccountKey, BlobPort, QueuePort, TablePort);
    public string SecondConnectionString => ConnectionStringFor(SecondAccountName, SecondAccountKey, BlobPort, QueuePort, TablePort);

    /// <summary>The same account reached through other ports (a proxy that a test puts in between).</summary>
    public static string ConnectionStringThrough(int blobPort, int queuePort, int tablePort, string account = AccountName) =>
        ConnectionStringFor(account, AccountKey, blobPort, queuePort, tablePort);

    /// <summary>An account for a test that wants containers and queues of its own.</summary>
    /// <param name="number">0 to 31.</param>
    public static string NumberedAccount(int number) =>
        number is >= 0 and < NumberedAccounts ? $"room{number:D2}" : throw new ArgumentOutOfRangeException(nameof(number));

    /// <param name="account">One of <see cref="NumberedAccount"/>, or <see cref="AccountName"/>.</param>
    public string ConnectionStringOf(string account) => ConnectionStringFor(account, AccountKey, BlobPort, QueuePort, TablePort);

    /// <param name="folder">Where the data lives; null for a folder that goes away with the fixture, with tables in memory only.</param>
    /// <param name="ports">Blob, queue and table port; null for free ones.</param>
    /// <param name="identity">HTTPS with a certificate of this run, and tokens instead of keys (see <see cref="Settings"/>).</param>
    /// <param name="accessLog">Keep a line of every request.</param>
    /// <param name="durable">As infra/run.sh starts it: nothing is confirmed before it is on the disk.</param>
    public static async Task<Azurite> StartAsync(string? folder = null, int[]? ports = null, bool identity = false, bool accessLog = false,
        bool durable = false)
    {
        string node = RepositoryRoot.Combine("infra", "azurite", "node_modules", ".bin", "node");
        string main = RepositoryRoot.Combine("infra", "azurite", "node_modules", "azurite", "dist", "src", "azurite.js");
        if (!File.Exists(main)) throw new InvalidOperationException($"{main} is missing: run infra/setup.sh");
        TempFolder? ownFolder = folder is null ? new TempFolder() : null;
        int[] chosen = ports ?? FreePort.Take(3);
        LoopbackCertificate? certificate = identity ? new LoopbackCertificate() : null;
        string[] arguments =
        [
            "--require", RepositoryRoot.Combine("infra", "azurite", "indices.cjs"),
            .. folder is null ? ["--require", RepositoryRoot.Combine("tests", "Pipeline.TestKit", "unsaved.cjs")] : Array.Empty<string>(),
            .. durable ? ["--require", RepositoryRoot.Combine("infra", "azurite", "durable.cjs")] : Array.Empty<string>(),
            main, "--location", folder ?? ownFolder!.Path, .. accessLog ? Array.Empty<string>()
                : ["--silent"], "--skipApiVersionCheck", "--disableTelemetry",
            .. certificate is null ? Array.Empty<string>()
            : ["--oauth", "basic", "--cert", certificate.CertificateFile, "--key", certificate.KeyFile],
            "--blobHost", "127.0.0.1", "--queueHost", "127.0.0.1", "--tableHost", "127.0.0.1",
            "--blobPort", $"{chosen[0]}", "--queuePort", $"{chosen[1]}", "--tablePort", $"{chosen[2]}",
        ];
        Dictionary<string, string?> environment = new() { ["AZURITE_ACCOUNTS"] = Accounts() };
        ChildProcess process = ChildProcess.Start(node, arguments, environment);
        Azurite azurite = new(process, ownFolder, chosen, certificate);
        try
        {
            await process.WaitForLineAsync(line =>
                line.Contains("Table service is successfully listening", StringComparison.Ordinal), TimeSpan.FromSeconds(60));
            return azurite;
        }
        catch
        {
            await azurite.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        Identity?.Dispose();
        Certificate?.Dispose();
        ownFolder?.Dispose();
    }

    private Dictionary<string, string?> IdentitySettings(IdentityEndpoint identity, LoopbackCertificate certificate) =>
        new(identity.Environment)
        {
            ["PipelineStorage"] = "",
            ["PipelineStorage__blobServiceUri"] = $"https://127.0.0.1:{BlobPort}/{AccountName}",
            ["PipelineStorage__queueServiceUri"] = $"https://127.0.0.1:{QueuePort}/{AccountName}",
            ["PipelineStorage__tableServiceUri"] = $"https://127.0.0.1:{TablePort}/{AccountName}",
            ["PipelineStorage__credential"] = "managedidentity",
            ["PipelineStorage__clientId"] = IdentityEndpoint.ClientId,
            ["SSL_CERT_FILE"] = certificate.CertificateFile,
        };

    private static string Accounts() => string.Join(';',
        [$"{AccountName}:{AccountKey}", $"{SecondAccountName}:{SecondAccountKey}",
            .. Enumerable.Range(0, NumberedAccounts).Select(number => $"{NumberedAccount(number)}:{AccountKey}")]);

    private static string ConnectionStringFor(string account, string key, int blobPort, int queuePort, int tablePort) =>
        $"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={key};" +
        $"BlobEndpoint=http://127.0.0.1:{blobPort}/{account};QueueEndpoint=http://127.0.0.1:{queuePort}/{account};" +
        $"TableEndpoint=http://127.0.0.1:{tablePort}/{account};";
}
