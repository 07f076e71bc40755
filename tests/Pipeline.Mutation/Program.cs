using System.CommandLine;
using System.CommandLine.Parsing;
using Pipeline.Mutation;

Option<int[]> seed = new("--seed")
{
    Description = "Chooses the sample; the same on the same tree draws the same mutations. May be given more than once: one build for all.",
    DefaultValueFactory = _ => [1]
};
Option<int> count = new("--count") { Description = "How many that compile are tried of each seed.", DefaultValueFactory = _ => 20 };
Option<string[]> folder = new("--folder") { Description = "Only files below this folder, from the root; may be given more than once." };
Option<int> distance = new("--distance") { Description = "Test projects that many references away run too.", DefaultValueFactory = _ => 1 };
Option<int> slack = new("--slack")
{
    Description = "A run may take three times what it takes without a mutation, and so many seconds.",
    DefaultValueFactory = _ => 30
};
Option<string[]> tests = new("--tests")
{
    Description = "Only tests of this namespace, such as Pipeline.Bot.Tests.Capture; may be given more than once."
};
Option<bool> isLong = new("--long") { Description = "With the tests that only infra/test.sh --long runs." };
Option<int> atOnce = new("--at-once")
{
    Description = "So many test projects run beside each other, 1 to 8.",
    DefaultValueFactory = _ => 2
};
Option<bool> list = new("--list") { Description = "Only lists what would be tried." };
Option<string[]> kind = new("--kind") { Description = "Only these: " + string.Join(", ", Enum.GetNames<MutationKind>()) + "." };
Argument<string> root = new("tree") { Description = "A copy of the tree. Its files are changed and put back." };

atOnce.Validators.Add(result =>
{
    if (result.Tokens is [{ Value: string value }, ..] && !(int.TryParse(value, out int number) && number is >= 1 and <= 8))
        result.AddError($"--at-once: '{value}' is not allowed, expected 1 to 8");
});

RootCommand command = new("Tries a random sample of semantic mutations against the tests that cover them.") { root, seed, count, folder,
    kind, distance, tests, slack, atOnce, isLong, list };
command.SetAction(async (result, cancellationToken) =>
{
    string tree = Path.GetFullPath(result.GetValue(root)!);
    if (!Sample.IsCopy(tree))
    {
        await Console.Error.WriteLineAsync($"mutate: {tree} is no copy made by infra/mutate.sh; sources are changed only in one");
        return 2;
    }
    MutationKind[] kinds = Enum.GetValues<MutationKind>();
    if (result.GetValue(kind) is { Length: > 0 } names)
    {
        if (names.FirstOrDefault(name => !Enum.TryParse<MutationKind>(name, ignoreCase: true, out _)) is { } unknown)
        {
            await Console.Error.WriteLineAsync($"mutate: --kind: '{unknown}' is not allowed, expected one of {string.Join(", ", kinds)}");
            return 2;
        }
        kinds = [.. names.Select(name => Enum.Parse<MutationKind>(name, ignoreCase: true))];
    }
    string[] folders = result.GetValue(folder) is { Length: > 0 } asked ? asked : ["bot", "functions", "shared"];
    int[] seeds = result.GetValue(seed)!;
    ILookup<bool, Mutation> possible = Sample.Draw(tree, folders, seeds[0]).Where(mutation => kinds.Contains(mutation.Kind))
        .ToLookup(mutation => mutation.IsSwitchable);
    if (!possible[true].Any())
    {
        await Console.Error.WriteLineAsync(
            $"mutate: no mutation is possible below {string.Join(", ", folders)}; name a folder of product code, such as bot/Pipeline.Mls");
        return 2;
    }
    Console.WriteLine($"{possible[true].Count()} mutations are possible; {possible[false].Count()} more lie where nothing can be decided "
        + "at run time (patterns, labels, default values, beside declared variables) and are not drawn");
    (int Seed, Mutation[] Drawn)[] samples = [.. seeds.Select(one => (one, Sample.Enough(
        Sample.Draw(tree, folders, one).Where(mutation => mutation.IsSwitchable && kinds.Contains(mutation.Kind)),
        result.GetValue(count))))];
    if (result.GetValue(list))
    {
        foreach (Mutation mutation in samples.SelectMany(one => one.Drawn.Take(result.GetValue(count)))) Console.WriteLine(mutation);
        return 0;
    }
    List<Mutation> all = [.. samples.SelectMany(one => one.Drawn).Distinct()];
    string[] filter = [.. (result.GetValue(tests) ?? []).SelectMany(name => (string[])["--filter-namespace", name])];
    Trial trial = new(tree, new TestMap(tree), result.GetValue(distance), all, filter)
    {
        Slack = TimeSpan.FromSeconds(result.GetValue(slack)),
        AtOnce = result.GetValue(atOnce),
        IsLong = result.GetValue(isLong)
    };
    if (await trial.PrepareAsync(TimeSpan.FromMinutes(30)) is { } broken)
    {
        await Console.Error.WriteLineAsync($"mutate: nothing can be tried, because this fails without any mutation: {broken}");
        return 3;
    }
    foreach (string test in trial.LeftOut) Console.WriteLine($"not asked, because it fails without any mutation: {test}");
    bool isNoticed = true;
    foreach ((int one, Mutation[] drawn) in samples)
        isNoticed &= await Sample.TryAsync(
            one, drawn.Select(mutation => (1 + all.IndexOf(mutation), mutation)), result.GetValue(count), trial, cancellationToken);
    return isNoticed ? 0 : 1;
});
ParseResult parsed = command.Parse(args);
if (parsed.Errors.Count == 0) return await parsed.InvokeAsync();
foreach (ParseError error in parsed.Errors) await Console.Error.WriteLineAsync($"mutate: {error.Message}");
return 2;
