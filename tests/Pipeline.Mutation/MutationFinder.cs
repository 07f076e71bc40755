using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Pipeline.Mutation;

/// <summary>
/// Finds every place of one source file where a mutation is possible. Left out: attributes, constants of enums, log and metric calls
/// (no test should hang on their words), argument checks by <c>ArgumentNullException.ThrowIfNull</c>, and <c>ConfigureAwait</c>.
/// </summary>
internal sealed class MutationFinder(string file, string text) : CSharpSyntaxWalker
{
    private readonly List<Mutation> found = [];

    public static IReadOnlyList<Mutation> Find(string file, string text)
    {
        MutationFinder finder = new(file, text);
        finder.Visit(CSharpSyntaxTree.ParseText(text, CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Preview)).GetRoot());
        return finder.found;
    }

    public override void VisitAttributeList(AttributeListSyntax node) { }

    public override void VisitEnumDeclaration(EnumDeclarationSyntax node) { }

    public override void VisitBinaryExpression(BinaryExpressionSyntax node)
    {
        (MutationKind kind, string? other) = node.Kind() switch
        {
            SyntaxKind.LessThanExpression => (MutationKind.Boundary, "<="),
            SyntaxKind.LessThanOrEqualExpression => (MutationKind.Boundary, "<"),
            SyntaxKind.GreaterThanExpression => (MutationKind.Boundary, ">="),
            SyntaxKind.GreaterThanOrEqualExpression => (MutationKind.Boundary, ">"),
            SyntaxKind.EqualsExpression => (MutationKind.Negation, "!="),
            SyntaxKind.NotEqualsExpression => (MutationKind.Negation, "=="),
            SyntaxKind.LogicalAndExpression => (MutationKind.Negation, "||"),
            SyntaxKind.LogicalOrExpression => (MutationKind.Negation, "&&"),
            SyntaxKind.AddExpression when !IsText(node) => (MutationKind.Negation, "-"),
            SyntaxKind.SubtractExpression => (MutationKind.Negation, "+"),
            _ => (default, null),
        };
        if (other is not null) Add(kind, node, node.OperatorToken.Span, other);
        base.VisitBinaryExpression(node);
    }

    public override void VisitIfStatement(IfStatementSyntax node)
    {
        if (node.Else is null && IsExit(node.Statement) && node.Parent is BlockSyntax && !DeclaresVariables(node.Condition))
            Add(MutationKind.DroppedCheck, node, node.Span, "");
        else
            Negate(node.Condition);
        base.VisitIfStatement(node);
    }

    public override void VisitWhileStatement(WhileStatementSyntax node)
    {
        if (!node.Condition.IsKind(SyntaxKind.TrueLiteralExpression)) Negate(node.Condition);
        base.VisitWhileStatement(node);
    }

    public override void VisitConditionalExpression(ConditionalExpressionSyntax node)
    {
        Negate(node.Condition);
        base.VisitConditionalExpression(node);
    }

    public override void VisitExpressionStatement(ExpressionStatementSyntax node)
    {
        if (IsSpoken(node)) return;
        if (node.Expression is AwaitExpressionSyntax awaited)
            Add(MutationKind.RemovedAwait, node, node.Expression.Span, $"_ = {awaited.Expression}");
        if (node.Parent is BlockSyntax
            && node.Expression
            is InvocationExpressionSyntax or AssignmentExpressionSyntax or AwaitExpressionSyntax or PostfixUnaryExpressionSyntax)
            Add(MutationKind.DroppedStatement, node, node.Span, ";");
        base.VisitExpressionStatement(node);
    }

    public override void VisitLiteralExpression(LiteralExpressionSyntax node)
    {
        if (node.IsKind(SyntaxKind.NumericLiteralExpression) && node.Token.Value is int value)
            Add(MutationKind.Constant, node, node.Span, (value + 1).ToString(CultureInfo.InvariantCulture));
    }

    public override void VisitMethodDeclaration(MethodDeclarationSyntax node)
    {
        bool isAsync = node.Modifiers.Any(SyntaxKind.AsyncKeyword);
        string? exit = node.ReturnType.ToString() switch
        {
            "void" => "return;",
            "Task" or "ValueTask" => isAsync ? "return;" : $"return {node.ReturnType}.CompletedTask;",
            "bool" => "return false;",
            "Task<bool>" or "ValueTask<bool>" when isAsync => "return false;",
            _ => null,
        };
        if (exit is not null && node.Body is { Statements.Count: > 0 } body
            && !node.ParameterList.Parameters.Any(parameter => parameter.Modifiers.Any(SyntaxKind.OutKeyword)))
        {
            TextSpan start = new(body.OpenBraceToken.Span.End, 0);
            Add(MutationKind.EarlyReturn, start, start, $" {exit}", isSwitchable: true);
        }
        base.VisitMethodDeclaration(node);
    }

    private static bool IsExit(StatementSyntax statement) => statement switch
    {
        BlockSyntax { Statements: [var only] } => IsExit(only),
        ReturnStatementSyntax or ThrowStatementSyntax or ContinueStatementSyntax or BreakStatementSyntax => true,
        _ => false,
    };

    private static bool DeclaresVariables(SyntaxNode condition) =>
        condition.DescendantNodesAndSelf().Any(node => node is SingleVariableDesignationSyntax);

    private static bool IsText(BinaryExpressionSyntax node) =>
        node.DescendantNodes()
            .Any(inner => inner.IsKind(SyntaxKind.StringLiteralExpression) || inner is InterpolatedStringExpressionSyntax);

    private static bool IsSpoken(ExpressionStatementSyntax node)
    {
        string call = node.Expression.ToString();
        return call.Split('.')[0].EndsWith("Log", StringComparison.Ordinal) || call.StartsWith("logger.", StringComparison.Ordinal)
            || call.StartsWith("Argument", StringComparison.Ordinal)
            || call.StartsWith("ObjectDisposedException.", StringComparison.Ordinal)
            || call.Contains("metrics.", StringComparison.OrdinalIgnoreCase);
    }

    private void Negate(ExpressionSyntax condition)
    {
        // The operator inside is mutated by itself, and a pattern's variables would be unassigned behind a negation.
        if (DeclaresVariables(condition) || condition is BinaryExpressionSyntax) return;
        string negated = condition is PrefixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.LogicalNotExpression } not
            ? not.Operand.ToString()
            : $"!({condition})";
        Add(MutationKind.Negation, condition, condition.Span, negated);
    }

    private void Add(MutationKind kind, SyntaxNode region, TextSpan span, string replacement) =>
        Add(kind, region.Span, span, replacement, CanSwitch(region));

    // The compiler wants a constant there; and a region that is written twice cannot declare its variables twice.
    private static bool CanSwitch(SyntaxNode region) =>
        !region.Ancestors().Any(node => node is PatternSyntax or SwitchLabelSyntax or ParameterSyntax)
        && !(region is ExpressionSyntax && DeclaresVariables(region));

    private void Add(MutationKind kind, TextSpan region, TextSpan span, string replacement, bool isSwitchable)
    {
        string original = text.Substring(span.Start, span.Length);
        int line = 1 + text.AsSpan(0, span.Start).Count('\n');
        found.Add(new Mutation(kind, file, line, span, replacement, original.Length == 0 ? LineAt(span.Start) : original, region,
            isSwitchable));
    }

    private string LineAt(int position) => text[(text.LastIndexOf('\n', position - 1) + 1)..position].Trim();
}
