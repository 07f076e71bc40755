using System.Globalization;
using Pipeline.Contracts;

namespace Pipeline.RecordingApi.Http;

/// <summary>Collects what is wrong with a request, by field, in the words of the contract.</summary>
internal sealed class FieldErrors
{
    // A hostile list must not be answered with a longer one.
    private const int MostErrors = 50;
    private const int LongestName = 100;
    private const int LongestText = 4096;

    private readonly Dictionary<string, string[]> errors = [];

    public bool Any => errors.Count > 0;

    public bool IsFull => errors.Count >= MostErrors;

    public IResult ToProblem() => Problems.Invalid(errors);

    public static Dictionary<string, string[]> One(string field, string fault) => new() { [field] = [fault] };

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
        else if (!ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong id) || id == 0)
            Add(field, "must be a decimal string");
    }

    /// <summary>1-100 characters as a reader counts them.</summary>
    public void Name(string field, string? value)
    {
        if (value is null) Add(field, "is required");
        else if (string.IsNullOrWhiteSpace(value) || value.Length > LongestText || new StringInfo(value).LengthInTextElements > LongestName)
            Add(field, $"must have 1 to {LongestName} characters");
    }

    public void Number(string field, long? value, long minimum)
    {
        if (value is null) Add(field, "is required");
        else if (value < minimum) Add(field, string.Create(CultureInfo.InvariantCulture, $"must be {minimum} or more"));
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
        bool good = value.Length is > 0 and <= LongestText && (!isName || parts.Length == 1) && !value.Contains('\\')
            && !value.Any(char.IsControl)
            && parts.All(part => part.Trim().Length > 0 && part.Trim() is not ("." or ".."));
        if (!good) Add(field, isName ? "must be a file name" : "must be a relative path without '..'");
    }

    public void Address(string field, string? value)
    {
        if (value is null) Add(field, "is required");
        else if (!Uri.TryCreate(value, UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https"))
            Add(field, "must be an absolute http or https address");
    }

    public void OneOf(string field, string? value, params ReadOnlySpan<string> words)
    {
        if (value is null) Add(field, "is required");
        else if (!words.Contains(value)) Add(field, $"must be {string.Join(" or ", words.ToArray())}");
    }
}
