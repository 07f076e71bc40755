using System.Globalization;
using Pipeline.Contracts.Api;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Model;
using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.DiscordSimulator.World;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests.Deploy;

/// <summary>
/// Two cells, each a storage account, a functions app and a shard of the bot: a server's recordings live in its cell and nowhere else.
/// </summary>
public sealed class CellTests
{
    private const int Cells = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Talk = TimeSpan.FromSeconds(4);

    [Fact]
    [Trait("Category", "Long")]
    public async Task Each_server_is_recorded_into_the_storage_account_of_its_own_cell()
    {
        await using Azurite azurite = await Azurite.StartAsync();
        await using Simulator discord = await Simulator.StartAsync(new SimulatorOptions { Seed = 23 });
        await using Cell zero = await Cell.StartAsync(0, azurite, discord, GuildOf(0, discord));
        await using Cell one = await Cell.StartAsync(1, azurite, discord, GuildOf(1, discord));
        Cell[] cells = [zero, one];

        foreach (Cell cell in cells) await cell.Bot.UntilReadyAsync("ready");
        await Task.WhenAll(cells.Select(cell => cell.RecordAsync()));

        foreach (Cell cell in cells)
        {
            RecordingSummary only = Assert.Single(await cell.Functions.Api.ListAsync(cell.Guild.Id));
            Assert.Empty(await cell.Functions.Api.ListAsync(cells[1 - cell.Number].Guild.Id));
            RecordingDetails recording = await cell.Functions.Api.WaitUntilCompletedAsync(only.Id, Patience);
            VerifiedTrack track = Assert.Single(await new RecordingVerifier(cell.Functions.Api)
                .VerifyAsync(recording, TestContext.Current.CancellationToken));
            Assert.Equal($"Speaker {cell.Number}", track.Username);
            Assert.InRange(track.Audio, Talk, Talk + TimeSpan.FromSeconds(2));
            Assert.Equal((0, 0), await Leftovers.WaitUntilNoneAsync(cell.Storage, Patience));
        }
    }

    /// <summary>A server with the recorder in it that Discord shows to this shard of two.</summary>
    private static SimulatedGuild GuildOf(int shard, Simulator discord)
    {
        // Ids grow by one per thing made, so somebody more changes the next server's shard.
        SimulatedGuild guild = discord.AddGuild($"Server of shard {shard}");
        if (ShardRange.ShardOf(guild.Id, Cells) != shard)
        {
            guild.AddMember("Somebody");
            guild = discord.AddGuild($"Server of shard {shard}");
        }
        Assert.Equal(shard, ShardRange.ShardOf(guild.Id, Cells));
        guild.AddBot(discord.Bot, Pipeline.DiscordSimulator.World.Permissions.Administrator);
        return guild;
    }

    private sealed class Cell : IAsyncDisposable
    {
        private readonly Simulator discord;
        private readonly SimulatedChannel text;
        private readonly SimulatedChannel voice;
        private readonly SimulatedSpeaker speaker;

        private Cell(int number, Simulator discord, SimulatedGuild guild, string storage, FunctionsApp functions)
        {
            (Number, this.discord, Guild, Storage, Functions) = (number, discord, guild, storage, functions);
            text = guild.AddTextChannel("general");
            voice = guild.AddVoiceChannel("Lounge");
            speaker = discord.AddSpeaker($"Speaker {number}", voice);
            Bot = BotProcess.Start(discord, new Dictionary<string, string?> { ["PipelineStorage"] = storage }, functions,
                new Dictionary<string, string?>
                {
                    ["DISCORD_SHARD"] = $"{number}/{Cells}",
                    ["DISCORD_GUILD_ID"] = guild.Id.ToString(CultureInfo.InvariantCulture),
                });
        }

        public int Number { get; }
        public SimulatedGuild Guild { get; }
        public string Storage { get; }
        public FunctionsApp Functions { get; }
        public BotProcess Bot { get; }

        public static async Task<Cell> StartAsync(int number, Azurite azurite, Simulator discord, SimulatedGuild guild)
        {
            string storage = azurite.ConnectionStringOf(Azurite.NumberedAccount(number));
            return new Cell(number, discord, guild, storage, await FunctionsApp.StartAsync(storage));
        }

        public async Task RecordAsync()
        {
            await Simulator.WaitUntilAsync(() =>
                discord.CommandsOf(discord.Bot, Guild).Contains("\"record\"", StringComparison.Ordinal), Patience);
            await AskAsync("record start", new Dictionary<string, object> { ["channel"] = voice });
            await speaker.SayAsync(OpusClip.Generate(Number + 1, Talk));
            await AskAsync("record stop");
        }

        public async ValueTask DisposeAsync()
        {
            await Bot.DisposeAsync();
            await Functions.DisposeAsync();
        }

        private async Task AskAsync(string command, Dictionary<string, object>? options = null)
        {
            SimulatedInteraction interaction = await discord.Interactions.SlashCommandAsync(Guild.Owner, text, command, options);
            await Simulator.WaitUntilAsync(() => interaction.HasAnswer, Patience);
        }
    }
}
