using System.Text.Json;
using System.Text.Json.Nodes;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Http;

namespace Pipeline.RecordingApi.Recordings;

/// <summary>What a repeated request says otherwise than the first one did, by field, in the contract's names.</summary>
internal static class Differences
{
    private const int LongestValue = 100;

    // Not the title: somebody may have given it another one since.
    private static readonly string[] OfStart = ["guildId", "guildName", "channelId", "channelName", "userId", "recordedAt"];

    private static readonly string[] OfEnd =
    [
        "sessionEndTime", "duration", "totalSize", "participantCount", "endReason", "missingSegments",
            "missingSegmentCount", "health", "gaps", "notes", "consent", "unverifiedUserIds", "furtherChannelIds",
    ];

    /// <summary>Of two starts of one session. What the repetition leaves out is no difference.</summary>
    public static Dictionary<string, string[]> OfStarts(RecordingDetails known, RecordingDetails repeated) =>
        // Who begins a recording from a segment that was left, or by an older version, knows no name of the channel.
        Of(known, known.ChannelName is null ? repeated with { ChannelName = null } : repeated, OfStart);

    /// <summary>Of two ends of one recording. Who is erased is noted by the API itself, with the time of each try: no difference.</summary>
    public static Dictionary<string, string[]> OfEnds(RecordingDetails known, RecordingDetails repeated) =>
        Of(WithoutErased(WithCount(known)), WithoutErased(repeated), OfEnd);

    /// <summary>Of two lists of segments; empty where they are equal.</summary>
    public static Dictionary<string, string[]> OfSegments(IReadOnlyList<RecordingSegment> known, IReadOnlyList<RecordingSegment> repeated)
    {
        // An older version took some segments twice.
        Dictionary<(string, int), RecordingSegment> before = [];
        foreach (RecordingSegment segment in known) before[Key(segment)] = segment;
        string[] added = [.. repeated.Where(segment => !before.ContainsKey(Key(segment))).Select(Name)];
        string[] changed = [.. repeated.Where(segment => before.TryGetValue(Key(segment), out RecordingSegment? old) && old != segment)
            .Select(Name)];
        HashSet<(string, int)> after = [.. repeated.Select(Key)];
        string[] absent = [.. known.Where(segment => !after.Contains(Key(segment))).Select(Name)];
        string[] said = [.. new[] { Say("new", added), Say("absent", absent), Say("changed", changed) }.OfType<string>()];
        return said.Length == 0 ? [] : new() { ["segments"] = said };
    }

    /// <summary>Of the files of two <c>complete</c>.</summary>
    /// <param name="known">What the first one made.</param>
    /// <param name="set">Its name in the catalogue.</param>
    public static Dictionary<string, string[]> OfFiles(IReadOnlyList<RecordingSegment> known, string set,
        IReadOnlyList<CompletedFile> repeated)
    {
        Dictionary<string, RecordingSegment> before = [];
        foreach (RecordingSegment segment in known) before[segment.BlobUrl] = segment;
        FieldErrors said = new();
        List<(int FileIndex, RecordingSegment Segment)> again = [];
        foreach ((int index, CompletedFile file) in repeated.Index())
        {
            string at = $"files[{index}].";
            if (!before.Remove(file.BlobUrl!, out RecordingSegment? old))
            {
                said.Add(at + "blobUrl", "is none of those that were completed");
                continue;
            }
            RecordingSegment segment = BatchUploads.Completed(old, file);
            Compare(at + "userId", old.UserId, segment.UserId);
            Compare(at + "username", old.Username, segment.Username);
            Compare(at + "fileName", old.FileName, segment.FileName);
            Compare(at + "filePath", old.FilePath, segment.FilePath);
            again.Add((file.FileIndex!.Value, segment));
        }
        if (before.Count > 0) said.Add("files", $"lack {before.Count}, the first is {Name(before.Values.First())}");
        // Of an older version, and of what is left after an erasure, it is not known which of the announced files they were.
        SegmentSet plain = SegmentSet.Of(known);
        bool isPlain = set == plain.Name || set == plain.FormerName;
        if (!said.Any && !isPlain && set != SegmentSet.OfFiles(again).Name) said.Add("files", "have another fileIndex than before");
        return said.Any ? said.ByField.ToDictionary() : [];

        void Compare(string field, string old, string now)
        {
            if (old != now) said.Add(field, $"is {Short(old)}, not {Short(now)}");
        }
    }

    private static Dictionary<string, string[]> Of(RecordingDetails known, RecordingDetails repeated, string[] names)
    {
        JsonObject before = Node(known), after = Node(repeated);
        Dictionary<string, string[]> different = [];
        foreach (string name in names)
        {
            if (after[name] is { } value && !JsonNode.DeepEquals(before[name], value))
                different[name] = [$"is {Short(before[name])}, not {Short(value)}"];
        }
        return different;
    }

    // An older version kept the list alone.
    private static RecordingDetails WithCount(RecordingDetails details) =>
        details with { MissingSegmentCount = Math.Max(details.MissingSegmentCount, details.MissingSegments.Count) };

    private static RecordingDetails WithoutErased(RecordingDetails details) => details.Consent is not { } ledger ? details : details with
    {
        Consent = ledger with { Entries = [.. ledger.Entries.Where(entry => entry.Choice != ConsentEntry.Erased)] },
    };

    private static JsonObject Node(RecordingDetails details) =>
        JsonSerializer.SerializeToNode(details, WireJsonContext.Default.RecordingDetails)!.AsObject();

    private static string Short(JsonNode? value)
    {
        string text = value?.ToJsonString() ?? "absent";
        return text.Length <= LongestValue ? text : "another list";
    }

    private static string? Say(string what, string[] names) => names.Length == 0 ? null : $"{names.Length} {what}, the first is {names[0]}";

    private static (string UserId, int Index) Key(RecordingSegment segment) => (segment.UserId, segment.SegmentIndex);

    private static string Name(RecordingSegment segment) => $"{segment.UserId}/{segment.SegmentIndex}";
}
