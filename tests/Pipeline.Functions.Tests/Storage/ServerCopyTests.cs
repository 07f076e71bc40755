using Pipeline.Delivery.Segments;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Storage;

/// <summary>Which upload URLs are filled inside the storage, and which get the bytes; nobody is asked for it.</summary>
public sealed class ServerCopyTests : IDisposable
{
    private const string InAzure = "https://account.blob.core.windows.net/container/segment.wav";
    private const string Ours = "http://127.0.0.1:9/pipeline/recordings/a/segment.wav";

    private readonly SasIssuer links;
    private readonly ServerCopy copy;

    public ServerCopyTests()
    {
        StorageClients clients = new(new StorageOptions { ConnectionString = Azurite.ConnectionStringThrough(9, 9, 9) });
        links = new SasIssuer(clients);
        copy = new ServerCopy(clients, new TempContainer(clients, links), new RecordingsContainer(clients, links));
    }

    public void Dispose() => links.Dispose();

    [Theory]
    [InlineData(InAzure, "r", true)]
    [InlineData(InAzure, "rc", true)]
    [InlineData(InAzure, "c", false)] // nobody could look at what came of it
    [InlineData(InAzure, null, false)]
    [InlineData("https://account.blob.core.windows.net/container", "rc", false)]
    [InlineData("http://account.blob.core.windows.net/container/segment.wav", "rc", false)]
    [InlineData("https://elsewhere.example/container/segment.wav", "rc", false)]
    [InlineData(Ours, "c", true)]
    [InlineData(Ours, null, false)]
    [InlineData("http://127.0.0.1:9/elsewhere/theirs/segment.wav", "c", false)]
    [InlineData("http://127.0.0.1:9/elsewhere/theirs/segment.wav", "rc", true)]
    [InlineData("https://127.0.0.1:9/pipeline/recordings/a/segment.wav", "rc", false)]
    public void Copy_needs_a_blob_service_a_signature_and_a_right_to_look(string address, string? rights, bool canCopy) =>
        Assert.Equal(canCopy, copy.CanCopy(Blob(100), Signed(address, rights)));

    [Theory]
    [InlineData(256L * 1024 * 1024, true)]
    [InlineData((256L * 1024 * 1024) + 1, false)]
    public void Service_copies_up_to_256_mebibytes_at_once(long length, bool canCopy) =>
        Assert.Equal(canCopy, copy.CanCopy(Blob(length), Signed(Ours, "c")));

    [Theory]
    [InlineData(InAzure, "c", true)]
    [InlineData(InAzure, "rc", true)]
    [InlineData(InAzure, "r", false)]
    [InlineData(InAzure, null, false)]
    [InlineData("https://elsewhere.example/container/segment.wav", "c", false)]
    public void Right_to_create_is_that_of_the_signature(string address, string? rights, bool mayCreate) =>
        Assert.Equal(mayCreate, copy.MayCreate(Signed(address, rights)));

    [Theory]
    [InlineData("a=1&a=1")]
    [InlineData("sv=1&se=x")]
    [InlineData("sv=2024-01-01&sp=rc&se=never&sig=x")]
    public void Upload_url_with_an_odd_query_gets_the_bytes(string query)
    {
        Uri url = new($"{InAzure}?{query}");
        Assert.Equal((false, false), (copy.CanCopy(Blob(100), url), copy.MayCreate(url)));
    }

    [Theory]
    [InlineData("https://account.blob.core.windows.net/c/b", true)]
    [InlineData("https://account.z12.blob.storage.azure.net/c/b", true)]
    [InlineData("https://x.blob.core.evil.example/c/b", false)]
    [InlineData("https://account.blob.core.windows.net.evil.example/c/b", false)]
    [InlineData("http://account.blob.core.windows.net/c/b", false)]
    public void Only_the_storage_s_own_hosts_get_links_to_read_from(string url, bool expected) =>
        Assert.Equal(expected, ServerCopy.IsAzureBlobHost(new Uri(url)));

    private static TempBlob Blob(long length) =>
        new("segment.wav", length, null, "1", DateTimeOffset.UnixEpoch, false, new Dictionary<string, string>());

    private static Uri Signed(string address, string? rights) =>
        new(rights is null ? address : $"{address}?sv=2025-11-05&se=2026-11-22T12%3A00%3A00Z&sr=b&sp={rights}&sig=eA%3D%3D");
}
