using Pipeline.Mutation;
using Change = Pipeline.Mutation.Mutation;

namespace Pipeline.Repository.Tests.Mutations;

/// <summary>Each kind of mutation by an example: what stands there, and what the finder makes of it.</summary>
public sealed class MutationFinderTests
{
    [Theory]
    [InlineData("a < b", "a <= b")]
    [InlineData("a <= b", "a < b")]
    [InlineData("a > b", "a >= b")]
    [InlineData("a >= b", "a > b")]
    public void Boundary_moves_by_one(string condition, string expected) => AssertMutated(MutationKind.Boundary, condition, expected);

    [Theory]
    [InlineData("a == b", "a != b")]
    [InlineData("a != b", "a == b")]
    [InlineData("x && y", "x || y")]
    [InlineData("x || y", "x && y")]
    [InlineData("a + b == 9", "a - b == 9")]
    [InlineData("a - b == 9", "a + b == 9")]
    [InlineData("x ? y : z", "!(x) ? y : z")]
    [InlineData("!x ? y : z", "x ? y : z")]
    public void Operator_becomes_its_opposite(string condition, string expected) =>
        AssertMutated(MutationKind.Negation, condition, expected);

    [Fact]
    public void Condition_of_a_branch_is_negated()
    {
        Assert.Equal(["!(x)"], Replacements(MutationKind.Negation, "if (x) a = 1; else a = 2;"));
        Assert.Equal(["x"], Replacements(MutationKind.Negation, "while (!x) Step();"));
        Assert.Empty(Replacements(MutationKind.Negation, "while (true) Step();"));
        // The variable would be unassigned.
        Assert.Empty(Replacements(MutationKind.Negation, "if (o is string text) Use(text); else Step();"));
    }

    [Fact]
    public void Statement_is_dropped()
    {
        Assert.Equal([";"], Replacements(MutationKind.DroppedStatement, "Step();"));
        Assert.Equal([";"], Replacements(MutationKind.DroppedStatement, "a = b;"));
        Assert.Equal([";"], Replacements(MutationKind.DroppedStatement, "a++;"));
        Assert.Empty(Replacements(MutationKind.DroppedStatement, "logger.Said(a);"));
        Assert.Empty(Replacements(MutationKind.DroppedStatement, "ApiLog.Said(log, a);"));
        Assert.Empty(Replacements(MutationKind.DroppedStatement, "metrics.Counted();"));
        Assert.Empty(Replacements(MutationKind.DroppedStatement, "ArgumentNullException.ThrowIfNull(o);"));
    }

    [Fact]
    public void Number_is_one_more()
    {
        Assert.Equal(["8", "1"], Replacements(MutationKind.Constant, "a = 7 * b + 0;"));
        Assert.Empty(Replacements(MutationKind.Constant, "s = \"7\";"));
        Assert.DoesNotContain(MutationFinder.Find("a.cs", "enum Kind { One = 1 } class A { [Size(4)] int b; }"),
            mutation => mutation.Kind == MutationKind.Constant);
    }

    [Theory]
    [InlineData("void M() { Step(); }", "return;")]
    [InlineData("bool M() { return Step(); }", "return false;")]
    [InlineData("Task M() { return Step(); }", "return Task.CompletedTask;")]
    [InlineData("async Task M() { await Step(); }", "return;")]
    [InlineData("async Task<bool> M() { return await Step(); }", "return false;")]
    [InlineData("int M() { return 1; }", null)]
    [InlineData("bool M(out int a) { a = 1; return true; }", null)]
    public void Method_returns_at_once(string method, string? expected)
    {
        Change[] found = [.. Find($"class A {{ {method} }}").Where(mutation => mutation.Kind == MutationKind.EarlyReturn)];
        if (expected is null) Assert.Empty(found);
        else Assert.EndsWith(expected, Assert.Single(found).Replacement, StringComparison.Ordinal);
    }

    [Fact]
    public void Task_is_not_waited_for() => Assert.Equal(["_ = Step()"], Replacements(MutationKind.RemovedAwait, "await Step();"));

    [Fact]
    public void Check_is_dropped()
    {
        Assert.Equal([""], Replacements(MutationKind.DroppedCheck, "if (a > b) return;"));
        Assert.Equal([""], Replacements(MutationKind.DroppedCheck, "if (a > b) { throw new Exception(); }"));
        Assert.Empty(Replacements(MutationKind.DroppedCheck, "if (a > b) Step();"));
        Assert.Empty(Replacements(MutationKind.DroppedCheck, "if (a > b) return; else Step();"));
    }

    [Fact]
    public void Mutation_is_put_where_it_belongs_and_named_by_its_line()
    {
        const string source = "class A\n{\n    bool M(int a, int b)\n    {\n        return a < b;\n    }\n}\n";
        Change mutation = Assert.Single(MutationFinder.Find("bot/A.cs", source), mutation => mutation.Kind == MutationKind.Boundary);
        Assert.Equal(5, mutation.Line);
        Assert.Equal(source.Replace("a < b", "a <= b", StringComparison.Ordinal), mutation.ApplyTo(source));
        Assert.Equal("bot/A.cs:5 Boundary: < -> <=", mutation.ToString());
    }

    private static IReadOnlyList<Change> Find(string source) => MutationFinder.Find("a.cs", source);

    private static string[] Replacements(MutationKind kind, string statement) =>
        [.. Find($"class A {{ async Task M() {{ {statement} }} }}").Where(mutation => mutation.Kind == kind)
            .Select(mutation => mutation.Replacement)];

    private static void AssertMutated(MutationKind kind, string condition, string expected)
    {
        string source = $"class A {{ bool M() => {condition}; }}";
        Assert.Contains($"class A {{ bool M() => {expected}; }}",
            Find(source).Where(mutation => mutation.Kind == kind).Select(mutation => mutation.ApplyTo(source)));
    }
}
