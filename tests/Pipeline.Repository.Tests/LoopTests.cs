using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Pipeline.TestKit;

namespace Pipeline.Repository.Tests;

/// <summary>A test that waits for the product ends also where the product is broken, and says what it waited for.</summary>
public sealed partial class LoopTests
{
    // Project and method of loops that end by themselves, and why.
    private static readonly Dictionary<string, string> Exceptions = new()
    {
        ["Pipeline.Benchmarks/DaveFeed.Seal"] = "shifts a number until nothing is left of it",
        ["Pipeline.Demo/DemoFiles.DecodeAsync"] = "walks through bytes in memory: behind their end it throws",
        ["Pipeline.DiscordSimulator/EventLoop.Run"] = "a thread of the simulator, which its disposal ends",
        ["Pipeline.DiscordSimulator/JsonSocket.ReadAsync"] = "the simulator's end of a socket, which its disposal cuts",
        ["Pipeline.DiscordSimulator/PeerCommit.Parse"] = "reads bytes in memory to their end",
        ["Pipeline.DiscordSimulator/PeerWelcome.Parse"] = "reads bytes in memory to their end",
        ["Pipeline.DiscordSimulator/SfuSocket.Receive"] = "a thread of the simulator, which its disposal ends",
        ["Pipeline.DiscordSimulator.Tests/RawSocket.ReadAsync"] = "runs beside the test, which has limits of its own, until its disposal",
        ["Pipeline.EndToEnd.Tests/ProtobufField.Of"] = "reads bytes in memory to their end",
        ["Pipeline.EndToEnd.Tests/ProtobufField.Varint"] = "reads bytes in memory: behind their end it throws",
        ["Pipeline.Mls.Tests/DeliveryService.Narrow"] = "reads bytes in memory to their end",
        ["Pipeline.Page.Tests/Browser.RunAsync"] = "waits six minutes for each line, and no longer than the script runs",
        ["Pipeline.Page.Tests/StretchTests.Samples"] = "walks through bytes in memory: behind their end it throws",
    };

