using Pipeline.DiscordSimulator.Media;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Voice;

/// <summary>Somebody in a call: a real client (<see cref="VoiceSession"/>) or a scripted one.</summary>
internal abstract class CallMember(SimulatedMember member, uint ssrc)
{
    private ushort shift;

    public SimulatedMember Member { get; } = member;

    public ulong UserId => Member.Id;

    public uint Ssrc { get; protected set; } = ssrc;

    /// <summary>True once op 5 told the others who owns <see cref="Ssrc"/>; newcomers are told too.</summary>
    public bool IsAnnounced { get; set; }

    /// <summary>The newest packet that went through, for silence that the SFU adds.</summary>
    public MediaPacket? Last { get; private set; }

    /// <summary>Numbers a packet after the ones that the SFU added itself, so that the stream has no doubles.</summary>
    public MediaPacket Pass(MediaPacket packet)
    {
        MediaPacket shifted = shift == 0 ? packet : packet with { Sequence = (ushort)(packet.Sequence + shift) };
        Last = shifted;
        return shifted;
    }

    /// <summary>The five silence frames with which the SFU ends the stream of a member that was muted while talking.</summary>
    public IEnumerable<MediaPacket> Silence()
    {
        for (int i = 0; i < 5 && Last is { } last; i++)
        {
            shift++;
            Last = last with
            {
                Sequence = (ushort)(last.Sequence + 1),
                Timestamp = last.Timestamp + 960,
                Payload = MediaPacket.SilenceFrame,
                IsBare = true,
            };
            yield return Last;
        }
    }

    /// <summary>Forgets the stream: the next one has another SSRC.</summary>
    protected void Restart(uint newSsrc)
    {
        Ssrc = newSsrc;
        IsAnnounced = false;
        Last = null;
        shift = 0;
    }
}
