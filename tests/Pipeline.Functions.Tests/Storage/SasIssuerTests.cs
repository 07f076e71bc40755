using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Azure.Storage.Sas;
using Pipeline.Contracts.Api;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Storage;

public sealed class SasIssuerTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Shared_key_signs_links_that_give_one_right()
    {
        StorageClients clients = new(new StorageOptions { ConnectionString = azurite.ConnectionString }, TimeProvider.System);
        await new StorageSetup(clients).EnsureAsync(Cancellation);
        using HttpClient http = new();
        await TryLinksAsync(clients, http);
    }

    [Fact]
    public async Task Identity_signs_the_same_links_with_a_delegation_key()
    {
        await using SecureAzurite secure = await SecureAzurite.StartAsync();
        StorageClients clients = new(secure.Options, new UnsignedToken(), secure.Transport, TimeProvider.System);
        await new StorageSetup(clients).EnsureAsync(Cancellation);
        await TryLinksAsync(clients, secure.Http);
    }

    [Fact]
    public async Task Identity_moves_a_segment_end_to_end()
    {
        await using SecureAzurite secure = await SecureAzurite.StartAsync();
        StorageClients clients = new(secure.Options, new UnsignedToken(), secure.Transport, TimeProvider.System);
        await using Rig.App app = await Rig.App.StartAsync("UseDevelopmentStorage=true", services: services =>
            Microsoft.Extensions.DependencyInjection.ServiceCollectionServiceExtensions.AddSingleton(services, clients));
        Rig.Session session = new(830, (5, "Ada", 1));
        await new StorageSetup(clients).EnsureAsync(Cancellation);
        await session.PutAllAsync(clients);

        Assert.True(await app.MoveAsync(session.Segments[0]));
        Assert.True(await app.FinalizeAsync(session.Stopped));

        Contracts.Api.RecordingSegment segment = Assert.Single((await app.RecordingAsync(session.Id))!.Segments);
        Assert.Equal(session.BytesOf(session.Segments[0]), await secure.Http.GetByteArrayAsync(segment.DownloadUrl, Cancellation));
        Assert.Contains("skoid=", segment.DownloadUrl, StringComparison.Ordinal);
    }

    private static async Task TryLinksAsync(StorageClients clients, HttpClient http)
    {
        using SasIssuer issuer = new(clients);
        BlobClient blob = clients.Recordings.GetBlobClient($"sas/{clients.Blobs.Uri.Port}.wav");
        Uri create = await issuer.IssueAsync(blob, BlobSasPermissions.Create, TimeSpan.FromMinutes(10), Cancellation);
        Uri read = await issuer.IssueAsync(blob, BlobSasPermissions.Read, TimeSpan.FromMinutes(10), Cancellation);

        Assert.Equal(blob.Uri.Scheme == "https", create.Query.Contains("spr=https", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.Created, await PutAsync(http, create));
        Assert.Equal(HttpStatusCode.Forbidden, await PutAsync(http, create));
        Assert.Equal(HttpStatusCode.Forbidden, await PutAsync(http, read));
        Assert.Equal(HttpStatusCode.Forbidden, (await http.GetAsync(create, Cancellation)).StatusCode);
        Assert.Equal("wav", await http.GetStringAsync(read, Cancellation));
    }

    private static async Task<HttpStatusCode> PutAsync(HttpClient http, Uri url)
    {
        using HttpRequestMessage request = new(HttpMethod.Put, url) { Content = new StringContent("wav") };
        request.Headers.Add("x-ms-blob-type", "BlockBlob");
        using HttpResponseMessage response = await http.SendAsync(request, Cancellation);
        return response.StatusCode;
    }

    /// <summary>The emulator reads the claims of a token and no signature.</summary>
    private sealed class UnsignedToken : TokenCredential
    {
        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
        {
            DateTimeOffset now = TimeProvider.System.GetUtcNow();
            string claims = $$"""{"aud":"https://storage.azure.com","iss":"https://sts.windows.net/11111111-1111-1111-1111-111111111111/","tid":"11111111-1111-1111-1111-111111111111","oid":"22222222-2222-2222-2222-222222222222","nbf":{{now.AddMinutes(-5).ToUnixTimeSeconds()}},"iat":{{now.AddMinutes(-5).ToUnixTimeSeconds()}},"exp":{{now.AddHours(1).ToUnixTimeSeconds()}}}""";
            return new AccessToken($"{Part("""{"alg":"RS256","typ":"JWT"}""")}.{Part(claims)}.{Part("none")}", now.AddHours(1));
        }

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            new(GetToken(requestContext, cancellationToken));

        private static string Part(string text) =>
            Convert.ToBase64String(Encoding.UTF8.GetBytes(text)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
    }

    /// <summary>An emulator that speaks HTTPS and asks for tokens.</summary>
    private sealed class SecureAzurite : IAsyncDisposable
    {
        private readonly ChildProcess process;
        private readonly TempFolder folder;

        private SecureAzurite(ChildProcess process, TempFolder folder, int[] ports, X509Certificate2 certificate)
        {
            (this.process, this.folder) = (process, folder);
            Options = new StorageOptions
            {
                BlobServiceUri = new Uri($"https://127.0.0.1:{ports[0]}/{Azurite.AccountName}"),
                QueueServiceUri = new Uri($"https://127.0.0.1:{ports[1]}/{Azurite.AccountName}"),
                TableServiceUri = new Uri($"https://127.0.0.1:{ports[2]}/{Azurite.AccountName}"),
            };
            Http = new HttpClient(
                new HttpClientHandler
                {
                    ServerCertificateCustomValidationCallback = (_, presented, _, _) =>
                presented?.Thumbprint == certificate.Thumbprint
                });
            Transport = new HttpClientTransport(Http);
        }

        public StorageOptions Options { get; }
        public HttpClient Http { get; }
        public HttpPipelineTransport Transport { get; }

        public static async Task<SecureAzurite> StartAsync()
        {
            TempFolder folder = new();
            using RSA key = RSA.Create(2048);
            CertificateRequest request = new("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            SubjectAlternativeNameBuilder names = new();
            names.AddIpAddress(IPAddress.Loopback);
            request.CertificateExtensions.Add(names.Build());
            DateTimeOffset now = TimeProvider.System.GetUtcNow();
            X509Certificate2 certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
            await File.WriteAllTextAsync(folder.Combine("cert.pem"), certificate.ExportCertificatePem(), Cancellation);
            await File.WriteAllTextAsync(folder.Combine("key.pem"), key.ExportPkcs8PrivateKeyPem(), Cancellation);
            int[] ports = FreePort.Take(3);
            string modules = RepositoryRoot.Combine("infra", "azurite", "node_modules");
            ChildProcess process = ChildProcess.Start(
                Path.Combine(modules, ".bin", "node"),
                [
                    Path.Combine(modules, "azurite", "dist", "src", "azurite.js"), "--location", folder.Path, "--silent",
                        "--skipApiVersionCheck", "--disableTelemetry",
                    "--oauth", "basic", "--cert", folder.Combine("cert.pem"), "--key", folder.Combine("key.pem"),
                    "--blobPort", $"{ports[0]}", "--queuePort", $"{ports[1]}", "--tablePort", $"{ports[2]}",
                ],
                new Dictionary<string, string?> { ["AZURITE_ACCOUNTS"] = $"{Azurite.AccountName}:{Convert.ToBase64String(new byte[64])}" });
            await process.WaitForLineAsync(line =>
                line.Contains("Table service is successfully listening", StringComparison.Ordinal), TimeSpan.FromSeconds(60));
            return new SecureAzurite(process, folder, ports, certificate);
        }

        public async ValueTask DisposeAsync()
        {
            Http.Dispose();
            await process.DisposeAsync();
            folder.Dispose();
        }
    }
}
