using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Observability;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Panel;

/// <summary>
/// The panels that are followed until their recording is finalized: one small file each, from before the recording ends until its panel
/// says so, so that the next process goes on with those that this one leaves. Any thread; never throws for the disk.
/// </summary>
internal sealed class FollowedPanels(string folder, ILogger log)
{
    private const string Prefix = "panel-";

    public void Keep(PanelState last, PostedPanel? posted)
    {
        if (posted is null) return;
        FollowedPanel panel = new(last, posted.ToString());
        Guard(last.Session.GuildId, () =>
            LocalState.Write(PathOf(last.Session.RecordingId),
            JsonSerializer.SerializeToUtf8Bytes(panel, PanelJsonContext.Default.FollowedPanel)));
    }

    public void Forget(SessionInfo session) => Guard(session.GuildId, () => File.Delete(PathOf(session.RecordingId)));

    /// <summary>What an earlier process left. A file that cannot be understood is logged and goes.</summary>
    public IReadOnlyList<FollowedPanel> Load()
    {
        List<FollowedPanel> found = [];
        Guard(0, () =>
        {
            foreach (string file in Directory.Exists(folder) ? Directory.GetFiles(folder, Prefix + "*.json") : [])
            {
                if (LocalState.Read(file, PanelJsonContext.Default.FollowedPanel, 0, log) is { IsWhole: true } panel) found.Add(panel);
                else SetAside(file);
            }
        });
        return found;
    }

    private void SetAside(string file)
    {
        log.PanelForgotten(Path.GetFileName(file));
        File.Delete(file);
    }

    private void Guard(ulong guildId, Action action)
    {
        try
        {
            action();
        }
        catch (Exception problem) when (DiskFailure.Is(problem))
        {
            log.LocalStateUnwritable(guildId, Cause.Of(problem));
        }
    }

    private string PathOf(RecordingId recording) => Path.Combine(folder, $"{Prefix}{recording}.json");
}

/// <summary>A panel whose recording has ended and is not finalized yet.</summary>
/// <param name="State">As it was when the recording ended.</param>
/// <param name="Panel">Where it is, as <see cref="PostedPanel"/> writes it.</param>
internal sealed record FollowedPanel(PanelState State, string Panel)
{
    [JsonIgnore]
    public PostedPanel? Posted => PostedPanel.Parse(Panel);

    /// <summary>False for what no bot of ours wrote.</summary>
    [JsonIgnore]
    public bool IsWhole => State is { Session.GuildName: not null, Speakers: not null, Events: not null } && Posted is not null;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(FollowedPanel))]
internal sealed partial class PanelJsonContext : JsonSerializerContext;
