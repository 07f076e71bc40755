namespace Pipeline.Functions.Local;

/// <summary>Decides the exit code: 0 only for a stop that was asked for.</summary>
internal sealed class UnexpectedStop
{
    /// <summary>Something broke that should never end (sysexits EX_SOFTWARE).</summary>
    public const int Broken = 70;

    private volatile bool announced;

    /// <summary>Something broke that should never end.</summary>
    public void Announce() => announced = true;

    public int ExitCode => announced ? Broken : 0;
}
