using Pipeline.Contracts;

namespace Pipeline.Bot.Spool;

/// <summary>
/// A segment that the disk let its writer neither close nor delete: it lies there as an open file, until the disk gives in. The writer goes
/// on with the next one.
/// </summary>
/// <param name="sidecar">With the start as it was at the end.</param>
internal sealed class StrandedSegment(string folder, SegmentSidecar sidecar, SegmentFormat format)
{
    private readonly string openPath = SpoolFiles.OpenPath(folder, sidecar.Index, format);
    private readonly string closedPath = SpoolFiles.ClosedPath(folder, sidecar.Index, format);
    private readonly string sidecarPath = Path.Combine(folder, SpoolFiles.Name(sidecar.Index) + SpoolFiles.SidecarSuffix);

    /// <summary>Nobody may have it: it is deleted.</summary>
    public bool IsUnwanted { get; set; }

    /// <summary>Closes it, or deletes it where nobody may have it.</summary>
    /// <returns>What it held; null when nothing is left of it.</returns>
    /// <exception cref="IOException">The disk refuses still.</exception>
    public ClosedSegment? End()
    {
        long samples = IsUnwanted ? 0 : SamplesOf();
        if (samples == 0)
        {
            File.Delete(openPath);
            File.Delete(sidecarPath);
            return null;
        }
        SpoolFiles.WriteSidecar(sidecarPath, sidecar);
        File.Move(openPath, closedPath, overwrite: true);
        return new ClosedSegment(sidecar.Key, sidecar.Username, closedPath, sidecarPath, sidecar.StartSample, samples, sidecar.Channels,
            new FileInfo(closedPath).Length);
    }

    private long SamplesOf()
    {
        try
        {
            return SpoolRepair.Repair(openPath, format, sidecar.Channels);
        }
        catch (FileNotFoundException)
        {
            return 0; // somebody emptied the folder
        }
    }
}
