namespace Pipeline.Bot.Storage;

/// <summary>The storage does not answer, or refuses us, before anything has begun.</summary>
internal sealed class StorageUnreachableException(string reason, Exception inner)
    : Exception($"the storage cannot be used: {reason}; check PipelineStorage (locally: is Azurite running?) and the network", inner);
