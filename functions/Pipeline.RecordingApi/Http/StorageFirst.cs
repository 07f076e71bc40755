using Pipeline.Storage;

namespace Pipeline.RecordingApi.Http;

/// <summary>
/// Tables and containers exist before the first request looks into them; in a new account nobody else may have come by yet.
/// </summary>
internal sealed class StorageFirst(StorageSetup setup) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        await setup.EnsureAsync(context.HttpContext.RequestAborted);
        return await next(context);
    }
}
