using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Retention;
using Pipeline.Contracts.Api;
using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Peers;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.DiscordSimulator.World;
using Pipeline.Storage;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests.Deploy;

/// <summary>
/// What people may say about their own voice, with unmodified discord.js clients in an encrypted call, the real bot and the real functions:
/// nothing is kept of those who have not agreed, and nothing is left of those who want to be forgotten.
/// </summary>
public sealed class VoicesOfPeopleTests
{
    // A word that no hash and no id has by chance.
    private const string Forgotten = "Wilhelmina", Other = "Grace";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Talk = TimeSpan.FromSeconds(3);
    private static readonly string PeerFolder = RepositoryRoot.Combine("tests", "peers", "discordjs");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_who_agrees_is_kept_and_who_asks_for_it_is_gone_from_everywhere()
    {
        Assert.SkipUnless(TalkingMember.HasClients, "run infra/setup.sh for the discord.js clients");
        await using Azurite azurite = await Azurite.StartAsync();
        await using FunctionsApp functions = await FunctionsApp.StartAsync(azurite,
            new Dictionary<string, string?> { ["RENDER_FORMATS"] = "flac", ["RECORDING_KEEP_DAYS"] = "30" });
        await using Simulator discord = await Simulator.StartAsync(new SimulatorOptions { Seed = 12, Dave = DaveMode.Enforced });
        await using DiscordJsPeer gone = await DiscordJsPeer.StartAsync(discord, Forgotten, PeerFolder, dave: true);
        await using DiscordJsPeer stays = await DiscordJsPeer.StartAsync(discord, Other, PeerFolder, dave: true);
        await gone.JoinAsync(discord.VoiceChannel);
        await stays.JoinAsync(discord.VoiceChannel);
        await using BotProcess bot = BotProcess.Start(discord, azurite, functions, includeBots: true);
        await bot.UntilReadyAsync("ready");
        await Simulator.WaitUntilAsync(() => discord.HasCommand("record"), Patience);
        await AskAsync(discord, discord.Guild.Owner, "record settings", new() { ["consent"] = "required" });

        using (HeldFiles ofOther = new(bot.Settings["RECORDING_SPOOL_FOLDER"]!, stays.UserId))
        {
            RecordingDetails first = await RecordAsync(discord, functions, [gone], [gone, stays]);
            Assert.Equal([Forgotten], first.Tracks.Select(track => track.Username));
            Assert.Empty(ofOther.Seen());
            Assert.DoesNotContain(await BlobsAsync(azurite), blob => blob.Key.Contains($"/{stays.UserId}", StringComparison.Ordinal));
        }
        RecordingDetails second = await RecordAsync(discord, functions, [gone, stays], [gone, stays]);
        Assert.Equal([Other, Forgotten], second.Tracks.Select(track => track.Username).Order());
        await UntilReadyAsync(functions, second.Id, "mix.flac");
        // The bot asks with its own key how far the files are.
        await Simulator.WaitUntilAsync(() => Messages(discord).Any(message =>
            message.Text.Contains("2 tracks and a mix are ready", StringComparison.Ordinal)), Patience);
        KeyValuePair<string, string>[] kept = [.. (await BlobsAsync(azurite)).Where(blob =>
            blob.Key.Contains($"/{stays.UserId}-", StringComparison.Ordinal)).OrderBy(blob => blob.Key)];
        Assert.NotEmpty(kept);

        SimulatedMember member = discord.Guild.Members.Single(member => member.Id == gone.UserId);
        SimulatedInteraction asked = await AskAsync(discord, member, "record forget me");
        Assert.Equal(ForgetTexts.Begun, (await PressAsync(discord, member, asked.Original!, "Erase me for good")).Text);
        await UntilGoneAsync(azurite, gone.UserId);

        Assert.Equal(kept, (await BlobsAsync(azurite)).Where(blob =>
            blob.Key.Contains($"/{stays.UserId}-", StringComparison.Ordinal)).OrderBy(blob => blob.Key));
        await UntilReadyAsync(functions, second.Id, "mix.flac");
        RecordingDetails left = (await functions.Api.FindAsync(second.Id, Cancellation))!;
        Assert.Equal([Other], left.Tracks.Select(track => track.Username));
        Assert.Contains(left.Consent!.Entries, entry => entry.UserId == gone.UserId && entry.Choice == "erased");
        foreach (string path in new[] { "", "/files", "/segments" })
        {
            string text = await functions.Api.Http.GetStringAsync(new Uri($"/api/recordings/{second.Id}{path}", UriKind.Relative),
                Cancellation);
            Assert.DoesNotContain(Forgotten, text, StringComparison.Ordinal);
        }
        Assert.Empty(await RowsWithNameAsync(azurite));
        string info = await functions.Api.Http.GetStringAsync(
            new Uri($"/api/recordings/{second.Id}/files/info.json", UriKind.Relative), Cancellation);
        Assert.DoesNotContain(Forgotten, info, StringComparison.Ordinal);

        Assert.InRange(left.DeletesAt!.Value - TimeProvider.System.GetUtcNow(), TimeSpan.FromDays(29), TimeSpan.FromDays(30));
        Assert.Equal(KeepTexts.Kept,
            (await AskAsync(discord, discord.Guild.Owner, "record keep", new() { ["recording"] = second.Id })).Text);
        left = (await functions.Api.FindAsync(second.Id, Cancellation))!;
        Assert.Equal((true, null), (left.IsKept, left.DeletesAt));
    }

