using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.Text;
using Pipeline.Mutation;
using Pipeline.TestKit;
using Change = Pipeline.Mutation.Mutation;

namespace Pipeline.Repository.Tests.Mutations;

/// <summary>Mutations of a tree of two projects, really built once and run.</summary>
public sealed class TrialTests : IDisposable
{
    private const string Product = """
        namespace Sum;
        public static class Adder
        {
            public const int Most = 100;
            public const int Label = 5;
            public static int Field = 3;
            public static int Add(int a, int b)
            {
                while (a > Most) a = a - 1;
                return a + b;
            }
            public static byte Small() => 7;
            public static bool IsLabel(object a, int b) => b < 9 && a is Label;
            public static int Unused() => 11;
        }
        """;

    private const string Tests = """
        namespace Sum.Tests;
        public sealed class AdderTests
        {
            [Xunit.Fact] public void Adds() => Xunit.Assert.Equal(102, Adder.Add(105, 2));
        }
        public sealed class OtherTests
        {
            [Xunit.Fact] public void Needs_no_trace() => Xunit.Assert.Null(System.Environment.GetEnvironmentVariable("MUTATION_TRACE"));
            [Xunit.Fact] public void Fails_once()
            {
                string mark = System.IO.Path.Combine(System.AppContext.BaseDirectory, "failed-once");
                if (Adder.Small() == 7 || System.IO.File.Exists(mark)) return;
                System.IO.File.WriteAllText(mark, "");
                Xunit.Assert.Fail("unsteady");
            }
            [Xunit.Fact] public void Is_small() => Xunit.Assert.True(Adder.Small() < 9 && Adder.IsLabel(5, 2) && Adder.Field > 0);
        }
        """;

    private static readonly TimeSpan longEnough = TimeSpan.FromMinutes(2);
    private readonly TempFolder tree = new();

