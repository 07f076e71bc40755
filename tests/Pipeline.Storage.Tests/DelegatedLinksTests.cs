using System.Net;
using System.Text;
using System.Xml.Linq;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Sas;
using Microsoft.Extensions.Time.Testing;

namespace Pipeline.Storage.Tests;

/// <summary>Links of an account that is opened by identity: signed with a key that the service gives out for some hours.</summary>
public sealed class DelegatedLinksTests
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Key_is_asked_for_once_and_again_when_two_of_its_six_hours_are_left()
    {
        using KeyService service = new();
        using HttpClient http = new(service);
        StorageClients clients = Clients(http);
        using SasIssuer links = new(clients);
        DateTimeOffset start = time.GetUtcNow();
        Task<Uri>[] burst = [.. Enumerable.Range(0, 20).Select(_ => LinkAsync())];
        service.GoOn.SetResult();
        foreach (Uri link in await Task.WhenAll(burst))
        {
            Assert.Contains("spr=https&", link.Query, StringComparison.Ordinal);
            Assert.Contains($"skoid={KeyService.Identity}&", link.Query, StringComparison.Ordinal);
        }
        Assert.Equal([(start.AddMinutes(-5), start.AddHours(6))], service.Asked);

        time.Advance(TimeSpan.FromHours(4) - TimeSpan.FromSeconds(1));
        await LinkAsync();
        Assert.Single(service.Asked);
        time.Advance(TimeSpan.FromSeconds(1));
        await LinkAsync();
        Assert.Equal((start.AddHours(4).AddMinutes(-5), start.AddHours(10)), service.Asked[^1]);
        Assert.Equal(2, service.Asked.Count);

        Task<Uri> LinkAsync() => links.IssueAsync(clients.Recordings.GetBlobClient("a"), BlobSasPermissions.Read,
            TimeSpan.FromMinutes(10), Cancel).AsTask();
    }

    /// <summary>The clock that decides is the service's, also where its first answer is the one with the key.</summary>
    [Theory]
    [InlineData(-12)]
    [InlineData(12)]
    public async Task Key_and_link_are_counted_by_the_service_s_clock(int minutes)
    {
        DateTimeOffset there = time.GetUtcNow().AddMinutes(minutes);
        using KeyService service = new() { Date = there };
        service.GoOn.SetResult();
        using HttpClient http = new(service);
        StorageClients clients = Clients(http);
        using SasIssuer links = new(clients);

        Uri link = await links.IssueAsync(clients.Recordings.GetBlobClient("a"), BlobSasPermissions.Read, TimeSpan.FromMinutes(10), Cancel);

        Assert.Equal((there.AddMinutes(-5), there.AddHours(6)), service.Asked[^1]);
        Assert.Equal(2, service.Asked.Count);
        Assert.Equal(there.AddMinutes(10), SasIssuer.EndOf(link));
        await links.IssueAsync(clients.Recordings.GetBlobClient("b"), BlobSasPermissions.Read, TimeSpan.FromMinutes(10), Cancel);
        Assert.Equal(2, service.Asked.Count);
    }

    private StorageClients Clients(HttpClient http) => new(new StorageOptions
    {
        BlobServiceUri = new Uri("https://a.blob.core.windows.net/"),
        QueueServiceUri = new Uri("https://a.queue.core.windows.net/"),
        TableServiceUri = new Uri("https://a.table.core.windows.net/"),
    }, new AnyToken(), new HttpClientTransport(http), time);

    private sealed class AnyToken : TokenCredential
    {
        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            new("token", DateTimeOffset.MaxValue);

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            new(GetToken(requestContext, cancellationToken));
    }

    /// <summary>The service's Get User Delegation Key, which answers when it may.</summary>
    private sealed class KeyService : HttpMessageHandler
    {
        public const string Identity = "22222222-2222-2222-2222-222222222222";

        public List<(DateTimeOffset Start, DateTimeOffset End)> Asked { get; } = [];
        public DateTimeOffset? Date { get; init; }
        public TaskCompletionSource GoOn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Assert.Contains("comp=userdelegationkey", request.RequestUri!.Query, StringComparison.Ordinal);
            XElement info = XElement.Parse(await request.Content!.ReadAsStringAsync(cancellationToken));
            string start = info.Element("Start")!.Value, end = info.Element("Expiry")!.Value;
            lock (Asked) Asked.Add((Read(start), Read(end)));
            await GoOn.Task;
            HttpResponseMessage answer = new(HttpStatusCode.OK)
            {
                Content = new StringContent($"""
                    <UserDelegationKey><SignedOid>{Identity}</SignedOid><SignedTid>{Identity}</SignedTid><SignedStart>{start}</SignedStart>
                    <SignedExpiry>{end}</SignedExpiry><SignedService>b</SignedService><SignedVersion>2025-11-05</SignedVersion>
                    <Value>{Convert.ToBase64String(new byte[32])}</Value></UserDelegationKey>
                    """, Encoding.UTF8, "application/xml"),
            };
            answer.Headers.Date = Date;
            return answer;

            static DateTimeOffset Read(string text) =>
                DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
        }
    }
}
