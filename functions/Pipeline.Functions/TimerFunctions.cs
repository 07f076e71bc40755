using Microsoft.Azure.Functions.Worker;
using Pipeline.Delivery.Invocations;
using Pipeline.Delivery.Sweep;

namespace Pipeline.Functions;

/// <summary>What the clock calls.</summary>
internal sealed class TimerFunctions(DeliveryFunctions functions)
{
    [Function(FunctionNames.SweepRecordings)]
    public Task SweepAsync([TimerTrigger(FunctionTable.SweepSchedule)] TimerInfo timer, CancellationToken cancellationToken) =>
        functions.SweepAsync(cancellationToken);
}
