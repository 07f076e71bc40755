using System.Globalization;

namespace Pipeline.RecordingApi.Http;

/// <summary>Seconds since the start of a recording, as addresses have them.</summary>
internal static class Seconds
{
    /// <returns>False where it is no such number; signs, exponents and words for numbers are none.</returns>
    public static bool TryRead(IQueryCollection query, string name, double byDefault, out double seconds)
    {
        string? text = query[name];
        seconds = byDefault;
        return string.IsNullOrEmpty(text)
            || (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out seconds)
                && seconds is >= 0 and <= Bounds.LastSecond);
    }

    public static IResult Refused() => Problems.Of(StatusCodes.Status400BadRequest, "Bad range",
        $"from and to are seconds since the start, such as 12.5, from 0 to {Bounds.LastSecond}, and to is not less than from");
}
