namespace Pipeline.Functions.Hosting;

/// <summary>
/// Decides the exit code. The Functions host never restarts a handler that ends with 0, and counts other codes as errors
/// until it gives up, but for 200: that one says "start me again".
/// </summary>
public sealed class UnexpectedStop(FunctionsOptions options)
{
    public const int RestartMe = 200;
    private volatile bool announced;

    /// <summary>Something broke that should never end.</summary>
    public void Announce() => announced = true;

    /// <summary>A host never asks its handler to end; by itself the app may be asked to.</summary>
    public int ExitCode => options.IsCustomHandler || announced ? RestartMe : 0;
}
