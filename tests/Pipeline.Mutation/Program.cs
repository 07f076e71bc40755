using System.CommandLine;
using Pipeline.Mutation;

Option<int> seed = new("--seed")
{
    Description = "Chooses the sample; the same seed on the same tree draws the same mutations.",
    DefaultValueFactory = _ => 1
};
Option<int> count = new("--count") { Description = "How many mutations that compile are tried.", DefaultValueFactory = _ => 20 };
Option<string[]> folder = new("--folder") { Description = "Only files below this folder, from the root; may be given more than once." };
Option<int> distance = new("--distance") { Description = "Test projects that many references away run too.", DefaultValueFactory = _ => 1 };
Option<int> limit = new("--limit") { Description = "Seconds for one run of one test project.", DefaultValueFactory = _ => 600 };
Option<bool> list = new("--list") { Description = "Only lists what would be tried." };
Option<string[]> kind = new("--kind") { Description = "Only these: " + string.Join(", ", Enum.GetNames<MutationKind>()) + "." };
Argument<string> root = new("tree") { Description = "A copy of the tree. Its files are changed and put back." };

RootCommand command = new("Tries a random sample of semantic mutations against the tests that cover them.") { root, seed, count, folder,
    kind, distance, limit, list };
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
    Mutation[] drawn = [.. Sample.Draw(tree, folders, result.GetValue(seed)).Where(mutation => kinds.Contains(mutation.Kind))];
    if (drawn.Length == 0)
    {
        await Console.Error.WriteLineAsync(
            $"mutate: no mutation is possible below {string.Join(", ", folders)}; name a folder of product code, such as bot/Pipeline.Mls");
        return 2;
    }
    if (result.GetValue(list))
    {
        foreach (Mutation mutation in drawn.Take(result.GetValue(count))) Console.WriteLine(mutation);
        return 0;
    }
    Trial trial = new(tree, new TestMap(tree), result.GetValue(distance), TimeSpan.FromSeconds(result.GetValue(limit)));
    if (await trial.FindFailureAsync(drawn.Take(result.GetValue(count)).Select(mutation => mutation.File)) is { } broken)
    {
        await Console.Error.WriteLineAsync($"mutate: without any mutation a test fails already: {broken}");
        return 3;
    }
    return await Sample.TryAsync(drawn, result.GetValue(count), trial, cancellationToken);
});
return await command.Parse(args).InvokeAsync();
