namespace Pipeline.Mls.Wire;

/// <summary>A peer's bytes were refused. The state that refused them is unchanged and stays usable.</summary>
public sealed class MlsException : Exception
{
    public MlsException(MlsError error)
        : base($"MLS: {error}") => Error = error;

    public MlsException(MlsError error, Exception inner)
        : base($"MLS: {error}", inner) => Error = error;

    /// <summary>The check that failed.</summary>
    public MlsError Error { get; }

    internal static void ThrowIf(bool failed, MlsError error)
    {
        if (failed) throw new MlsException(error);
    }
}
