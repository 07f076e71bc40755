namespace Pipeline.Audio.Opus;

/// <summary>Which implementation of Opus to take.</summary>
public enum OpusChoice
{
    /// <summary>libopus where it is installed, else the managed one.</summary>
    Auto,

    /// <summary>libopus or nothing.</summary>
    Libopus,

    /// <summary>The managed one, also where libopus is installed.</summary>
    Managed,
}

/// <summary>Makes decoders and encoders of the implementation that was chosen. Any thread.</summary>
public sealed class OpusCodecs
{
    private OpusCodecs(bool isManaged) => IsManaged = isManaged;

    /// <summary>Its name and version, for example <c>libopus 1.3.1</c>.</summary>
    public string Name => IsManaged ? ManagedOpus.Name : OpusLibrary.Version;

    public bool IsManaged { get; }

    /// <exception cref="OpusLibraryMissingException">libopus was asked for and is not installed.</exception>
    public static OpusCodecs Choose(OpusChoice choice)
    {
        bool isManaged = choice == OpusChoice.Managed || (choice == OpusChoice.Auto && !OpusLibrary.IsInstalled);
        if (!isManaged) _ = OpusLibrary.Version; // better missing now than at the first word
        return new OpusCodecs(isManaged);
    }

    /// <param name="channels">1 or 2.</param>
    public IOpusDecoder CreateDecoder(int channels) => IsManaged ? new ManagedOpusDecoder(channels) : new LibopusDecoder(channels);

    public IOpusEncoder CreateEncoder(OpusEncoderOptions options) =>
        IsManaged ? new ManagedOpusEncoder(options) : new LibopusEncoder(options);
}
