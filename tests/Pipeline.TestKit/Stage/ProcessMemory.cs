using System.Globalization;

namespace Pipeline.TestKit.Stage;

/// <summary>Memory of another process, as Linux counts it.</summary>
public static class ProcessMemory
{
    /// <summary>VmRSS in bytes; 0 where there is no such process or no /proc.</summary>
    public static long Resident(int processId)
    {
        string path = $"/proc/{processId}/status";
        if (!File.Exists(path)) return 0;
        string? line = File.ReadLines(path).FirstOrDefault(text => text.StartsWith("VmRSS:", StringComparison.Ordinal));
        return line is null ? 0
            : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