    private static async Task<RecordingDetails> RecordAsync(Simulator discord, FunctionsApp functions, DiscordJsPeer[] agreeing,
        DiscordJsPeer[] talking)
    {
        HashSet<ulong> before = [.. Messages(discord).Select(message => message.Id)];
        await AskAsync(discord, discord.Guild.Owner, "record start", new() { ["channel"] = discord.VoiceChannel });
        SimulatedMessage? panel = null;
        await Simulator.WaitUntilAsync(() => (panel = Messages(discord).FirstOrDefault(message =>
            !before.Contains(message.Id) && message.ButtonWithLabel(ConsentTexts.AgreeButton) is not null)) is not null, Patience);
        foreach (DiscordJsPeer peer in agreeing)
        {
            SimulatedMember member = discord.Guild.Members.Single(member => member.Id == peer.UserId);
            Assert.Equal(ConsentTexts.AgreedNow, (await PressAsync(discord, member, panel!, ConsentTexts.AgreeButton)).Text);
        }
        await Task.WhenAll(talking.Select((peer, at) => peer.SayAsync(OpusClip.Generate(5 + at, Talk))));
        await AskAsync(discord, discord.Guild.Owner, "record stop");
        string id = (await functions.Api.ListAsync(discord.Guild.Id))[0].Id;
        return await functions.Api.WaitUntilCompletedAsync(id, Patience);
    }

    private static IEnumerable<SimulatedMessage> Messages(Simulator discord) =>
        discord.Guild.Channels.SelectMany(channel => channel.Messages).Where(message => !message.IsEphemeral);

    private static async Task<SimulatedInteraction> AskAsync(Simulator discord, SimulatedMember member, string command,
        Dictionary<string, object>? options = null)
    {
        SimulatedInteraction asked = await discord.Interactions.SlashCommandAsync(member, discord.TextChannel, command, options);
        await Simulator.WaitUntilAsync(() => asked.HasAnswer, Patience);
        return asked;
    }

    private static async Task<SimulatedInteraction> PressAsync(Simulator discord, SimulatedMember member, SimulatedMessage message,
        string label)
    {
        SimulatedInteraction pressed = await discord.Interactions.PressAsync(member, message, message.ButtonWithLabel(label)!);
        await Simulator.WaitUntilAsync(() => pressed.HasAnswer, Patience);
        return pressed;
    }

