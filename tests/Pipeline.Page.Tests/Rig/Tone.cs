namespace Pipeline.Page.Tests.Rig;

/// <summary>A tone of somebody, so that a listener can tell whose it is and where it began.</summary>
/// <param name="Start">Seconds since the start of the recording.</param>
/// <param name="Length">Seconds.</param>
/// <param name="Pitch">Hz.</param>
internal readonly record struct Tone(double Start, double Length, int Pitch);
