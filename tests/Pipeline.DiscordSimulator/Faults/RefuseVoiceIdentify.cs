namespace Pipeline.DiscordSimulator.Faults;

/// <summary>The voice gateway answers op 0 by closing with a code.</summary>
/// <param name="Code">For example 4004, 4006, 4011.</param>
public sealed record RefuseVoiceIdentify(int Code) : Fault;
