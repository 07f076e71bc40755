namespace Pipeline.Bot.Spool;

/// <summary>Another process works in this spool; two would upload and number the same segments.</summary>
public sealed class SpoolInUseException(string folder, Exception inner)
    : Exception($"the spool {folder} is in use by another bot: stop it, or give this one a folder of its own (RECORDING_SPOOL_FOLDER)", inner);
