using System.Text.Json;
using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Engine;
using Pipeline.DiscordSimulator.Media;
using Pipeline.DiscordSimulator.Peers;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.DiscordSimulator.Voice;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Run;

/// <summary>The whole simulator as JSON: guilds, who is in voice, speakers and what they said, what reached the bot.</summary>
internal static class ControlState
{
    public static async Task<JsonObject> CreateAsync(Simulator discord)
    {
        JsonArray peers = [];
        foreach (DiscordJsPeer peer in discord.Peers)
        {
            peers.Add(new JsonObject
            {
                ["id"] = Json.Id(peer.UserId),
                ["name"] = peer.Application.User.Username,
                ["privacyCode"] = await peer.PrivacyCodeAsync(),
                ["packetsToBot"] = Packets(discord, peer.UserId),
            });
        }

        return new JsonObject
        {
            ["elapsedSeconds"] = discord.Elapsed.TotalSeconds,
            ["bot"] = Bot(discord),
            ["guilds"] = new JsonArray([.. discord.Guilds.Select(guild => (JsonNode)Guild(guild))]),
            ["speakers"] = new JsonArray([.. discord.Speakers.Select(speaker => (JsonNode)Speaker(discord, speaker))]),
            ["peers"] = peers,
        };
    }

    private static JsonObject Bot(Simulator discord)
    {
        VoiceClientState? voice = discord.VoiceClient(discord.Bot.Id);
        return new JsonObject
        {
            ["id"] = Json.Id(discord.Bot.Id),
            ["connected"] = discord.IsConnected(discord.Bot),
            ["nickname"] = discord.BotMember.Nickname,
            ["hasRecordCommand"] = discord.HasCommand("record"),
            ["voiceChannel"] = Json.Id(voice?.ChannelId),
            ["listening"] = voice?.Mode is not null,
            ["mode"] = voice?.Mode,
        };
    }

    private static JsonObject Guild(SimulatedGuild guild) => new()
    {
        ["id"] = Json.Id(guild.Id),
        ["name"] = guild.Name,
        ["owner"] = guild.Owner.DisplayName,
        ["members"] = new JsonArray([.. guild.Members.Select(member => (JsonNode)new JsonObject
        {
            ["id"] = Json.Id(member.Id),
            ["name"] = member.User.Username,
            ["voice"] = guild.VoiceStateOf(member.Id)?.Channel?.Name,
        })]),
        ["channels"] = new JsonArray([.. guild.Channels.Select(channel => (JsonNode)new JsonObject
        {
            ["id"] = Json.Id(channel.Id),
            ["name"] = channel.Name,
            ["type"] = (int)channel.Kind,
            ["messages"] = channel.Messages.Count,
        })]),
    };

    private static JsonObject Speaker(Simulator discord, SimulatedSpeaker speaker) => new()
    {
        ["id"] = Json.Id(speaker.UserId),
        ["name"] = speaker.Member.User.Username,
        ["ssrc"] = speaker.Ssrc,
        ["talking"] = speaker.IsTalking,
        ["utterances"] = new JsonArray([.. speaker.Utterances.Select(utterance => (JsonNode)new JsonObject
        {
            ["clip"] = utterance.Clip.Name,
            ["startedSeconds"] = utterance.StartedAt.TotalSeconds,
            ["durationSeconds"] = utterance.Clip.Duration.TotalSeconds,
            ["packets"] = utterance.PacketsSent,
        })]),
        ["packetsToBot"] = Packets(discord, speaker.UserId),
    };

    private static JsonObject Packets(Simulator discord, ulong userId)
    {
        JsonObject packets = [];
        foreach (DeliveryOutcome outcome in Enum.GetValues<DeliveryOutcome>())
            packets[JsonNamingPolicy.CamelCase.ConvertName(outcome.ToString())] = discord.Deliveries.Count(outcome, discord.Bot.Id, userId);
        return packets;
    }
}
