namespace Pipeline.Bot.Storage;

/// <summary>The storage does not answer, or refuses us, before anything has begun.</summary>
internal sealed class StorageUnreachableException(string reason, Exception inner)
    : Exception($"the storage cannot be used: {reason}" + (StorageRetry.IsAnswer(inner) ? "; check PipelineStorage"
        : "; check PipelineStorage (locally: is Azurite running?) and the network"), inner);
