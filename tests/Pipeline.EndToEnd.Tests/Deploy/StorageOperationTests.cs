using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests.Deploy;

/// <summary>What a line of the emulator's access log is charged as: the figures of infra/CAPACITY.md hang on it.</summary>
public sealed class StorageOperationTests
{
    [Theory]
    [InlineData("PUT", "renders/0192/mix.flac?comp=block&blockid=MA==", OperationKind.BlobWrite)]
    [InlineData("GET", "renders/0192/mix.flac?comp=blocklist", OperationKind.BlobRead)]
    [InlineData("PUT", "renders?restype=container", OperationKind.BlobWrite)]
    [InlineData("PUT", "renders(PartitionKey=%270192%27,RowKey=%27w-mix-000000%27)", OperationKind.Table)]
    [InlineData("GET", "renders()?$filter=PartitionKey%20eq%20%270192%27", OperationKind.Table)]
    [InlineData("POST", "catalogue", OperationKind.Table)]
    [InlineData("PUT", "segments-temp/0192/manifest.json", OperationKind.BlobWrite)]
    [InlineData("GET", "recordings?restype=container&comp=list", OperationKind.BlobWrite)]
    [InlineData("HEAD", "recordings/0192/a.wav", OperationKind.BlobRead)]
    [InlineData("DELETE", "segments-temp/0192/a.wav", OperationKind.BlobDelete)]
    [InlineData("POST", "segment-ready/messages", OperationKind.Queue)]
    [InlineData("GET", "segment-ready-poison/messages?numofmessages=16", OperationKind.Queue)]
    [InlineData("POST", "?comp=batch", OperationKind.BlobWrite)]
    public void Request_is_charged_as_what_it_is(string method, string target, OperationKind kind)
    {
        StorageOperation? operation = StorageOperation.Parse($"127.0.0.1 - - [28/Nov/2026] \"{method} /pipeline/{target} HTTP/1.1\" 201 -");
        Assert.Equal(new StorageOperation(kind, method, target, 201), operation);
    }

    [Theory]
    [InlineData("Azurite Blob service is successfully listening")]
    [InlineData("127.0.0.1 - - [28/Nov/2026] \"PUT /other/recordings/a.wav HTTP/1.1\" 201 -")]
    public void Line_that_is_no_request_to_the_account_is_none(string line) => Assert.Null(StorageOperation.Parse(line));
}
