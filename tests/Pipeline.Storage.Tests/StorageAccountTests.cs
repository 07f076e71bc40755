using System.Net.Sockets;
using Azure;
using Azure.Data.Tables.Models;
using Azure.Identity;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Contracts;
using Pipeline.TestKit;

namespace Pipeline.Storage.Tests;

/// <summary>How an account is opened, made complete, and how its clock and its faults are read.</summary>
public sealed class StorageAccountTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Setup_makes_everything_that_is_missing_and_only_once()
    {
        using StorageRoom room = StorageRoom.Empty(azurite, account: 7);
        StorageSetup setup = new(room.Clients);
        await setup.EnsureAsync(Cancel);
        List<string> containers = [], queues = [], tables = [];
        await foreach (BlobContainerItem item in room.Clients.Blobs.GetBlobContainersAsync(cancellationToken: Cancel))
            containers.Add(item.Name);
        await foreach (QueueItem item in room.Clients.Queues.GetQueuesAsync(cancellationToken: Cancel)) queues.Add(item.Name);
        await foreach (TableItem item in room.Clients.Tables.QueryAsync(cancellationToken: Cancel)) tables.Add(item.Name);
        Assert.Equal(["recordings", "renders", "segments-temp"], containers.Order(StringComparer.Ordinal));
        Assert.Equal(StorageSetup.Queues.Concat(StorageSetup.Queues.Select(name => name + "-poison")).Order(StringComparer.Ordinal),
            queues.Order(StringComparer.Ordinal));
        Assert.Equal(["catalogue", "events", "ledger", "renders", "reports", "settings", "transcripts", "webhooks"],
            tables.Order(StringComparer.Ordinal));

        await room.Clients.Recordings.DeleteAsync(cancellationToken: Cancel);
        await setup.EnsureAsync(Cancel);
        Assert.False(await room.Clients.Recordings.ExistsAsync(Cancel)); // it looked once
        await new StorageSetup(room.Clients).EnsureAsync(Cancel);
        Assert.True(await room.Clients.Recordings.ExistsAsync(Cancel));
    }

    [Fact]
    public async Task Setup_that_failed_is_tried_again()
    {
        StorageClients away = new(new StorageOptions { ConnectionString = Azurite.ConnectionStringThrough(1, 1, 1) });
        StorageSetup setup = new(away);
        using CancellationTokenSource over = new();
        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(async () => await setup.EnsureAsync(over.Token));
        await Assert.ThrowsAnyAsync<Exception>(async () => await setup.EnsureAsync(over.Token));
    }

    [Theory]
    [InlineData("UseDevelopmentStorage=true", true)]
    [InlineData("AccountName=a", false)]
    [InlineData("key=secret", false)]
    [InlineData("", false)]
    public void Text_that_the_sdk_understands_is_a_connection_string(string text, bool isOne) =>
        Assert.Equal(isOne, StorageAccount.IsConnectionString(text));

    [Fact]
    public void Account_without_a_connection_string_needs_its_addresses_and_has_an_identity()
    {
        StorageAccount account = new(new StorageOptions { Credential = "ManagedIdentity", ClientId = "id" });
        Assert.IsType<ManagedIdentityCredential>(account.Credential);
        Assert.Contains("blobServiceUri", Assert.Throws<ArgumentException>(() => account.NewBlobs(StorageAccount.NewBlobOptions())).Message,
            StringComparison.Ordinal);
        Assert.Contains("queueServiceUri", Assert.Throws<ArgumentException>(() =>
            account.NewQueues(StorageAccount.NewQueueOptions())).Message, StringComparison.Ordinal);
        Assert.IsType<DefaultAzureCredential>(new StorageAccount(new StorageOptions()).Credential);
        Assert.IsType<ManagedIdentityCredential>(new StorageAccount(new StorageOptions { Credential = "managedidentity" }).Credential);
        Assert.Null(new StorageAccount(new StorageOptions { ConnectionString = azurite.ConnectionString }).Credential);
        StorageClients clients = new(new StorageOptions
        {
            BlobServiceUri = new Uri("https://a.blob.core.windows.net/"),
            QueueServiceUri = new Uri("https://a.queue.core.windows.net/"),
            TableServiceUri = new Uri("https://a.table.core.windows.net/"),
        });
        Assert.NotNull(clients.Credential);
        Assert.Equal(("a.blob.core.windows.net", "a.queue.core.windows.net", "a.table.core.windows.net"),
            (clients.Blobs.Uri.Host, clients.Queues.Uri.Host, clients.Tables.Uri.Host));
    }

    [Theory]
    [InlineData(null, "http://127.0.0.1:9/pipeline/recordings/a?sig=x")]
    [InlineData("https://people.example/sound/", "https://people.example/sound/recordings/a?sig=x")]
    [InlineData("https://people.example", "https://people.example/recordings/a?sig=x")]
    public void People_get_the_address_that_they_can_reach(string? root, string expected)
    {
        StorageClients clients = new(new StorageOptions
        {
            ConnectionString = Azurite.ConnectionStringThrough(9, 9, 9),
            PublicBlobUri = root is null ? null : new Uri(root),
        });
        Assert.Equal(expected, clients.ForPeople(new Uri("http://127.0.0.1:9/pipeline/recordings/a?sig=x")).AbsoluteUri);
    }

    [Theory]
    [InlineData(1.9, 0)]
    [InlineData(-1.9, 0)]
    [InlineData(2, 2)]
    [InlineData(-2, -2)]
    [InlineData(600, 600)]
    [InlineData(-600, -600)]
    public void Clock_of_the_storage_is_ours_within_two_seconds(double ahead, double offset)
    {
        FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));
        StorageClock clock = new(time);
        Assert.Equal(time.GetUtcNow(), clock.GetUtcNow());
        clock.Note(time.GetUtcNow() + TimeSpan.FromSeconds(ahead));
        Assert.Equal(TimeSpan.FromSeconds(offset), clock.Offset);
        Assert.Equal(time.GetUtcNow() + TimeSpan.FromSeconds(offset), clock.GetUtcNow());
        clock.Note(time.GetUtcNow());
        Assert.Equal(TimeSpan.Zero, clock.Offset);
    }

    [Fact]
    public async Task Answers_of_the_account_set_the_clock_and_those_of_others_do_not()
    {
        FakeTimeProvider time = new(TimeProvider.System.GetUtcNow().AddHours(-1));
        StorageClients clients = new(new StorageOptions { ConnectionString = azurite.ConnectionString }, time);
        await Assert.ThrowsAsync<RequestFailedException>(() =>
            clients.Foreign(clients.Recordings.GetBlobClient("nothing").Uri).GetPropertiesAsync(cancellationToken: Cancel));
        Assert.Equal(TimeSpan.Zero, clients.Clock.Offset);
        await clients.Recordings.ExistsAsync(Cancel);
        Assert.InRange(clients.Clock.Offset.TotalMinutes, 59, 70);
    }

    [Fact]
    public async Task Links_end_by_the_clock_of_the_storage()
    {
        FakeTimeProvider time = new(TimeProvider.System.GetUtcNow());
        StorageClients clients = new(new StorageOptions { ConnectionString = azurite.ConnectionString }, time);
        using SasIssuer links = new(clients);
        clients.Clock.Note(time.GetUtcNow().AddHours(2));
        Uri link = await links.IssueAsync(clients.Recordings.GetBlobClient("a"), Azure.Storage.Sas.BlobSasPermissions.Read,
            TimeSpan.FromMinutes(10), Cancel, "attachment");
        DateTimeOffset end = new Azure.Storage.Blobs.BlobUriBuilder(link).Sas.ExpiresOn;
        Assert.InRange((end - time.GetUtcNow().AddHours(2)).TotalMinutes, 9.9, 10.1);
        Assert.Contains("rscd=attachment", link.Query, StringComparison.Ordinal);
        Assert.Contains("sp=r&", link.Query, StringComparison.Ordinal);
    }

    public static TheoryData<Exception, bool> Faults => new()
    {
        { new SocketException(), true },
        { new RequestFailedException(0, ""), true },
        { new RequestFailedException(408, ""), true },
        { new RequestFailedException(429, ""), true },
        { new RequestFailedException(500, ""), true },
        { new RequestFailedException(499, ""), false },
        { new RequestFailedException(404, ""), false },
        { new AggregateException(new SocketException(), new RequestFailedException(503, "")), true },
        { new AggregateException(new SocketException(), new RequestFailedException(404, "")), false },
        { new AggregateException(), false },
        { new InvalidOperationException(), false },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Fault_that_passes_by_itself_is_told_from_one_that_does_not(Exception fault, bool isTransient) =>
        Assert.Equal(isTransient, StorageFault.IsTransient(fault));

    [Fact]
    public async Task Places_are_given_up_to_their_number_and_waited_for_no_longer_than_it_was_said()
    {
        FakeTimeProvider time = new();
        using WorkPlaces places = new(2, TimeSpan.FromSeconds(30), time);
        Assert.True(await places.TryTakeAsync(Cancel));
        Assert.True(await places.TryTakeAsync(Cancel));
        Task<bool> third = places.TryTakeAsync(Cancel);
        time.Advance(TimeSpan.FromSeconds(30) - TimeSpan.FromMilliseconds(1));
        Assert.False(third.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(await third);
        Task<bool> fourth = places.TryTakeAsync(Cancel);
        places.Release();
        Assert.True(await fourth);
        using CancellationTokenSource over = new();
        Task<bool> fifth = places.TryTakeAsync(over.Token);
        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fifth);
    }

    [Fact]
    public void Services_are_one_each_and_what_is_there_already_stays()
    {
        StorageClients own = new(new StorageOptions { ConnectionString = azurite.ConnectionString });
        using ServiceProvider services = new ServiceCollection().AddSingleton(own)
            .AddPipelineStorage(new StorageOptions { ConnectionString = "UseDevelopmentStorage=true" }).BuildServiceProvider();
        Assert.Same(own, services.GetRequiredService<StorageClients>());
        Type[] all = [typeof(StorageSetup), typeof(SasIssuer), typeof(TempContainer), typeof(RecordingsContainer), typeof(RendersContainer),
            typeof(MessageQueues), typeof(LedgerPartitions), typeof(MovedSegments), typeof(BlobCors), typeof(Reports),
            typeof(TimeProvider)];
        Assert.All(all, type => Assert.Same(services.GetRequiredService(type), services.GetRequiredService(type)));
        using ServiceProvider alone = new ServiceCollection()
            .AddPipelineStorage(new StorageOptions { ConnectionString = azurite.ConnectionString }).BuildServiceProvider();
        Assert.Equal(own.Blobs.Uri, alone.GetRequiredService<StorageClients>().Blobs.Uri);
    }

    /// <summary>Five rules are all that the service takes; one that covers the page is enough, no matter who set it.</summary>
    [Fact]
    public async Task Page_is_let_in_by_a_rule_that_is_there_or_by_one_more()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite, account: 8);
        await SetAsync(room, ("https://a.example,https://page.example", "PUT"));
        Assert.True(await new BlobCors(room.Clients).EnsureAsync("https://page.example", Cancel)); // may not read: one more
        Assert.Equal(2, (await RulesAsync(room)).Count);
        BlobCorsRule made = (await RulesAsync(room))[1];
        Assert.Equal(("https://page.example", "GET,HEAD", 3600), (made.AllowedOrigins, made.AllowedMethods, made.MaxAgeInSeconds));
        Assert.Contains("range", made.AllowedHeaders, StringComparison.Ordinal);
        Assert.Contains("Content-Range", made.ExposedHeaders, StringComparison.Ordinal);
        Assert.True(await new BlobCors(room.Clients).EnsureAsync("https://PAGE.example", Cancel));
        Assert.Equal(2, (await RulesAsync(room)).Count);

        await SetAsync(room, ("*", "GET"));
        BlobCors any = new(room.Clients);
        Assert.True(await any.EnsureAsync("https://other.example", Cancel));
        await SetAsync(room, ("https://a.example", "GET"));
        Assert.True(await any.EnsureAsync("https://other.example", Cancel)); // it has looked
        Assert.Single(await RulesAsync(room));
        Assert.False(any.IsFull);
    }

    [Theory]
    [InlineData(4, true)]
    [InlineData(5, false)]
    public async Task Page_is_not_let_in_where_five_others_are(int rules, bool isLetIn)
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite, account: 8);
        await SetAsync(room, [.. Enumerable.Range(0, rules).Select(number => ($"https://{number}.example", "GET"))]);
        BlobCors cors = new(room.Clients);
        Assert.Equal((isLetIn, isLetIn), (await cors.EnsureAsync("https://page.example", Cancel),
            await cors.EnsureAsync("https://page.example", Cancel)));
        Assert.Equal((!isLetIn, 5), (cors.IsFull, (await RulesAsync(room)).Count));
    }

    private static async Task<IList<BlobCorsRule>> RulesAsync(StorageRoom room) =>
        (await room.Clients.Blobs.GetPropertiesAsync(Cancel)).Value.Cors;

    private static async Task SetAsync(StorageRoom room, params (string Origins, string Methods)[] rules)
    {
        BlobServiceProperties properties = await room.Clients.Blobs.GetPropertiesAsync(Cancel);
        properties.Cors = [.. rules.Select(rule => new BlobCorsRule
        {
            AllowedOrigins = rule.Origins,
            AllowedMethods = rule.Methods,
            AllowedHeaders = "*",
            ExposedHeaders = "*",
            MaxAgeInSeconds = 60,
        })];
        await room.Clients.Blobs.SetPropertiesAsync(properties, Cancel);
    }
}
