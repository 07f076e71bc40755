using Pipeline.Mutation;
using Change = Pipeline.Mutation.Mutation;

namespace Pipeline.Repository.Tests.Mutations;

/// <summary>Each kind of mutation behind its switch.</summary>
public sealed class SwitchedFileTests
{
    private const string On = "global::Pipeline.Mutation.MutationSwitch.On";

    [Theory]
    [InlineData(nameof(MutationKind.Boundary), "x = a < b;", "x = (ON(1) ? a <= b : a < b);")]
    [InlineData(nameof(MutationKind.Negation), "x = a - b;", "x = (ON(1) ? a + b : a - b);")]
    [InlineData(nameof(MutationKind.Negation), "if (!x) Step(); else Stop();", "if ((ON(1) ? x : !x)) Step(); else Stop();")]
    [InlineData(nameof(MutationKind.Constant), "x = 7;", "x = (ON(1) ? 8 : 7);")]
    [InlineData(nameof(MutationKind.Constant), "const int x = 7;", " int x = (ON(1) ? 8 : 7);")]
    [InlineData(nameof(MutationKind.DroppedStatement), "Step();", "if (!ON(1)) Step();")]
    [InlineData(nameof(MutationKind.DroppedCheck), "if (a) return;", "if (!ON(1)) if (a) return;")]
    [InlineData(nameof(MutationKind.RemovedAwait), "await Step();", "{ if (ON(1)) { _ = Step(); } else await Step(); }")]
    public void Mutation_stands_behind_a_switch(string kind, string statement, string expected) =>
        Assert.Equal(In(expected), new SwitchedFile(In(statement), [Only(Enum.Parse<MutationKind>(kind), In(statement))]).Text);

    [Fact]
    public void Method_returns_at_once_when_the_switch_is_on()
    {
        const string source = "class A { void M() { Step(); } }";
        Assert.Equal("class A { void M() { if (ON(1)) return; Step(); } }".Replace("ON", On, StringComparison.Ordinal),
            new SwitchedFile(source, [Only(MutationKind.EarlyReturn, source)]).Text);
    }

    [Fact]
    public void Mutations_may_lie_in_one_another()
    {
        string source = In("x = a < 7;");
        string expected = In("if (!ON(3)) x = (ON(2) ? a <= 7 : a < (ON(1) ? 8 : 7));");
        Assert.Equal(expected, new SwitchedFile(source, [Only(MutationKind.Constant, source), Only(MutationKind.Boundary, source, 2),
            Only(MutationKind.DroppedStatement, source, 3)]).Text);
    }

    [Fact]
    public void Constant_of_a_type_becomes_a_property_and_a_static_field_is_known()
    {
        const string source = "class A { const uint Size = 7; }";
        SwitchedFile file = new(source, [Only(MutationKind.Constant, source) with { IsNumber = true }]);
        Assert.Equal($"class A {{ static uint Size => {On.Replace(".On", ".Number", StringComparison.Ordinal)}(1, 7); }}", file.Text);
        Assert.Equal("Size", file.Constants[1]);
        Assert.Empty(file.Once);
        const string field = "class A { static readonly int size = 7; }";
        Assert.Equal([1], new SwitchedFile(field, [Only(MutationKind.Constant, field)]).Once);
    }

    [Theory]
    [InlineData("x = a is > 7;")]
    [InlineData("switch (a) { case 7: break; }")]
    [InlineData("x = a switch { 7 => true, _ => false };")]
    [InlineData("int Local(int a = 7) => a;")]
    [InlineData("x = Try(out int y) == true;")]
    public void What_cannot_be_decided_at_run_time_is_marked(string statement) =>
        Assert.All(
            MutationFinder.Find("a.cs", In(statement))
                .Where(one => one.Kind is not (MutationKind.DroppedStatement or MutationKind.EarlyReturn)),
            mutation => Assert.False(mutation.IsSwitchable));

    [Fact]
    public void Error_is_blamed_on_the_innermost_mutation_else_on_the_nearest_and_on_none_of_another_method()
    {
        const string source = "class A\n{\n    int M(int a)\n    {\n        a = 7;\n        return a + 9;\n    }\n    int N() => 1;\n"
            + "    int O() => B;\n}\n";
        SwitchedFile file = new(source, MutationFinder.Find("a.cs", source).Where(one => one.Kind == MutationKind.Constant)
            .Select((mutation, place) => (place + 1, mutation, false)));
        string[] lines = file.Text.Split('\n');
        Assert.Equal([1], file.Blame(5, lines[4].IndexOf('7', StringComparison.Ordinal)));
        Assert.Equal([2], file.Blame(6, 1 + lines[5].IndexOf("a +", StringComparison.Ordinal)));
        Assert.Equal([1, 2], file.Blame(3, 1 + lines[2].IndexOf("M(", StringComparison.Ordinal)));
        Assert.Empty(file.Blame(9, 1 + lines[8].IndexOf('B', StringComparison.Ordinal)));
    }

    private static (int Id, Change Mutation, bool IsNumber) Only(MutationKind kind, string source, int id = 1) =>
        (id, Assert.Single(MutationFinder.Find("a.cs", source), mutation => mutation.Kind == kind), false);

    private static string In(string statement) =>
        $"class A {{ async Task M() {{ {statement.Replace("ON", On, StringComparison.Ordinal)} }} }}";
}