    [Fact]
    public void Limit_of_a_loop_names_what_did_not_happen()
    {
        LoopLimit limit = new("the recording is finalized", TimeSpan.FromMilliseconds(1));
        TimeoutException late = Assert.Throws<TimeoutException>(() =>
        {
            for (int turn = 0; turn < 1_000_000_000; turn++) limit.Turn();
        });
        Assert.Contains("the recording is finalized", late.Message, StringComparison.Ordinal);
        Assert.Contains($"{limit.Turns} turns", late.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Limit_of_a_loop_lets_turn_what_is_in_time()
    {
        LoopLimit limit = new("nothing");
        for (int turn = 0; turn < 1000; turn++) limit.Turn();
        Assert.Equal(1000, limit.Turns);
    }

    [Fact]
    public void Every_loop_of_a_test_that_waits_has_a_limit()
    {
        int limited = 0;
        HashSet<string> excepted = [];
        List<string> endless = [];
        foreach (SourceFile file in SourceFile.All("tests"))
        {
            foreach ((StatementSyntax loop, string condition) in Waits(file.Text))
            {
                string name = $"{file.Project}/{Path.GetFileNameWithoutExtension(file.Path)}.{MethodOf(loop)}";
                if (HasLimit(loop)) limited++;
                else if (Exceptions.ContainsKey(name)) excepted.Add(name);
                else endless.Add($"{name}: {condition}");
            }
        }
        Assert.True(limited > 40, $"{limited} loops with a limit found");
        Assert.True(endless.Count == 0, "give it a LoopLimit, a CancellationToken or a deadline:\n" + string.Join('\n', endless));
        Assert.Empty(Exceptions.Keys.Except(excepted));
    }

    [Theory]
    [InlineData("void M() { while (true) Step(); }", false)]
    [InlineData("void M() { for (;;) Step(); }", false)]
    [InlineData("void M() { while (!a.Done) Step(); }", false)]
    [InlineData("void M() { do Step(); while (!done()); }", false)]
    [InlineData("void M() { LoopLimit limit = new(\"x\"); } void N() { while (true) Step(); }", false)]
    [InlineData("void M() { LoopLimit limit = new(\"x\"); while (!a.Done) limit.Turn(); }", true)]
    [InlineData("void M() { while (true) Read(CancellationToken.None); }", false)]
    [InlineData("void M(CancellationToken end) { while (true) Step(end); }", true)]
    [InlineData("void M() { while (true) Serve(listener.AcceptTcpClient()); }", false)]
    [InlineData("async Task M() { while (true) Serve(await listener.AcceptTcpClientAsync()); }", true)]
    [InlineData("void M() { for (int attempt = 0; ; attempt++) try { return; } catch (X) when (attempt < 9) { } }", true)]
    [InlineData("void M() { while (!a.Done) Assert.True(TimeProvider.System.GetElapsedTime(began) < Patience); }", true)]
    public void Loop_without_a_limit_is_found(string method, bool hasLimit) =>
        Assert.Equal(hasLimit, HasLimit(Assert.Single(Waits($"class A {{ {method} }}")).Loop));

    [Theory]
    [InlineData("while (i < 3) i++;")]
    [InlineData("foreach (int i in all) Step();")]
    [InlineData("for (int i = 0; i < 3; i++) Step();")]
    public void Loop_that_counts_needs_no_limit(string loop) => Assert.Empty(Waits($"class A {{ void M() {{ {loop} }} }}"));

    /// <summary>Loops that turn until something has happened.</summary>
    private static IEnumerable<(StatementSyntax Loop, string Condition)> Waits(string text)
    {
        foreach (SyntaxNode node in CSharpSyntaxTree.ParseText(text).GetRoot().DescendantNodes())
        {
            ExpressionSyntax? condition = node switch
            {
                WhileStatementSyntax loop => loop.Condition,
                DoStatementSyntax loop => loop.Condition,
                ForStatementSyntax { Condition: null } => SyntaxFactory.LiteralExpression(SyntaxKind.TrueLiteralExpression),
                _ => null,
            };
            if (condition is not null && Parts(condition).Any(part =>
                part.IsKind(SyntaxKind.LogicalNotExpression) || part.IsKind(SyntaxKind.TrueLiteralExpression)))
                yield return ((StatementSyntax)node, condition.ToString());
        }
    }

    // Of what is asked for together.
    private static IEnumerable<ExpressionSyntax> Parts(ExpressionSyntax condition) =>
        condition is BinaryExpressionSyntax { RawKind: (int)SyntaxKind.LogicalAndExpression } both
            ? Parts(both.Left).Concat(Parts(both.Right)) : [condition];

    /// <summary>
    /// The method that the loop stands in looks at the time, can be ended by somebody who does, or counts its attempts. A stand-in of a
    /// server takes everybody who comes until its listener is stopped.
    /// </summary>
    private static bool HasLimit(StatementSyntax loop) => Accepts().IsMatch(loop.ToString())
        || Around(loop).Any(method => Limit().IsMatch(method.ToString()));

    private static string MethodOf(StatementSyntax loop) => Around(loop).Select(method => method switch
    {
        MethodDeclarationSyntax named => named.Identifier.Text,
        LocalFunctionStatementSyntax local => local.Identifier.Text,
        _ => "?",
    }).First();

    // From the inside out.
    private static IEnumerable<SyntaxNode> Around(StatementSyntax loop) => loop.Ancestors()
        .TakeWhile(node => node is not TypeDeclarationSyntax)
        .Where(node => node is MemberDeclarationSyntax or LocalFunctionStatementSyntax);

    [GeneratedRegex(@"\bLoopLimit\b|\bCancellation(Token(Source)?)?\b(?!\.None)|\bGetElapsedTime\b|\bdeadline\b|\battempt < \d")]
    private static partial Regex Limit();

    [GeneratedRegex(@"await \w+\.(AcceptTcpClient|AcceptSocket|GetContext)Async\(")]
    private static partial Regex Accepts();
}
