using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Pipeline.Mutation;

/// <summary>
/// One source file with several mutations in it, each behind a switch that is off: <c>a &lt; b</c> becomes
/// <c>(On(7) ? a &lt;= b : a &lt; b)</c>. Everything is put before and behind what stands there, so mutations may lie in one another. A
/// constant that holds a mutated number becomes a property or a variable.
/// </summary>
internal sealed class SwitchedFile
{
    private readonly Dictionary<int, (int Start, int End)> places = [];

    /// <param name="text">The file as it is.</param>
    /// <param name="mutations">Those of this file, numbered from one; as a <see cref="MutatedNumber"/> where int does not fit.</param>
    public SwitchedFile(string text, IEnumerable<(int Id, Mutation Mutation, bool IsNumber)> mutations)
    {
        (int Id, Mutation Mutation, bool IsNumber)[] ordered =
            [.. mutations.OrderBy(one => one.Mutation.Region.Start).ThenBy(one => one.Mutation.Region.IsEmpty ? 0 : 1)
                .ThenByDescending(one => one.Mutation.Region.Length).ThenBy(one => one.Id)];
        SyntaxNode root = Parse(text);
        List<(int At, int Rank, int Length, string Text, int Id)> edits = [];
        for (int place = 0; place < ordered.Length; place++)
        {
            (int id, Mutation mutation, bool isNumber) = ordered[place];
            (string before, string after) = Switch(text, id, mutation, isNumber);
            // What ends at a place stands before what begins there, and the inner one ends first.
            edits.Add((mutation.Region.Start, 1 + place, 0, before, id));
            edits.Add((mutation.Region.End, mutation.Region.IsEmpty ? 1 + place : -place, 0, after, -id));
            if (IsOnce(root, mutation)) Once.Add(id);
            if (Declaration(root, mutation) is not { } declaration) continue;
            Constants[id] = declaration.Name;
            foreach ((TextSpan span, string instead) in declaration.Edits)
                if (!edits.Any(edit => edit.At == span.Start && edit.Length == span.Length))
                    edits.Add((span.Start, 0, span.Length, instead, 0));
        }
        Text = Apply(text, edits.OrderBy(edit => edit.At).ThenBy(edit => edit.Rank));
    }

    public string Text { get; }

    /// <summary>Names of the constants that are none any more, by the mutation's number.</summary>
    public Dictionary<int, string> Constants { get; } = [];

    /// <summary>Those that work once in a process, whichever test comes first.</summary>
    public HashSet<int> Once { get; } = [];

    /// <summary>
    /// Which mutations an error of the compiler may come from: the innermost around it, else those in the smallest part of its member that
    /// holds one. Empty where the member holds none.
    /// </summary>
    /// <param name="line">From one, in <see cref="Text"/>.</param>
    /// <param name="column">From one.</param>
    public IReadOnlyList<int> Blame(int line, int column)
    {
        SourceText source = SourceText.From(Text);
        int position = source.Lines[line - 1].Start + column - 1;
        int[] around = [.. places.Where(place => place.Value.Start <= position && position < place.Value.End)
            .OrderBy(place => place.Value.End - place.Value.Start).Select(place => place.Key).Take(1)];
        if (around.Length > 0) return around;
        for (SyntaxNode? node = Parse(Text).FindToken(position).Parent; node is not null; node = node.Parent)
        {
            if (node is BaseTypeDeclarationSyntax or BaseNamespaceDeclarationSyntax or CompilationUnitSyntax) break;
            int[] inside = [.. places.Where(place => node.Span.Contains(TextSpan.FromBounds(place.Value.Start, place.Value.End)))
                .Select(place => place.Key)];
            if (inside.Length > 0) return inside;
        }
        return [];
    }

    private static SyntaxNode Parse(string text) =>
        CSharpSyntaxTree.ParseText(text, CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Preview)).GetRoot();

    private static (string Before, string After) Switch(string text, int id, Mutation mutation, bool isNumber)
    {
        string on = $"global::{typeof(MutationSwitch).FullName}.{nameof(MutationSwitch.On)}({id})";
        return mutation.Kind switch
        {
            MutationKind.DroppedStatement or MutationKind.DroppedCheck => ($"if (!{on}) ", ""),
            MutationKind.RemovedAwait => ($"{{ if ({on}) {{ {mutation.Replacement}; }} else ", " }"),
            MutationKind.EarlyReturn => ($" if ({on}){mutation.Replacement}", ""),
            MutationKind.Constant when isNumber =>
                ($"global::{typeof(MutationSwitch).FullName}.{nameof(MutationSwitch.Number)}({id}, ", ")"),
            _ => ($"({on} ? {Region(text, mutation)} : ", ")"),
        };
    }

    private static string Region(string text, Mutation mutation) => string.Concat(
        text.AsSpan(mutation.Region.Start, mutation.Span.Start - mutation.Region.Start), mutation.Replacement,
        text.AsSpan(mutation.Span.End, mutation.Region.End - mutation.Span.End));

    private static bool IsOnce(SyntaxNode root, Mutation mutation) => root.FindToken(mutation.Region.Start).Parent!.Ancestors().Any(node =>
        node switch
        {
            FieldDeclarationSyntax field => field.Modifiers.Any(SyntaxKind.StaticKeyword),
            PropertyDeclarationSyntax { Initializer: not null } property => property.Modifiers.Any(SyntaxKind.StaticKeyword),
            ConstructorDeclarationSyntax constructor => constructor.Modifiers.Any(SyntaxKind.StaticKeyword),
            _ => false,
        });

    /// <summary>The constant that the mutation lies in, and what makes of it a value that is worked out at each use.</summary>
    private static (string Name, (TextSpan Span, string Instead)[] Edits)? Declaration(SyntaxNode root, Mutation mutation)
    {
        SyntaxNode? node = root.FindToken(mutation.Region.Start).Parent?.AncestorsAndSelf()
            .FirstOrDefault(one => one is FieldDeclarationSyntax or LocalDeclarationStatementSyntax or BaseMethodDeclarationSyntax);
        (SyntaxTokenList modifiers, VariableDeclarationSyntax? variable) = node switch
        {
            FieldDeclarationSyntax field => (field.Modifiers, field.Declaration),
            LocalDeclarationStatementSyntax local => (local.Modifiers, local.Declaration),
            _ => (default, null),
        };
        SyntaxToken keyword = modifiers.FirstOrDefault(token => token.IsKind(SyntaxKind.ConstKeyword));
        if (variable is not { Variables: [{ Initializer: { } value } only] } || !keyword.IsKind(SyntaxKind.ConstKeyword)) return null;
        return (only.Identifier.Text, node is FieldDeclarationSyntax
            ? [(keyword.Span, "static"), (value.EqualsToken.Span, "=>")]
            : [(keyword.Span, "")]);
    }

    private string Apply(string text, IEnumerable<(int At, int Rank, int Length, string Text, int Id)> edits)
    {
        StringBuilder result = new();
        int done = 0;
        foreach ((int at, _, int length, string added, int id) in edits)
        {
            result.Append(text, done, at - done);
            done = at + length;
            if (id > 0) places[id] = (result.Length, int.MaxValue);
            result.Append(added);
            if (id < 0) places[-id] = (places[-id].Start, result.Length);
        }
        return result.Append(text, done, text.Length - done).ToString();
    }
}
