using System.Globalization;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Panel;
using Pipeline.Discord.Media;
using Pipeline.Discord.Rtp;

namespace Pipeline.Bot.Calls;

/// <summary>Names the tracks of voices of which Discord has not told whose they are, and says so. One owner.</summary>
internal sealed class UnknownVoices(Recording recording, Action<string> say, Action<string> note)
{
    /// <summary>So often a voice without a name is told of; a server that invents sources fills no channel.</summary>
    private const int MostTold = 64;

    private readonly HashSet<uint> heeded = [];
    private bool toldStray;

    /// <summary>Such voices that are recorded and of which nothing was told, because it found no room.</summary>
    public IEnumerable<uint> Unheeded() => recording.Snapshot.Tracks.Select(track => track.UserId).Where(UnnamedSource.Is)
        .Select(id => (uint)id).Where(ssrc => !heeded.Contains(ssrc));

    /// <param name="isOpen">What is heard needs no key.</param>
    public void OnUnnamed(uint ssrc, bool isOpen)
    {
        if (!heeded.Add(ssrc)) return;
        recording.Introduce(UnnamedSource.IdOf(ssrc), VoiceTexts.Unknown, isBot: false);
        if (heeded.Count > MostTold) return;
        say(recording.HasPeopleWhoRefuse ? VoiceTexts.UnnamedNotKept : isOpen ? VoiceTexts.Unnamed : VoiceTexts.UnnamedNotOpened);
    }

    /// <summary>Counters of the voice session have come.</summary>
    public void Look(VoiceHealth health)
    {
        if (toldStray || health.Drops.GetValueOrDefault(DropReason.StraySource) == 0) return;
        toldStray = true;
        note(VoiceTexts.Stray);
    }

    public void OnNamed(uint ssrc, ulong userId, string? name)
    {
        recording.Recognize(UnnamedSource.IdOf(ssrc), userId, VoiceTexts.Known(name ?? userId.ToString(CultureInfo.InvariantCulture)));
        note(VoiceTexts.Named(userId));
    }
}
