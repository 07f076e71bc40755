using Microsoft.Extensions.Logging;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.ServerSettings;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Guilds;

/// <summary>What every guild's recorder works with.</summary>
internal sealed record RecorderServices(
    RecorderOptions Options,
    CaptureOptions Capture,
    GatewayClient Gateway,
    DiscordRestClient Rest,
    ActiveRecordings Hosts,
    UnownedRecordings Unowned,
    RecordingCloser Closer,
    CatalogueClient Api,
    GuildSettingsStore Settings,
    RecordingFollower Follower,
    TimeProvider Time,
    ILogger<GuildRecorder> Log)
{
    public RecordingLinks Links { get; } = new(Api, Time);
    public Nickname Names { get; } = new(Rest, Options.StateFolder, Log);
    public FollowedPanels Panels { get; } = new(Options.StateFolder, Time, Log);
}
