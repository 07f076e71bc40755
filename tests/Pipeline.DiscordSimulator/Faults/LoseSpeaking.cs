namespace Pipeline.DiscordSimulator.Faults;

/// <summary>The voice gateway tells nobody whose a member's source is (op 5); its packets go on to everybody.</summary>
public sealed record LoseSpeaking : Fault;
