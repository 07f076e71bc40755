using System.CommandLine;
using System.Globalization;
using System.Numerics;

namespace Pipeline.Demo;

/// <summary>Options of the runs that are numbers: their range stands in the help and in the error.</summary>
internal static class RunArguments
{
    /// <param name="name">With its dashes.</param>
    /// <param name="description">Without the range.</param>
    /// <param name="unit">May stand behind the number; null where there is none.</param>
    public static Option<T> Number<T>(string name, string description, T usual, T least, T most, string? unit = null)
        where T : INumber<T>
    {
        string range = string.Create(CultureInfo.InvariantCulture, $"{least} to {most}");
        return new Option<T>(name)
        {
            Description = $"{description}, {range}{(unit is null ? "" : $", with or without {unit}")}",
            DefaultValueFactory = _ => usual,
            CustomParser = given =>
            {
                string text = given.Tokens[0].Value;
                string digits = unit is not null && text.EndsWith(unit, StringComparison.Ordinal) ? text[..^unit.Length] : text;
                if (T.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out T? value) && value >= least && value <= most)
                    return value;
                given.AddError($"{name} is '{text}'; use {range}{(unit is null ? "" : $", such as {usual} or {usual}{unit}")}");
                return usual;
            },
        };
    }
}
