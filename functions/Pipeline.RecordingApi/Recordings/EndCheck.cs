using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Http;

namespace Pipeline.RecordingApi.Recordings;

/// <summary>
/// What a request says of a recording's end beside its segments. It is kept as it came and read in every answer, so each element is looked
/// at. Words are not held to a list: a newer bot may have more.
/// </summary>
internal static class EndCheck
{
    public static void Check(FieldErrors errors, FinalizeRequest request)
    {
        errors.Each("missingSegments", request.MissingSegments, (at, missing) =>
        {
            errors.Snowflake(at + ".userId", missing.UserId);
            errors.Number(at + ".segmentIndex", missing.SegmentIndex);
            errors.Text(at + ".reason", missing.Reason);
        });
        errors.Each("gaps", request.Gaps, (at, gap) =>
        {
            errors.Number(at + ".startSample", gap.StartSample);
            errors.Number(at + ".sampleCount", gap.SampleCount);
            errors.Text(at + ".reason", gap.Reason);
        });
        errors.Each("notes", request.Notes, (at, note) =>
        {
            errors.Number(at + ".sample", note.Sample);
            errors.Text(at + ".text", note.Text);
            errors.OptionalText(at + ".username", note.Username);
        });
        errors.Each("furtherChannelIds", request.FurtherChannelIds, errors.Snowflake);
        errors.Each("unverifiedUserIds", request.UnverifiedUserIds, errors.Snowflake);
        if (request.Health is { } health) Check(errors, health);
        if (request.Consent is { } consent) Check(errors, consent);
    }

    private static void Check(FieldErrors errors, IReadOnlyDictionary<string, IReadOnlyDictionary<string, long>> health)
    {
        foreach ((string user, IReadOnlyDictionary<string, long>? counters) in health)
        {
            if (!FieldErrors.IsSnowflake(user)) errors.Add("health", "must name each person by a decimal string without a leading zero");
            else errors.Required($"health.{user}", counters);
        }
    }

    private static void Check(FieldErrors errors, ConsentLedger consent)
    {
        errors.Text("consent.mode", consent.Mode);
        errors.Each("consent.texts", consent.Texts, errors.Text);
        errors.Each("consent.entries", consent.Entries, (at, entry) =>
        {
            errors.OptionalText(at + ".username", entry.Username);
            errors.Text(at + ".choice", entry.Choice);
            errors.Text(at + ".button", entry.Button);
        });
    }
}
