using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.ServerSettings;
using Pipeline.Discord.Voice.Call;

namespace Pipeline.Bot.Calls;

/// <summary>Gives a recording its people, its panel and its messages.</summary>
/// <param name="storagePatience">How long the storage may be away before a panel says so.</param>
internal sealed class CallMessagesFactory(GuildPeople people, GuildPosts posts, RecordingLinks links, TimeSpan storagePatience)
{
    /// <param name="posted">Where the panel is; null: it was not posted yet.</param>
    public CallMessages Create(ActiveRecording host, VoiceCall call, StartCall start, PostedPanel? posted)
    {
        ulong guildId = host.Session.GuildId;
        CallPeople here = new(people, host.Recording, start.Guild.Id, start.Channel.Id);
        CallPanel panel = new(host, call, here, posts.Panel(guildId, posted), links, storagePatience);
        return new CallMessages(posts.Messages(guildId), panel, here, start, host);
    }
}
