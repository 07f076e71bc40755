using Microsoft.CodeAnalysis.Text;

namespace Pipeline.Mutation;

/// <summary>What a mutation does to a program.</summary>
internal enum MutationKind
{
    /// <summary><c>&lt;</c> becomes <c>&lt;=</c>, and so on.</summary>
    Boundary,

    /// <summary>A condition, an equality, a logical or an arithmetic operator becomes its opposite.</summary>
    Negation,

    /// <summary>A call or an assignment is left out.</summary>
    DroppedStatement,

    /// <summary>A number is one more.</summary>
    Constant,

    /// <summary>A method returns at its first line.</summary>
    EarlyReturn,

    /// <summary>A task is started and not waited for.</summary>
    RemovedAwait,

    /// <summary>An <c>if</c> that only returns or throws is left out.</summary>
    DroppedCheck,
}

/// <summary>One change to one file.</summary>
/// <param name="File">Path from the root of the tree, with <c>/</c>.</param>
/// <param name="Line">From one.</param>
/// <param name="Span">What is replaced, in characters of the file.</param>
/// <param name="Replacement">What stands there instead.</param>
/// <param name="Original">What stood there, on one line, for the report.</param>
/// <param name="Region">The expression or statement that is chosen or left by a switch; holds <paramref name="Span"/>.</param>
/// <param name="IsSwitchable">False where nothing can be decided at run time: patterns, labels, default values, declared variables.</param>
internal sealed record Mutation(
    MutationKind Kind, string File, int Line, TextSpan Span, string Replacement, string Original, TextSpan Region, bool IsSwitchable = true)
{
    /// <summary>The file's text with this mutation.</summary>
    public string ApplyTo(string text) => string.Concat(text.AsSpan(0, Span.Start), Replacement, text.AsSpan(Span.End));

    public override string ToString() => $"{File}:{Line} {Kind}: {Short(Original)} -> {Short(Replacement)}";

    private static string Short(string text)
    {
        string line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length == 0 ? "(nothing)" : line.Length <= 90 ? line : line[..87] + "...";
    }
}
