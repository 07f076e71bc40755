using System.Collections.Concurrent;

namespace Pipeline.Mutation;

/// <summary>Draws mutations and tries them one after the other.</summary>
internal static class Sample
{
    /// <summary>Lies in a tree that may be changed, where no test of the tree itself looks.</summary>
    public const string CopyMark = ".git/copy-for-mutations";

    public static bool IsCopy(string tree) => File.Exists(Path.Combine(tree, CopyMark));

    /// <summary>Every mutation below the folders, in the order in which the seed draws them.</summary>
    public static Mutation[] Draw(string tree, string[] folders, int seed)
    {
        Mutation[] all = [.. folders
            .Select(folder => Path.Combine(tree, folder))
            .Where(Directory.Exists)
            .SelectMany(path => Directory.EnumerateFiles(path, "*.cs", SearchOption.AllDirectories))
            .Select(path => Path.GetRelativePath(tree, path).Replace(Path.DirectorySeparatorChar, '/'))
            .Where(file => !file.Split('/').Any(part => part is "bin" or "obj"))
            .Order(StringComparer.Ordinal)
            .SelectMany(file => MutationFinder.Find(file, File.ReadAllText(Path.Combine(tree, file))))];
        new Random(seed).Shuffle(all);
        return all;
    }

    /// <summary>The first that may be needed for so many that compile: one in four is refused at most.</summary>
    public static Mutation[] Enough(IEnumerable<Mutation> drawn, int count) => [.. drawn.Take(count + (count / 3) + 5)];

    /// <summary>Tries until enough of a seed's mutations have compiled. True where all were noticed.</summary>
    /// <param name="drawn">With their numbers.</param>
    public static async Task<bool> TryAsync(
        int seed, IEnumerable<(int Id, Mutation Mutation)> drawn, int count, Trial trial, CancellationToken cancellationToken)
    {
        (int Id, Mutation Mutation)[] compiled = [.. drawn.Where(one => trial.Compiles(one.Id)).Take(count)];
        ConcurrentBag<(Mutation Mutation, TrialResult Result)> ended = [];
        ParallelOptions options = new() { MaxDegreeOfParallelism = trial.AtOnce };
        await Parallel.ForEachAsync(compiled.Index(), options, async (one, _) =>
        {
            if (cancellationToken.IsCancellationRequested) return;
            (TrialResult result, string by) = await trial.RunAsync(one.Item.Id);
            ended.Add((one.Item.Mutation, result));
            Console.WriteLine($"{one.Index + 1,3} {Word(result),-9} {one.Item.Mutation}\n"
                + $"    {(result == TrialResult.Survived ? "not noticed by" : "by")} {by}");
        });
        (Mutation Mutation, TrialResult Result)[] tried = [.. ended];
        int survived = tried.Count(one => one.Result == TrialResult.Survived);
        int hung = tried.Count(one => one.Result == TrialResult.TimedOut);
        Console.WriteLine();
        foreach ((Mutation mutation, _) in tried.Where(one => one.Result == TrialResult.Survived))
            Console.WriteLine($"survived {mutation}");
        Console.WriteLine(
            $"seed {seed}: {tried.Length - survived - hung} killed, {survived} survived, {hung} timed out: "
            + $"{(tried.Length == 0 ? 0 : 100.0 * (tried.Length - survived) / tried.Length):0} of 100 noticed");
        return survived == 0 && tried.Length > 0;
    }

    private static string Word(TrialResult result) => result switch
    {
        TrialResult.Killed => "killed",
        TrialResult.Survived => "survived",
        _ => "timed out",
    };
}
