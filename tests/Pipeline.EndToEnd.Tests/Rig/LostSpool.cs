using System.Globalization;
using System.Text.Json;
using Pipeline.Contracts;

namespace Pipeline.EndToEnd.Tests.Rig;

/// <summary>What a bot had in its spool when it was killed and its disk went with it: the audio that nobody can bring back.</summary>
/// <param name="Recording">Whose.</param>
/// <param name="Stretches">User, first sample and sample count of each file, 48 kHz.</param>
internal sealed record LostSpool(RecordingId Recording, IReadOnlyList<(string UserId, long Start, long Count)> Stretches)
{
    private const int WavHeaderSize = 44;

    /// <summary>Reads a dead bot's folder of one mono recording and deletes it.</summary>
    public static LostSpool Take(string folder)
    {
        string recording = Directory.EnumerateDirectories(folder).Single(path => RecordingId.TryParse(Path.GetFileName(path), out _));
        List<(string, long, long)> stretches = [];
        foreach (string wav in Directory.EnumerateFiles(recording, "*.wav", SearchOption.AllDirectories))
        {
            string index = Path.GetFileName(wav).Split('.')[0];
            string sidecar = Path.Combine(Path.GetDirectoryName(wav)!, index + ".json");
            if (!File.Exists(sidecar)) continue;
            using JsonDocument text = JsonDocument.Parse(File.ReadAllBytes(sidecar));
            long samples = Math.Max(0, new FileInfo(wav).Length - WavHeaderSize) / sizeof(short);
            stretches.Add((Path.GetFileName(Path.GetDirectoryName(wav)!), text.RootElement.GetProperty("startSample").GetInt64(), samples));
        }
        Directory.Delete(folder, recursive: true);
        return new LostSpool(RecordingId.Parse(Path.GetFileName(recording)), stretches);
    }

    /// <summary>How much of a user's audio went with the disk.</summary>
    public TimeSpan Of(string userId) =>
        SampleClock.ToTime(Stretches.Where(stretch => stretch.UserId == userId).Sum(stretch => stretch.Count));

    public string Text() =>
        string.Join(" + ",
        Stretches.GroupBy(stretch => stretch.UserId)
        .Select(user => Of(user.Key).TotalSeconds.ToString("F2", CultureInfo.InvariantCulture)));
}
