using System.Runtime.InteropServices;

namespace Pipeline.TestKit;

/// <summary>The kernel's clocks as measurements on a shared machine need them: CPU time of this thread, and precise waiting.</summary>
public static partial class KernelClock
{
    private const int Monotonic = 1;
    private const int ThreadCpuTime = 3;
    private const int AbsoluteTime = 1;

    /// <summary>CPU time that the calling thread has used, in nanoseconds.</summary>
    public static long ThreadNanoseconds() => Read(ThreadCpuTime);

    /// <summary>Monotonic time in nanoseconds.</summary>
    public static long NowNanoseconds() => Read(Monotonic);

    /// <summary>Sleeps until a monotonic time.</summary>
    public static void SleepUntil(long nanoseconds)
    {
        TimeSpec until = new() { Seconds = nanoseconds / 1_000_000_000, Nanoseconds = nanoseconds % 1_000_000_000 };
        while (clock_nanosleep(Monotonic, AbsoluteTime, in until, 0) != 0)
        {
            // Interrupted by a signal.
        }
    }

    private static long Read(int clock)
    {
        if (clock_gettime(clock, out TimeSpec now) != 0) throw new InvalidOperationException($"clock {clock} cannot be read");
        return now.Seconds * 1_000_000_000 + now.Nanoseconds;
    }

    [LibraryImport("libc")]
    private static partial int clock_gettime(int clock, out TimeSpec time);

    [LibraryImport("libc")]
    private static partial int clock_nanosleep(int clock, int flags, in TimeSpec request, nint remaining);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
