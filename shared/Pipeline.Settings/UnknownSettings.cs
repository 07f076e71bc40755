using System.Globalization;
using System.Text.RegularExpressions;

namespace Pipeline.Settings;

/// <summary>Finds names that look like settings of ours and are none: a misspelt setting would otherwise never be noticed.</summary>
public static partial class UnknownSettings
{
    /// <summary>Stands in a declared name for the number of one of several.</summary>
    internal const string AnyNumber = "__N__";

    /// <summary>The names that a declared one stands for: itself, or itself with each number.</summary>
    internal static IEnumerable<string> NamesOf(string declared) => !declared.Contains(AnyNumber, StringComparison.Ordinal) ? [declared]
        : Enumerable.Range(0, 16).Select(number =>
            declared.Replace(AnyNumber, string.Create(CultureInfo.InvariantCulture, $"__{number}__"), StringComparison.Ordinal));

    /// <summary>One line for each such name, in the order of the names.</summary>
    /// <param name="known">Every setting of the product: the two programs often share one environment.</param>
    /// <param name="prefixes">Beginnings that only our names have, in any case.</param>
    public static IReadOnlyList<SettingProblem> Find(SettingSources sources, IReadOnlyList<Setting> known, IReadOnlyList<string> prefixes)
    {
        HashSet<string> names = new(known.Select(setting => setting.Name), StringComparer.OrdinalIgnoreCase);
        return
        [
            .. from found in sources.Names()
               where !names.Contains(Number().Replace(found.Name, AnyNumber))
                   && prefixes.Any(prefix => found.Name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
               orderby found.Name
               select new SettingProblem(found.Name, Describe(found.Name, found.Source, known)),
        ];
    }

    private static string Describe(string name, string source, IReadOnlyList<Setting> known)
    {
        string place = source == SettingSources.Environment ? "" : $" ({source})";
        (int distance, Setting nearest) = known.Select(setting => (EditDistance(Number().Replace(name, AnyNumber), setting.Name), setting))
            .MinBy(pair => pair.Item1);
        // A quarter of the letters: a missing unit or a doubled underscore is a slip, more is another word.
        return distance <= Math.Max(2, name.Length / 4)
            ? $"{name}{place} is not a setting; did you mean {nearest.Name}?"
            : $"{name}{place} is not a setting; remove it, or look up its name in README";
    }

    /// <summary>Letters to insert, remove, replace or swap with their neighbour, case aside (optimal string alignment).</summary>
    private static int EditDistance(string first, string second)
    {
        int[,] cost = new int[first.Length + 1, second.Length + 1];
        for (int row = 0; row <= first.Length; row++) cost[row, 0] = row;
        for (int column = 0; column <= second.Length; column++) cost[0, column] = column;
        for (int row = 1; row <= first.Length; row++)
        {
            for (int column = 1; column <= second.Length; column++)
            {
                int replaced = cost[row - 1, column - 1] + (Same(first[row - 1], second[column - 1]) ? 0 : 1);
                int best = Math.Min(replaced, Math.Min(cost[row - 1, column], cost[row, column - 1]) + 1);
                bool swapped = row > 1 && column > 1 && Same(first[row - 1], second[column - 2])
                    && Same(first[row - 2], second[column - 1]);
                cost[row, column] = swapped ? Math.Min(best, cost[row - 2, column - 2] + 1) : best;
            }
        }
        return cost[first.Length, second.Length];
    }

    private static bool Same(char one, char other) => char.ToUpperInvariant(one) == char.ToUpperInvariant(other);

    [GeneratedRegex("__([0-9]|1[0-5])__")]
    private static partial Regex Number();
}
