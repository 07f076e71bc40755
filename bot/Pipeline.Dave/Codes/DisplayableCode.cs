using System.Globalization;
using System.Text;

namespace Pipeline.Dave.Codes;

/// <summary>
/// Turns key material into digits that people can read to each other (DAVE protocol, "Displayable Codes"): each group of
/// n digits is n bytes, taken as a big-endian number modulo 10^n, padded with zeros.
/// </summary>
public static class DisplayableCode
{
    /// <summary>Digits of one group, and bytes that one group consumes.</summary>
    public const int GroupSize = 5;

    private const ulong GroupModulus = 100_000;

    /// <param name="data">At least as many bytes as digits are wanted.</param>
    /// <param name="digits">A multiple of <see cref="GroupSize"/>.</param>
    public static string From(ReadOnlySpan<byte> data, int digits)
    {
        if (digits % GroupSize != 0) throw new ArgumentException($"must be a multiple of {GroupSize}", nameof(digits));
        if (data.Length < digits) throw new ArgumentException("too short for the digits", nameof(data));
        StringBuilder code = new(digits);
        for (int at = 0; at < digits; at += GroupSize)
        {
            ulong number = 0;
            foreach (byte octet in data.Slice(at, GroupSize)) number = (number << 8) | octet;
            code.Append((number % GroupModulus).ToString("D5", CultureInfo.InvariantCulture));
        }
        return code.ToString();
    }

    /// <summary>The code with a space between groups, as the clients show it.</summary>
    public static string WithSpaces(string code) => string.Join(' ', code.Chunk(GroupSize).Select(group => new string(group)));
}
