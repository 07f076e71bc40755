using System.Reflection;
using Microsoft.Azure.WebJobs;
using Pipeline.Delivery.Invocations;
using Pipeline.Functions.Local.Triggers;

namespace Pipeline.Functions.Tests.Local;

public sealed class TriggerTests
{
    private static readonly MethodInfo[] Functions = [.. new[] { typeof(TriggerFunctions), typeof(TranscribeFunctions) }
        .SelectMany(type => type.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly))];

    [Fact]
    public void Queues_and_timers_are_those_of_the_table()
    {
        Assert.Equal(FunctionTable.Queues.OrderBy(entry => entry.Key), Triggers<QueueTriggerAttribute>(trigger => trigger.QueueName));
        Assert.Equal(FunctionTable.Timers.OrderBy(entry => entry.Key),
            Triggers<TimerTriggerAttribute>(trigger => trigger.ScheduleExpression));
        Assert.Equal(FunctionTable.Queues.Count + FunctionTable.Timers.Count, Functions.Length);
        Assert.All(Functions.SelectMany(function => function.GetParameters())
            .Select(parameter => parameter.GetCustomAttribute<QueueTriggerAttribute>()).OfType<QueueTriggerAttribute>(), trigger =>
            Assert.Equal("PipelineStorage", trigger.Connection));
    }

    private static IEnumerable<KeyValuePair<string, string>> Triggers<T>(Func<T, string> target)
        where T : Attribute =>
        from function in Functions
        from parameter in function.GetParameters()
        let trigger = parameter.GetCustomAttribute<T>()
        where trigger is not null
        let name = function.GetCustomAttribute<FunctionNameAttribute>()!.Name
        orderby name
        select KeyValuePair.Create(name, target(trigger));
}
