namespace Pipeline.Bot.Cli;

/// <summary>What one look of the doctor found.</summary>
/// <param name="Check">What was looked at, in one or two words.</param>
/// <param name="Text">What is so.</param>
/// <param name="Remedy">What the owner does about it; null when all is well.</param>
/// <param name="Code">The process's exit code when this is the first problem; see <see cref="ExitCode"/>.</param>
public sealed record DoctorFinding(string Check, string Text, string? Remedy = null, int Code = ExitCode.Success)
{
    public bool IsWell => Remedy is null;

    /// <summary>One line; the remedy follows on the next.</summary>
    public override string ToString() => IsWell ? $"ok    {Check}: {Text}" : $"FAIL  {Check}: {Text}\n      -> {Remedy}";
}
