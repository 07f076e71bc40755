using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Pipeline.Storage;

/// <summary>Registers what both sides of the storage share. One instance each for the whole process.</summary>
public static class StorageServices
{
    /// <summary>What is there already, such as a client of a test's own, stays.</summary>
    public static IServiceCollection AddPipelineStorage(this IServiceCollection services, StorageOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(options);
        services.TryAddSingleton<StorageClients>();
        services.TryAddSingleton<StorageSetup>();
        services.TryAddSingleton<SasIssuer>();
        services.TryAddSingleton<TempContainer>();
        services.TryAddSingleton<RecordingsContainer>();
        services.TryAddSingleton<RendersContainer>();
        services.TryAddSingleton<MessageQueues>();
        services.TryAddSingleton<LedgerPartitions>();
        services.TryAddSingleton<MovedSegments>();
        services.TryAddSingleton<BlobCors>();
        services.TryAddSingleton<Reports>();
        return services;
    }
}
