using System.Runtime.CompilerServices;
using Pipeline.Bot.Commands;

namespace Pipeline.Bot.Tests.Commands;

public sealed class RecordCommandsTests
{
    [Fact]
    public void Every_declared_command_has_one_class_that_does_it()
    {
        string[] declared = [.. CommandDefinitions.All.SelectMany(command =>
            command.Options is { Count: > 0 } options && command.Name == CommandDefinitions.Record
            ? options.Select(option => option.Name)
            : [command.Name])];
        string[] done = [.. typeof(ISlashCommand).Assembly.GetTypes()
            .Where(type => type.IsClass && type.IsAssignableTo(typeof(ISlashCommand)))
            .SelectMany(type => ((ISlashCommand)RuntimeHelpers.GetUninitializedObject(type)).Names)];
        Assert.Contains("note", done);
        Assert.Equal(declared.Distinct().Order(), done.Order());
    }
}
