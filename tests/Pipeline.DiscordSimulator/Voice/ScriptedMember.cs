using Pipeline.DiscordSimulator.Media;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Voice;

/// <summary>Somebody in a call whom no real client stands behind; a speaker may talk through it.</summary>
internal sealed class ScriptedMember(SimulatedWorld world, SimulatedMember member)
    : CallMember(member, world.Voice.NewSsrc())
{
    /// <summary>The call, or null outside of one.</summary>
    public Call? Call { get; private set; }

    /// <summary>Conditions of this speaker's packets; null takes everybody's.</summary>
    public MediaConditions? Conditions { get; set; }

    /// <summary>Raised with every new SSRC.</summary>
    public Action? Reconnected { get; set; }

    public void Enter(Call call)
    {
        Call?.Leave(this);
        if (Call is not null)
            Reconnect();
        Call = call;
        call.Join(this);
    }

    public void Leave()
    {
        Call?.Leave(this);
        Call = null;
        Reconnect();
    }

    /// <summary>The client connects again: another SSRC, not announced yet.</summary>
    public void Reconnect()
    {
        Restart(world.Voice.NewSsrc());
        Reconnected?.Invoke();
    }

    public void Send(MediaPacket packet) => Call?.Route(this, packet);

    public void Announce() => Call?.Announce(this);
}
