using System.Text.Json;
using Pipeline.Contracts;

namespace Pipeline.Bot.Replay;

/// <summary>
/// A note in the spool about which recording a replay became, so that the same call with <c>--continue</c> finds it again
/// and knows when there is nothing left to do.
/// </summary>
/// <param name="From">Where in the call the recording begins; over zero for a further part.</param>
internal sealed record ReplayMark(RecordingId RecordingId, bool Closed, TimeSpan From = default)
{
    public static ReplayMark? Load(string spool, string fingerprint)
    {
        string file = PathOf(spool, fingerprint);
        try
        {
            return File.Exists(file) ? JsonSerializer.Deserialize(File.ReadAllBytes(file), ReplayJsonContext.Default.ReplayMark) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public void Save(string spool, string fingerprint)
    {
        string file = PathOf(spool, fingerprint);
        File.WriteAllBytes(file + ".next", JsonSerializer.SerializeToUtf8Bytes(this, ReplayJsonContext.Default.ReplayMark));
        File.Move(file + ".next", file, overwrite: true);
    }

    private static string PathOf(string spool, string fingerprint) => Path.Combine(spool, $"replay-{fingerprint}.json");
}
