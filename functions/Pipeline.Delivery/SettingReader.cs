using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Pipeline.Delivery;

/// <summary>Reads settings under their environment names (<c>A__B</c>); an empty value counts as absent.</summary>
public sealed class SettingReader(IConfiguration configuration)
{
    /// <summary>Null where it is absent or blank.</summary>
    public string? Text(string name) =>
        configuration[name.Replace("__", ":", StringComparison.Ordinal)] is { } value && !string.IsNullOrWhiteSpace(value) ? value.Trim()
        : null;

    public int? Number(string name, int minimum, int maximum)
    {
        if (Text(name) is not { } text) return null;
        return int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out int value) && value >= minimum && value <= maximum
            ? value
            : throw new InvalidSettingException(name, text,
            string.Create(CultureInfo.InvariantCulture, $"a whole number from {minimum} to {maximum}"));
    }

    public bool? Flag(string name) => Text(name)?.ToUpperInvariant() switch
    {
        null => null,
        "TRUE" or "1" or "YES" or "ON" => true,
        "FALSE" or "0" or "NO" or "OFF" => false,
        _ => throw new InvalidSettingException(name, Text(name), "true or false"),
    };

    public Uri? Address(string name)
    {
        if (Text(name) is not { } text) return null;
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https" && address.Query.Length == 0
            ? address
            : throw new InvalidSettingException(name, WithoutQuery(text), "an absolute http or https address without a query");
    }

    /// <summary>An address, or <c>off</c> for none.</summary>
    public Uri? AddressOrOff(string name) => string.Equals(Text(name), "off", StringComparison.OrdinalIgnoreCase) ? null : Address(name);

    /// <summary>The name of a header that a request may have.</summary>
    public string? HeaderName(string name)
    {
        if (Text(name) is not { } text) return null;
        using HttpRequestMessage request = new();
        return request.Headers.TryAddWithoutValidation(text, "") ? text
            : throw new InvalidSettingException(name, text, "the name of a request's header, such as x-functions-key");
    }

    /// <summary>One of some words, in any case.</summary>
    public string? Word(string name, params string[] words)
    {
        if (Text(name) is not { } text) return null;
        return words.Contains(text, StringComparer.OrdinalIgnoreCase) ? text
            : throw new InvalidSettingException(name, text, string.Join(" or ", words));
    }

    /// <summary>
    /// <c>hh:mm:ss</c>, a number with a unit (<c>500ms</c>, <c>30s</c>, <c>10m</c>, <c>12h</c>, <c>1d</c>), or a number alone.
    /// </summary>
    /// <param name="unit">Unit of a number alone.</param>
    public TimeSpan? Time(string name, TimeSpan minimum, TimeSpan maximum, string unit = "ms")
    {
        if (Text(name) is not { } text) return null;
        return TryTime(text, unit, out TimeSpan value) && value >= minimum && value <= maximum
            ? value
            : throw new InvalidSettingException(name, text,
            string.Create(CultureInfo.InvariantCulture,
            $"a time from {minimum} to {maximum}, such as 00:10:00 or 10m; a number alone is in {unit}"));
    }

    // A query may be a signature, which is a secret.
    private static string WithoutQuery(string text) =>
        text.IndexOf('?', StringComparison.Ordinal) is var query and >= 0 ? text[..query] + "?…" : text;

    private static bool TryTime(string text, string unit, out TimeSpan value)
    {
        value = default;
        if (text.Contains(':', StringComparison.Ordinal)) return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out value);
        string digits = text.TrimEnd("dhmsDHMS ".ToCharArray());
        string given = text[digits.Length..].Trim();
        double? milliseconds = (given.Length == 0 ? unit : given).ToUpperInvariant() switch
        {
            "MS" => 1,
            "S" => 1_000,
            "M" => 60_000,
            "H" => 3_600_000,
            "D" => 86_400_000,
            _ => null,
        };
        if (milliseconds is null
            || !double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)) return false;
        // "NaN" is a number to the parser, and smaller than nothing.
        if (!(number * milliseconds.Value <= TimeSpan.MaxValue.TotalMilliseconds / 2)) return false;
        value = TimeSpan.FromMilliseconds(number * milliseconds.Value);
        return true;
    }
}
