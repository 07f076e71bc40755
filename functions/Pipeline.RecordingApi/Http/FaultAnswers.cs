using Pipeline.Storage;

namespace Pipeline.RecordingApi.Http;

/// <summary>Turns what nobody caught, and answers without a body, into problem details.</summary>
public sealed class FaultAnswers(RequestDelegate next, ILogger<FaultAnswers> log)
{
    private const string RetryAfterSeconds = "5";

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            // Who serves ranges says of what before it is found that there is no such range.
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null or 0 } answer
                && (answer.ContentType is null || answer.StatusCode == StatusCodes.Status416RangeNotSatisfiable))
            {
                answer.ContentLength = null;
                await Problems.Of(answer.StatusCode, Title(answer.StatusCode)).ExecuteAsync(context);
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller has gone; nobody waits for an answer.
        }
        catch (BadHttpRequestException bad) when (!context.Response.HasStarted)
        {
            await Problems.Of(bad.StatusCode, Title(bad.StatusCode)).ExecuteAsync(context);
        }
        catch (Exception fault) when (!context.Response.HasStarted)
        {
            bool away = StorageFault.IsTransient(fault);
            ApiLog.RequestFailed(log, context.Request.Method, context.Request.Path, StorageFault.Describe(fault),
                away ? null : fault);
            if (away) context.Response.Headers.RetryAfter = RetryAfterSeconds;
            int status = away ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status500InternalServerError;
            await Problems.Of(status, away ? "The storage is away" : "Something broke here").ExecuteAsync(context);
        }
    }

    private static string Title(int status) => status switch
    {
        StatusCodes.Status404NotFound => "No such address",
        StatusCodes.Status405MethodNotAllowed => "This address does not take that method",
        StatusCodes.Status415UnsupportedMediaType => "The body must be application/json",
        StatusCodes.Status416RangeNotSatisfiable => "The range is outside of what there is",
        _ => "The request was refused",
    };
}
