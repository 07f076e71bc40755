using System.Globalization;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Panel;
using Pipeline.Discord.Media;

namespace Pipeline.Bot.Calls;

/// <summary>Names the tracks of voices of which Discord has not told whose they are, and says so. One owner.</summary>
internal sealed class UnknownVoices(Recording recording, Action<string> say, Action<string> note)
{
    /// <summary>So often a voice without a name is told of; a server that invents sources fills no channel.</summary>
    private const int MostTold = 64;

    private readonly HashSet<uint> heeded = [];

    /// <summary>Such voices that are recorded and of which nothing was told, because it found no room.</summary>
    public IEnumerable<uint> Unheeded() => recording.Snapshot.Tracks.Select(track => track.UserId).Where(UnnamedSource.Is)
        .Select(id => (uint)id).Where(ssrc => !heeded.Contains(ssrc));

    public void OnUnnamed(uint ssrc)
    {
        if (!heeded.Add(ssrc)) return;
        recording.Introduce(UnnamedSource.IdOf(ssrc), Texts.UnknownVoice, isBot: false);
        if (heeded.Count <= MostTold) say(recording.HasPeopleWhoRefuse ? Texts.VoiceUnnamedNotKept : Texts.VoiceUnnamed);
    }

    public void OnNamed(uint ssrc, ulong userId, string? name)
    {
        recording.Introduce(UnnamedSource.IdOf(ssrc), Texts.KnownVoice(name ?? userId.ToString(CultureInfo.InvariantCulture)),
            isBot: false);
        note(Texts.VoiceNamed(userId));
    }
}
