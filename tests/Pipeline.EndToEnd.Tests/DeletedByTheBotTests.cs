using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Pipeline.Bot.Panel;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.World;
using Pipeline.EndToEnd.Tests.Deploy;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests;

/// <summary><c>/record delete</c> of the built bot at the built functions: what is gone then, and what people are told.</summary>
public sealed class DeletedByTheBotTests(AzuriteFixture fixture)
{
    // Partition of the looks at deleted recordings: once more a quarter of an hour later.
    private const string LastLook = "deleting";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Storage => fixture.Azurite.ConnectionStringOf(Azurite.NumberedAccount(26));

    [Fact]
    [Trait("Category", "Long")]
    public async Task Recording_goes_with_its_rows_and_blobs_and_the_one_who_deleted_it_is_named()
    {
        await using Simulator discord = await Simulator.StartAsync();
        await using FunctionsApp functions = await FunctionsApp.StartAsync(Storage,
            new Dictionary<string, string?> { ["RENDER_FORMATS"] = "flac" });
        using TempFolder folder = new();
        string guild = discord.Guild.Id.ToString(CultureInfo.InvariantCulture);
        string id = await Replayed.RunAsync(folder, new Dictionary<string, string?>
        {
            ["PipelineStorage"] = Storage,
            ["RecordingApi__ApiKey"] = FunctionsApp.BotKey,
        }, speakers: 2, "60s", "100", "--guild", guild, "--channel", discord.VoiceChannel.Id.ToString(CultureInfo.InvariantCulture),
            "--api", functions.BaseUrl.ToString());
        await functions.Api.WaitForFilesAsync(id, Patience);
        Dictionary<string, int> before = await TracesAsync(id);
        Assert.True(before[StorageNames.RecordingsContainer] > 10 && before[StorageNames.RendersContainer] > 2
            && before[StorageNames.CatalogueTable] > 1 && before[StorageNames.LedgerTable] > 10, Tell(before));
        await using BotProcess bot = BotProcess.Start(discord, new Dictionary<string, string?> { ["PipelineStorage"] = Storage }, functions,
            new Dictionary<string, string?>());
        await Simulator.WaitUntilAsync(() => discord.IsConnected(discord.Bot) && discord.HasCommand("record"), Patience,
            "the bot is there");

        SimulatedMember owner = discord.Guild.Owner;
        SimulatedInteraction asked = await discord.Interactions.SlashCommandAsync(owner, discord.TextChannel, "record delete",
            new Dictionary<string, object> { ["recording"] = id });
        await Simulator.WaitUntilAsync(() => asked.HasAnswer, Patience, "the bot asks");
        Assert.Contains("for good?", asked.Text, StringComparison.Ordinal);
        SimulatedInteraction pressed = await discord.Interactions.PressAsync(owner, asked.Original!,
            asked.Original!.ButtonWithLabel("Delete for good")!);
        await Simulator.WaitUntilAsync(() => pressed.HasAnswer, Patience, "the bot answers");
        await Simulator.WaitUntilAsync(() => Texts(discord).Contains($"The recording was deleted by {Wording.User(owner.Id)}."), Patience,
            "it is said that it was deleted");

        Assert.Null(await functions.Api.FindAsync(id, Cancellation));
        using HttpResponseMessage again = await functions.Api.Http.DeleteAsync(new Uri($"/api/recordings/{id}", UriKind.Relative),
            Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, again.StatusCode);
        // The list holds events back for a few seconds, so that none comes in before one that was read.
        LoopLimit limit = new("the list of events tells of the deletion");
        while (!IsToldOf(id, guild, await functions.Api.Http.GetStringAsync(new Uri("/api/events", UriKind.Relative), Cancellation)))
        {
            limit.Turn();
            await Task.Delay(TimeSpan.FromMilliseconds(100), Cancellation);
        }
        // What is left says that it was deleted, and nothing else.
        Dictionary<string, int> after = await TracesAsync(id);
        Assert.True(after.All(place => place.Value == (place.Key == StorageNames.CatalogueTable ? 1 : 0)), Tell(after));
        TableEntity row = await new TableClient(Storage, StorageNames.CatalogueTable).GetEntityAsync<TableEntity>(id, "recording",
            cancellationToken: Cancellation);
        Assert.Equal(["PartitionKey", "RowKey", "Status", "Timestamp", "odata.etag"], row.Keys.Order(StringComparer.Ordinal));
    }

    private static bool IsToldOf(string id, string guild, string events) => JsonNode.Parse(events)!["events"]!.AsArray().Any(told =>
        (string?)told!["type"] == "recording.deleted" && (string?)told["data"]!["recordingId"] == id
        && (string?)told["data"]!["guildId"] == guild);

    private static string Tell(Dictionary<string, int> traces) => string.Join(", ", traces.Select(place => $"{place.Key}: {place.Value}"));

    private static string[] Texts(Simulator discord) => [.. discord.Requests
        .Where(request => request.Body.Length > 0 && (request.Path.Contains("/webhooks/", StringComparison.Ordinal)
            || request.Path.Contains("/callback", StringComparison.Ordinal)))
        .Select(request => JsonNode.Parse(request.Body)).Select(body => (string?)(body?["content"] ?? body?["data"]?["content"]))
        .OfType<string>()];

    /// <summary>How many blobs and rows have to do with a recording, by container and table.</summary>
    private async Task<Dictionary<string, int>> TracesAsync(string id)
    {
        Dictionary<string, int> found = [];
        foreach (string name in new[] { StorageNames.TempContainer, StorageNames.RecordingsContainer, StorageNames.RendersContainer })
        {
            BlobContainerClient container = new(Storage, name);
            found[name] = await container.GetBlobsAsync(new GetBlobsOptions { Prefix = $"{id}/" }, Cancellation).CountAsync(Cancellation);
        }
        foreach (string name in new[] { StorageNames.CatalogueTable, StorageNames.LedgerTable, StorageNames.ReportsTable })
        {
            found[name] = await new TableClient(Storage, name).QueryAsync<TableEntity>(cancellationToken: Cancellation)
                .CountAsync(row => row.PartitionKey == id || (row.PartitionKey != LastLook
                    && row.RowKey.Contains(id, StringComparison.Ordinal)), Cancellation);
        }
        return found;
    }
}
