using System.Security.Cryptography;
using System.Text;

namespace Pipeline.RecordingApi.Http;

/// <summary>
/// Asks callers for the key as the Functions host does: header <c>x-functions-key</c> or query <c>code</c>.
/// Without a key nothing is checked here: somebody in front has asked already.
/// </summary>
public sealed class KeyCheck(RequestDelegate next, ApiOptions options)
{
    private readonly byte[]? key = options.Key is { } text ? SHA256.HashData(Encoding.UTF8.GetBytes(text)) : null;

    public Task InvokeAsync(HttpContext context)
    {
        if (key is null || IsOpen(context.Request.Path) || IsRight(context.Request.Headers["x-functions-key"]) || IsRight(context.Request.Query["code"])) return next(context);
        return Problems.Of(StatusCodes.Status401Unauthorized, "The key is missing or wrong", "send it as x-functions-key or ?code=").ExecuteAsync(context);
    }

    // The readiness probe and the description of the API tell nothing.
    private static bool IsOpen(PathString path) => path == "/" || path == ApiEndpoints.DocumentPath;

    private bool IsRight(string? given) => given is { Length: > 0 } && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(given)), key);
}
