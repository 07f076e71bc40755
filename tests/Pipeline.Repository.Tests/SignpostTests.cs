using System.Text.RegularExpressions;
using Pipeline.TestKit;

namespace Pipeline.Repository.Tests;

/// <summary>What CONTRIBUTING points at is there.</summary>
public sealed partial class SignpostTests
{
    private static readonly string Text = File.ReadAllText(RepositoryRoot.Combine(".github/CONTRIBUTING.md"));

    [Fact]
    public void Paths_are_there()
    {
        string[] paths = [.. Path().Matches(Text).Select(match => match.Groups[1].Value).Distinct()];
        Assert.True(paths.Length > 15, $"{paths.Length} paths found: the pattern does not fit any more");
        Assert.DoesNotContain(paths, path => !File.Exists(RepositoryRoot.Combine(path)) && !Directory.Exists(RepositoryRoot.Combine(path)));
    }

    [Fact]
    public void Members_stand_in_their_files()
    {
        (string File, string Member)[] members = [.. Members().Matches(Text).SelectMany(match =>
            match.Groups[2].Captures.Select(member => (match.Groups[1].Value, member.Value)))];
        Assert.True(members.Length >= 9, $"{members.Length} members found: the pattern does not fit any more");
        Assert.DoesNotContain(members, signpost => !Regex.IsMatch(File.ReadAllText(RepositoryRoot.Combine(signpost.File)),
            $@"\b(public|private|internal) [\w<>\[\], ]*\b{signpost.Member}\b"));
    }

    [GeneratedRegex("`((?:bot|functions|shared|tests|infra|bicep)/[\\w./]*[\\w/])`")]
    private static partial Regex Path();

    // `file.cs`: `One` and `Two`
    [GeneratedRegex("`([\\w./]+\\.cs)`: `(\\w+)`(?: and `(?<2>\\w+)`)*")]
    private static partial Regex Members();
}
