using Azure.Storage.Blobs;
using Pipeline.TestKit;

namespace Pipeline.Deployment.Tests.Local;

public sealed class AzuriteTests
{
    [Fact]
    public async Task Emulator_starts_and_keeps_a_blob()
    {
        await using Azurite azurite = await Azurite.StartAsync();
        BlobContainerClient container = new(azurite.ConnectionString, "smoke");
        await container.CreateAsync(cancellationToken: TestContext.Current.CancellationToken);
        await container.UploadBlobAsync("a", BinaryData.FromString("kept"), TestContext.Current.CancellationToken);
        Assert.Equal("kept",
            (await container.GetBlobClient("a").DownloadContentAsync(TestContext.Current.CancellationToken)).Value.Content.ToString());
    }
}
