using System.Text.Json.Nodes;
using Pipeline.Simulator.Engine;
using Pipeline.Simulator.Media;
using Pipeline.Simulator.Speakers;
using Pipeline.Simulator.Voice;
using Pipeline.Simulator.World;

namespace Pipeline.Simulator.Run;

/// <summary>The whole simulator as JSON: guilds, who is in voice, speakers and what they said, what reached the bot.</summary>
internal static class ControlState
{
    public static JsonObject Create(DiscordSimulator discord) => new()
    {
        ["elapsedSeconds"] = discord.Elapsed.TotalSeconds,
        ["bot"] = Bot(discord),
        ["guilds"] = new JsonArray([.. discord.Guilds.Select(guild => (JsonNode)Guild(guild))]),
        ["speakers"] = new JsonArray([.. discord.Speakers.Select(speaker => (JsonNode)Speaker(discord, speaker))]),
    };

    private static JsonObject Bot(DiscordSimulator discord)
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

    private static JsonObject Speaker(DiscordSimulator discord, SimulatedSpeaker speaker)
    {
        JsonObject packets = [];
        foreach (DeliveryOutcome outcome in Enum.GetValues<DeliveryOutcome>())
            packets[outcome.ToString().ToLowerInvariant()] = discord.Deliveries.Count(outcome, discord.Bot.Id, speaker.UserId);
        return new JsonObject
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
            ["packetsToBot"] = packets,
        };
    }
}