    private static async Task UntilReadyAsync(FunctionsApp functions, string recording, string name)
    {
        using CancellationTokenSource late = new(Patience);
        while (true)
        {
            byte[] json = await functions.Api.Http.GetByteArrayAsync(
                new Uri($"/api/recordings/{recording}/files", UriKind.Relative), late.Token);
            RecordingFiles files = JsonSerializer.Deserialize(json, ApiJsonContext.Default.RecordingFiles)!;
            if (files.Files.Any(file => file.Name == name && file.State == "ready")) return;
            await Task.Delay(100, late.Token);
        }
    }

    /// <summary>Waits until no file and no row of the ledger has the person, nor the account of the bot; rows go last.</summary>
    private static async Task UntilGoneAsync(Azurite azurite, ulong userId)
    {
        using CancellationTokenSource late = new(Patience);
        TableClient ledger = new(azurite.ConnectionString, Contracts.StorageNames.LedgerTable);
        while (true)
        {
            bool isThere = (await BlobsAsync(azurite)).Keys.Any(name =>
                name.Contains($"/{userId}", StringComparison.Ordinal) || name.Contains($"{userId:D20}", StringComparison.Ordinal));
            await foreach (TableEntity row in ledger.QueryAsync<TableEntity>(cancellationToken: late.Token))
            {
                isThere |= row.RowKey.Contains($"{userId:D20}", StringComparison.Ordinal)
                    || (row.RowKey == LedgerPartitions.ManifestKey && LedgerPartitions.ReadManifest(row)!.Names(userId));
            }
            if (!isThere) return;
            await Task.Delay(100, late.Token);
        }
    }

    /// <summary>Names of all blobs, and what every write changes.</summary>
    private static async Task<Dictionary<string, string>> BlobsAsync(Azurite azurite)
    {
        BlobServiceClient service = new(azurite.ConnectionString);
        Dictionary<string, string> blobs = [];
        await foreach (BlobContainerItem container in service.GetBlobContainersAsync(cancellationToken: Cancellation))
        {
            await foreach (BlobItem blob in service.GetBlobContainerClient(container.Name).GetBlobsAsync(cancellationToken: Cancellation))
            {
                blobs[$"{container.Name}/{blob.Name}"] =
                    $"{blob.Properties.ETag} {Convert.ToBase64String(blob.Properties.ContentHash ?? [])}";
            }
        }
        return blobs;
    }

    /// <summary>Rows of any table that say the forgotten name, in the clear or packed.</summary>
    private static async Task<List<string>> RowsWithNameAsync(Azurite azurite)
    {
        TableServiceClient service = new(azurite.ConnectionString);
        List<string> rows = [];
        await foreach (Azure.Data.Tables.Models.TableItem table in service.QueryAsync(cancellationToken: Cancellation))
        {
            await foreach (TableEntity row in service.GetTableClient(table.Name).QueryAsync<TableEntity>(cancellationToken: Cancellation))
            {
                IEnumerable<string> texts = row.Select(column =>
                    column.Value as string ?? (column.Value is byte[] bytes ? Encoding.UTF8.GetString(Unpacked(bytes)) : ""));
                if (texts.Any(text => text.Contains(Forgotten, StringComparison.Ordinal)))
                    rows.Add($"{table.Name}: {row.PartitionKey}, {row.RowKey}");
            }
        }
        return rows;
    }

    // A row's bytes as they are, or out of gzip; ours fit into one column.
    private static byte[] Unpacked(byte[] bytes)
    {
        if (!bytes.AsSpan().StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B])) return bytes;
        using MemoryStream plain = new();
        using (GZipStream unzip = new(new MemoryStream(bytes), CompressionMode.Decompress)) unzip.CopyTo(plain);
        return plain.ToArray();
    }
}
