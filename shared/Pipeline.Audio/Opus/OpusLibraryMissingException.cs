namespace Pipeline.Audio.Opus;

/// <summary>libopus is not installed where the loader looks. The message names the remedy.</summary>
public sealed class OpusLibraryMissingException(IEnumerable<string> triedNames) : Exception(
    $"libopus was not found (tried {string.Join(", ", triedNames)}). Install it: 'apt-get install libopus0' on Debian or Ubuntu, " +
    "'apk add opus' on Alpine, 'brew install opus' on macOS, or put opus.dll beside the program on Windows.");
