namespace Pipeline.Bot.Replay;

/// <summary>The process's memory at one moment, in bytes.</summary>
/// <param name="Percent">How much of the call had passed.</param>
/// <param name="ManagedHeap">What the collector holds, garbage included.</param>
/// <param name="Native">Resident memory that is not the collector's.</param>
/// <param name="Resident">VmRSS of the process.</param>
internal sealed record MemorySample(int Percent, long ManagedHeap, long Native, long Resident)
{
    public static MemorySample Take(int percent)
    {
        long resident = Environment.WorkingSet;
        long managed = GC.GetTotalMemory(forceFullCollection: false);
        long committed = GC.GetGCMemoryInfo().TotalCommittedBytes;
        return new MemorySample(percent, managed, Math.Max(0, resident - committed), resident);
    }
}
