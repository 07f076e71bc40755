using Microsoft.Extensions.Time.Testing;
using Pipeline.Bot.Commands;
using Pipeline.Discord.Model;

namespace Pipeline.Bot.Tests.Commands;

public sealed class CommandPaceTests
{
    private readonly FakeTimeProvider time = new();

    /// <summary>Eight uses in ten seconds, each person by itself.</summary>
    [Fact]
    public void Ninth_use_within_ten_seconds_has_to_wait_for_their_end()
    {
        CommandPace pace = new(time);
        DateTimeOffset began = time.GetUtcNow();
        for (int use = 0; use < 8; use++) Assert.Null(pace.TooFast(1));
        Assert.Equal(began + TimeSpan.FromSeconds(10), pace.TooFast(1));
        Assert.Null(pace.TooFast(2));
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.NotNull(pace.TooFast(1));
        time.Advance(TimeSpan.FromTicks(1));
        Assert.Null(pace.TooFast(1));
        for (int use = 1; use < 8; use++) Assert.Null(pace.TooFast(1));
        Assert.NotNull(pace.TooFast(1));
    }

    [Fact]
    public void Option_is_the_command_s_or_its_subcommand_s()
    {
        Interaction interaction = new()
        {
            Id = 1,
            Kind = InteractionKind.Command,
            Data = new InteractionData
            {
                Name = "record",
                Options = [new InteractionOption { Name = "start", Options = [Option("channel", "12"), Option("title", "x")] }],
            },
        };
        CommandContext context = new(5, interaction, null!);
        Assert.Equal(("start", 12UL, "x"), (context.Subcommand, context.Option("channel")!.Snowflake, context.Option("title")!.Text));
        Assert.Null(context.Option("start")); // a subcommand is no value
        Assert.Null(context.Option("people"));
        CommandContext join = With(new InteractionData { Name = "join", Options = [Option("channel", "9")] });
        Assert.Equal(("join", 9UL), (join.Subcommand, join.Option("channel")!.Snowflake));
        Assert.Equal("record", With(new InteractionData { Name = "record" }).Subcommand);
        Assert.Equal("", With(null).Subcommand);

        CommandContext With(InteractionData? data) => new(5, interaction with { Data = data }, null!);

        static InteractionOption Option(string name, string value) =>
            new() { Name = name, Value = System.Text.Json.JsonSerializer.SerializeToElement(value) };
    }
}