    public TrialTests()
    {
        string props = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "Directory.Packages.props"));
        string xunit = Regex.Match(props, "<PackageVersion (Include=\"xunit.v3\" Version=\"[^\"]+\")").Groups[1].Value;
        Write("bot/Sum/Sum.csproj", Project("", ""));
        Write("bot/Sum/Adder.cs", Product);
        Write("tests/Sum.Tests/Sum.Tests.csproj", Project(
            "<OutputType>Exe</OutputType><UseMicrosoftTestingPlatformRunner>true</UseMicrosoftTestingPlatformRunner>",
            $"<ItemGroup><ProjectReference Include=\"../../bot/Sum/Sum.csproj\" /><PackageReference {xunit} /></ItemGroup>"));
        Write("tests/Sum.Tests/Tests.cs", Tests);
        Write("tests/Other.Tests/Other.Tests.csproj", Project("", ""));
    }

    public void Dispose() => tree.Dispose();

    [Fact]
    public async Task Mutations_are_killed_survive_hang_or_do_not_compile_in_one_build_and_the_file_is_put_back()
    {
        Trial trial = Make(Mutate("a + b", "a - b"), Mutate("100", "101", MutationKind.Constant), Mutate("a - 1", "a + 0"),
            Mutate("7", "8", MutationKind.Constant), Mutate("3", "4", MutationKind.Constant), Mutate("11", "12", MutationKind.Constant),
            Mutate("a > Most", "a > Nothing"), Mutate("5", "6", MutationKind.Constant),
            Mutate("b < 9", "b <= 9", MutationKind.Boundary));
        Assert.Null(await trial.PrepareAsync(longEnough));
        Assert.Equal(Product, File.ReadAllText(tree.Combine("bot/Sum/Adder.cs")));
        Assert.False(File.Exists(tree.Combine("bot/Sum/MutationSwitch.cs")));

        Assert.Equal((TrialResult.Killed, "Sum.Tests.AdderTests.Adds"), await trial.RunAsync(1));
        Assert.Equal((TrialResult.Killed, "Sum.Tests.AdderTests.Adds"), await trial.RunAsync(2));
        Assert.Equal((TrialResult.Survived, "Sum.Tests"), await trial.RunAsync(4)); // one test fails, and passes when it is asked again
        Assert.Equal((TrialResult.Survived, "Sum.Tests"), await trial.RunAsync(5));
        Assert.Equal((TrialResult.Survived, "any test: none comes by"), await trial.RunAsync(6));
        Assert.Equal(TrialResult.NotCompiled, (await trial.RunAsync(7)).Result);
        Assert.Equal(TrialResult.NotCompiled, (await trial.RunAsync(8)).Result);
        Assert.Equal((TrialResult.Survived, "Sum.Tests"), await trial.RunAsync(9)); // beside the label that has to be a constant

        trial.Slack = TimeSpan.FromSeconds(1);
        (TrialResult hung, string by) = await trial.RunAsync(3);
        Assert.Equal((TrialResult.TimedOut, true), (hung, by.StartsWith("Sum.Tests after ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Test_that_fails_without_a_mutation_is_named_and_notices_nothing()
    {
        Write("bot/Sum/Adder.cs", Product.Replace("a + b", "a * b", StringComparison.Ordinal));
        Trial trial = Make(Mutate("100", "101"), Mutate("b < 9", "b > 9"));
        Assert.Null(await trial.PrepareAsync(longEnough));
        Assert.Equal(["Sum.Tests.AdderTests.Adds"], trial.LeftOut);
        Assert.Equal((TrialResult.Survived, "Sum.Tests"), await trial.RunAsync(1));
        Assert.Equal(TrialResult.Killed, (await trial.RunAsync(2)).Result);
    }

    [Fact]
    public async Task Nothing_is_tried_where_many_tests_fail_without_a_mutation()
    {
        IEnumerable<string> tests = Enumerable.Range(0, 11)
            .Select(number => $"[Xunit.Fact] public void Fails{number}() => Xunit.Assert.Fail();");
        Write("tests/Sum.Tests/Tests.cs", $"namespace Sum.Tests; public sealed class AdderTests {{ {string.Concat(tests)} }}");
        string? broken = await Make(Mutate("100", "101")).PrepareAsync(longEnough);
        Assert.StartsWith("Sum.Tests: Sum.Tests.AdderTests.Fails", broken, StringComparison.Ordinal);
    }

    [Fact]
    public void Baseline_is_read_from_what_a_run_prints_and_short_classes_run_first()
    {
        Baseline baseline = Read(
            (600, "passed A.Long.One(a: \"(1.5)\") (1m 02s 003ms)"), (610, "passed A.Short.One (5ms)"), (620, "passed A.Long.Two (1s 0ms)"),
            (700, "passed A.Late.One (2s 0ms)"), (900, "passed A.Last.One (3s 0ms)"), (950, "skipped A.Never.One (1ms)"));
        Assert.Equal(["--filter-class A.Short 0.005", "--filter-class A.Long 63.003"], Runs(1, false));
        Assert.Equal(["--filter-class A.Short 0.005", "--filter-class A.Long 63.003", "--filter-namespace A 300"], Runs(1, true));
        // A second in which none was under way; the first and the last at which one was; one that is known already.
        Assert.Equal(["--filter-namespace A 300"], Runs(2, false));
        Assert.Equal(["--filter-class A.Late 2", "--filter-namespace A 300"], Runs(3, false));
        Assert.Equal(["--filter-class A.Late 2", "--filter-namespace A 300"], Runs(4, false));
        Assert.Equal(["--filter-class A.Last 3", "--filter-namespace A 300"], Runs(5, false));
        Assert.Equal(["--filter-namespace A 300"], Runs(6, false)); // half of all were
        Assert.Empty(Runs(7, true));

        static Baseline Read(params (int Second, string Line)[] output) => new(
            output.Select(one => (DateTimeOffset.FromUnixTimeSeconds(one.Second), one.Line)), TimeSpan.FromMinutes(5),
            new[]
            {
                (1, "A.Long"), (1, "A.Short"), (2, "*682"), (2, "*706"), (3, "*683"), (4, "*705"), (5, "A.Last"), (5, "*900"), (6, "*600"),
            }.ToLookup(pair => pair.Item1, pair => pair.Item2),
            ["--filter-namespace", "A"]);

        string[] Runs(int id, bool isOnce) => [.. baseline.Runs(id, isOnce).Select(run => string.Create(
            CultureInfo.InvariantCulture, $"{string.Join(' ', run.Filter)} {run.Time.TotalSeconds}"))];
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
    public void Tree_without_the_mark_of_a_copy_is_none()
    {
        Assert.False(Sample.IsCopy(tree.Path));
        Write(Sample.CopyMark, "");
        Assert.True(Sample.IsCopy(tree.Path));
    }

    private static string Project(string properties, string items) => "<Project Sdk=\"Microsoft.NET.Sdk\">"
        + $"<PropertyGroup><TargetFramework>net10.0</TargetFramework>"
        + $"<ImplicitUsings>enable</ImplicitUsings>{properties}</PropertyGroup>{items}</Project>";

    private static Change Mutate(string original, string replacement, MutationKind kind = MutationKind.Negation)
    {
        TextSpan span = new(Product.IndexOf(original, StringComparison.Ordinal), original.Length);
        return new Change(kind, "bot/Sum/Adder.cs", 1, span, replacement, original, span);
    }

    private Trial Make(params Change[] mutations) =>
        new(tree.Path, new TestMap(tree.Path), distance: 1, mutations, tests: []) { Slack = longEnough };

    private void Write(string name, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(tree.Combine(name))!);
        File.WriteAllText(tree.Combine(name), content);
    }
}
