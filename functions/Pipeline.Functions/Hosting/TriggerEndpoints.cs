using System.Net.Mime;
using System.Text;
using System.Text.Json;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Finalize;
using Pipeline.Delivery.Invocations;
using Pipeline.Delivery.Segments;
using Pipeline.Delivery.Sweep;

namespace Pipeline.Functions.Hosting;

/// <summary>
/// Where the Functions host (or <see cref="LocalTriggers"/>) calls: <c>POST /{FunctionName}</c>. The answer is always
/// a JSON object: 200 when the message is done or was put back during an outage, 500 when it failed and may be tried again.
/// </summary>
public static class TriggerEndpoints
{
    private const string Binding = "item";

    public static void MapTriggers(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/" + FunctionNames.StartRecording, static (HttpContext context, DeliveryFunctions functions) => RunAsync(context, functions.StartAsync)).ExcludeFromDescription();
        routes.MapPost("/" + FunctionNames.MoveSegment, static (HttpContext context, DeliveryFunctions functions) => RunAsync(context, functions.MoveAsync)).ExcludeFromDescription();
        routes.MapPost("/" + FunctionNames.FinalizeRecording, static (HttpContext context, DeliveryFunctions functions) => RunAsync(context, functions.FinalizeAsync)).ExcludeFromDescription();
        routes.MapPost("/" + FunctionNames.SweepRecordings, static (HttpContext context, DeliveryFunctions functions) => AnswerAsync(() => functions.SweepAsync(context.RequestAborted))).ExcludeFromDescription();
    }

    private static Task<IResult> RunAsync(HttpContext context, Func<ReadOnlyMemory<byte>, CancellationToken, Task> function) => AnswerAsync(async () =>
    {
        using JsonDocument body = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
        await function(Encoding.UTF8.GetBytes(TriggerEnvelope.ReadMessage(body.RootElement, Binding)), context.RequestAborted);
    });

    private static async Task<IResult> AnswerAsync(Func<Task> run)
    {
        try
        {
            await run();
            return Results.Text("{}", MediaTypeNames.Application.Json);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            return Results.Text("{}", MediaTypeNames.Application.Json, statusCode: StatusCodes.Status500InternalServerError);
        }
    }
}
