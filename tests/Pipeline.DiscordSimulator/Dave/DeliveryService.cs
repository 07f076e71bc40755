using Pipeline.Simulator.Voice;
using Pipeline.Simulator.World;

namespace Pipeline.Simulator.Dave;

/// <summary>
/// The MLS delivery service of one call. The voice gateway passes in what clients send (op 23, 26, 28, 31) and who
/// comes and goes; answers go out with <see cref="VoiceSession.SendNumbered"/> (op 21, 22, 24) and
/// <see cref="VoiceSession.SendBinary"/> (op 25, 27, 29, 30). Everything runs on the event loop; delays are
/// <c>world.Loop.Schedule</c>.
/// </summary>
internal sealed class DeliveryService(SimulatedWorld world, Call call)
{
    /// <summary>The <c>dave_protocol_version</c> of op 4 for a client that is about to be described.</summary>
    public int VersionFor(VoiceSession client) => 0;

    /// <summary>A client got op 4 (or, with the option, is about to): it should get op 25.</summary>
    public void Joined(VoiceSession client)
    {
    }

    /// <summary>Somebody left the call; op 13 went out already.</summary>
    public void Left(ulong userId)
    {
    }

    /// <summary>Op 23.</summary>
    public void TransitionReady(ulong userId, int transitionId) => Log(userId, $"op 23 for {transitionId}");

    /// <summary>Op 26: a bare KeyPackage.</summary>
    public void KeyPackage(ulong userId, ReadOnlyMemory<byte> keyPackage) => Log(userId, "op 26");

    /// <summary>Op 28: MLSMessage(commit), then a Welcome when somebody is added.</summary>
    public void Commit(ulong userId, ReadOnlyMemory<byte> commitAndWelcome) => Log(userId, "op 28");

    /// <summary>Op 31.</summary>
    public void Invalid(ulong userId, int transitionId) => Log(userId, $"op 31 for {transitionId}");

    private void Log(ulong userId, string what) =>
        world.Log.Event("dave", $"{what} of {userId} in {call.Channel.Name} is not answered");
}
