using Microsoft.CodeAnalysis.Text;
using Pipeline.Mutation;
using Pipeline.TestKit;
using Change = Pipeline.Mutation.Mutation;

namespace Pipeline.Repository.Tests.Mutations;

/// <summary>
/// Mutations of a tree of two projects, really built and run: its product adds, its test program says by its exit code whether it adds
/// rightly.
/// </summary>
public sealed class TrialTests : IDisposable
{
    private const string Product = "namespace Sum;\npublic static class Adder\n{\n    public static int Unused = 3;\n"
        + "    public static int Add(int a, int b)\n    {\n        while (a > 100) a = a - 1;\n        return a + b;\n    }\n}\n";

    private readonly TempFolder tree = new();

    public TrialTests()
    {
        Write("bot/Sum/Sum.csproj", Project("", ""));
        Write("bot/Sum/Adder.cs", Product);
        Write("tests/Sum.Tests/Sum.Tests.csproj", Project("<OutputType>Exe</OutputType>",
            "<ItemGroup><ProjectReference Include=\"../../bot/Sum/Sum.csproj\" /></ItemGroup>"));
        Write("tests/Sum.Tests/Program.cs", "bool right = Sum.Adder.Add(105, 2) == 102;\n"
            + "System.Console.WriteLine(right ? \"passed Sum\" : \"failed Sum (1ms)\");\nreturn right ? 0 : 2;\n");
        Write("tests/Other.Tests/Other.Tests.csproj", Project("", ""));
    }

    public void Dispose() => tree.Dispose();

    [Fact]
    public async Task Mutations_are_killed_survive_hang_or_do_not_compile_and_the_file_is_put_back()
    {
        Trial trial = Make(TimeSpan.FromSeconds(20));
        Assert.Null(await trial.FindFailureAsync(["bot/Sum/Adder.cs"]));

        Assert.Equal((TrialResult.Killed, "Sum"), await trial.RunAsync(Mutate("a + b", "a - b")));
        Assert.Equal((TrialResult.Survived, "Sum.Tests"), await trial.RunAsync(Mutate("3", "4")));
        Assert.Equal(TrialResult.NotCompiled, (await trial.RunAsync(Mutate("a + b", "a + \"\""))).Result);
        Assert.Equal(Product, File.ReadAllText(tree.Combine("bot/Sum/Adder.cs")));

        (TrialResult hung, string by) = await Make(TimeSpan.FromSeconds(2)).RunAsync(Mutate("a - 1", "a + 0"));
        Assert.Equal((TrialResult.TimedOut, true), (hung, by.StartsWith("Sum.Tests after 2 s", StringComparison.Ordinal)));
        Assert.Equal(Product, File.ReadAllText(tree.Combine("bot/Sum/Adder.cs")));
    }

    [Fact]
    public async Task Test_that_fails_without_a_mutation_is_named_first()
    {
        Write("bot/Sum/Adder.cs", Product.Replace("a + b", "a * b", StringComparison.Ordinal));
        Assert.Equal("Sum.Tests: Sum", await Make(TimeSpan.FromSeconds(20)).FindFailureAsync(["bot/Sum/Adder.cs"]));
    }

    [Fact]
    public void Tests_are_those_that_refer_to_the_project_nearest_first()
    {
        Write("tests/Far.Tests/Far.Tests.csproj", Project("",
            "<ItemGroup><ProjectReference Include=\"..\\Sum.Tests\\Sum.Tests.csproj\" /></ItemGroup>"));
        TestMap map = new(tree.Path);
        Assert.Equal(["Sum.Tests"], map.For("bot/Sum/Adder.cs", distance: 1));
        Assert.Equal(["Sum.Tests", "Far.Tests"], map.For("bot/Sum/Adder.cs", distance: 2));
    }

    [Fact]
    public void Sample_is_the_same_for_a_seed_and_leaves_built_files_out()
    {
        Write("bot/Sum/obj/Generated.cs", Product);
        Change[] first = Sample.Draw(tree.Path, ["bot"], seed: 1);
        Assert.Equal(first, Sample.Draw(tree.Path, ["bot"], seed: 1));
        Assert.NotEqual(first, Sample.Draw(tree.Path, ["bot"], seed: 2));
        Assert.All(first, mutation => Assert.Equal("bot/Sum/Adder.cs", mutation.File));
        Assert.Empty(Sample.Draw(tree.Path, ["functions"], seed: 1));
    }

    [Fact]
    public void Checkout_is_no_copy()
    {
        Assert.False(Sample.IsCopy(RepositoryRoot.Path));
        Write(Sample.CopyMark, "");
        Assert.True(Sample.IsCopy(tree.Path));
    }

    private static string Project(string properties, string items) => "<Project Sdk=\"Microsoft.NET.Sdk\">"
        + $"<PropertyGroup><TargetFramework>net10.0</TargetFramework>{properties}</PropertyGroup>{items}</Project>";

    private static Change Mutate(string original, string replacement) => new(MutationKind.Negation, "bot/Sum/Adder.cs", 1,
        new TextSpan(Product.IndexOf(original, StringComparison.Ordinal), original.Length), replacement, original);

    private Trial Make(TimeSpan limit) => new(tree.Path, new TestMap(tree.Path), distance: 1, limit);

    private void Write(string name, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(tree.Combine(name))!);
        File.WriteAllText(tree.Combine(name), content);
    }
}
