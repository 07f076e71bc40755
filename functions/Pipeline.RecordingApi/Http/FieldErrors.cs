using System.Globalization;
using Pipeline.Contracts;

namespace Pipeline.RecordingApi.Http;

/// <summary>Collects what is wrong with a request, by field, in the words of the contract.</summary>
internal sealed class FieldErrors
{
    // A hostile list must not be answered with a longer one.
    private const int MostErrors = 50;

    private readonly Dictionary<string, string[]> errors = [];

    public bool Any => errors.Count > 0;

    public bool IsFull => errors.Count >= MostErrors;

    public IReadOnlyDictionary<string, string[]> ByField => errors;

    public IResult ToProblem() => Problems.Invalid(errors);

    public static Dictionary<string, string[]> One(string field, string fault) => new() { [field] = [fault] };

    /// <summary>The query's <c>limit</c>: how many entries a caller wants.</summary>
    public int Limit(IQueryCollection query, int byDefault, int most)
    {
        if (query["limit"].Count == 0) return byDefault;
        if (query["limit"] is [{ } text] && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int limit)
            && limit >= 1 && limit <= most) return limit;
        Add("limit", $"must be a number from 1 to {most}");
        return byDefault;
    }

    public void Add(string field, string fault)
    {
        if (!IsFull) errors.TryAdd(field, [fault]);
    }

    /// <summary>A UUID in its 36-character form.</summary>
    public RecordingId Session(string field, string? value)
    {
        if (!RecordingId.TryParse(value, out RecordingId id)) Add(field, value is null ? "is required" : "must be a UUID");
        return id;
    }

    /// <summary>An id of Discord: a decimal string.</summary>
    public void Snowflake(string field, string? value)
    {
        if (value is null) Add(field, "is required");
        else if (!IsSnowflake(value)) Add(field, "must be a decimal string without a leading zero");
    }

    /// <summary>
    /// With a zero before it, or a NUL behind it, which the parser passes over, a person would have a second name, and who is erased is
    /// looked for by the first.
    /// </summary>
    public static bool IsSnowflake(string value) =>
        !value.StartsWith('0') && value.All(char.IsAsciiDigit)
            && ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    /// <summary>Characters as a reader counts them, of which something is left when it is cleaned.</summary>
    public void Name(string field, string? value)
    {
        if (value is null) Add(field, "is required");
        else if (Bounds.Clean(value) is null || IsTooLong(field, value)) Add(field, Length(field));
    }

    /// <summary>Optional; empty for none.</summary>
    public void Title(string field, string? value)
    {
        if (value is not null && IsTooLong(field, value)) Add(field, Length(field));
    }

    /// <summary>Required, within its bounds.</summary>
    public void Number(string field, long? value)
    {
        if (value is null) Add(field, "is required");
        else OptionalNumber(field, value);
    }

    public void OptionalNumber(string field, long? value)
    {
        Bound bound = Bounds.Of(field);
        if (value < bound.Least) Add(field, string.Create(CultureInfo.InvariantCulture, $"must be {bound.Least} or more"));
        else if (value > bound.Most) Add(field, bound.Most == Bounds.EndOfTime - 1 ? "must be Unix milliseconds before the year 2100"
            : string.Create(CultureInfo.InvariantCulture, $"must be {bound.Most} or less"));
    }

    /// <summary>From 1970 up to 2100.</summary>
    public void Time(string field, DateTimeOffset? value)
    {
        if (value is null) Add(field, "is required");
        else if (value < DateTimeOffset.UnixEpoch || value >= DateTimeOffset.FromUnixTimeMilliseconds(Bounds.EndOfTime))
            Add(field, "must be from 1970 up to 2100");
    }

    /// <summary>Required, though it may be empty.</summary>
    public void Text(string field, string? value)
    {
        if (value is null) Add(field, "is required");
        else OptionalText(field, value);
    }

    public void OptionalText(string field, string? value)
    {
        int most = Bounds.LengthOf(field)!.Value;
        if (value?.Length > most) Add(field, string.Create(CultureInfo.InvariantCulture, $"must have at most {most} characters"));
    }

    /// <summary>Each element of an optional list; one that is null is refused, and not checked.</summary>
    /// <param name="check">Is told where the element stands: <c>notes[3]</c>.</param>
    public void Each<T>(string field, IReadOnlyList<T>? list, Action<string, T> check)
    {
        for (int i = 0; i < (list?.Count ?? 0) && !IsFull; i++)
        {
            string at = string.Create(CultureInfo.InvariantCulture, $"{field}[{i}]");
            if (list![i] is { } element) check(at, element);
            else Add(at, "is required");
        }
    }

    /// <summary>The caller's own name for a list that comes in parts.</summary>
    public void ListName(string field, string? value)
    {
        if (value is null) Add(field, "is required");
        else if (value.Length is < 8 or > 64 || !value.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-'))
            Add(field, "must have 8 to 64 letters, digits or hyphens");
    }

    public void Required(string field, object? value)
    {
        if (value is null) Add(field, "is required");
    }

    /// <summary>A file's name, or a path with one folder: no way out of it, nothing that a file system would choke on.</summary>
    public void FilePath(string field, string? value, bool isName)
    {
        if (value is null)
        {
            Add(field, "is required");
            return;
        }
        string[] parts = value.Split('/');
        bool good = value.Length > 0 && value.Length <= (isName ? Bounds.LongestFileName : Bounds.LongestPath)
            && (!isName || parts.Length == 1) && !value.Contains('\\')
            && Bounds.IsPlain(value)
            && parts.All(part => part.Trim().Length > 0 && part.Trim() is not ("." or ".."));
        if (!good) Add(field, isName ? "must be a file name" : "must be a relative path without '..'");
    }

    public void Address(string field, string? value)
    {
        if (value is null) Add(field, "is required");
        else if (value.Length > Bounds.LongestAddress || !Uri.TryCreate(value, UriKind.Absolute, out Uri? address)
            || address.Scheme is not ("http" or "https"))
            Add(field, "must be an absolute http or https address");
    }

    public void OneOf(string field, string? value, params ReadOnlySpan<string> words)
    {
        if (value is null) Add(field, "is required");
        else if (!words.Contains(value)) Add(field, $"must be {string.Join(" or ", words.ToArray())}");
    }

    private static bool IsTooLong(string field, string value) =>
        value.Length > Bounds.MostUnits || new StringInfo(value).LengthInTextElements > Bounds.Of(field).Most;

    private static string Length(string field) =>
        string.Create(CultureInfo.InvariantCulture, $"must have {Bounds.Of(field).Least} to {Bounds.Of(field).Most} characters");
}
