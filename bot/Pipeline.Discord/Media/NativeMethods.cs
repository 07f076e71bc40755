using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Pipeline.Discord.Media;

/// <summary>recvmmsg(2).</summary>
internal static unsafe partial class NativeMethods
{
    [LibraryImport("libc", EntryPoint = "recvmmsg", SetLastError = true)]
    internal static partial int ReceiveMany(SafeSocketHandle socket, BatchDatagramSource.MessageHeader* messages, uint count, int flags, void* timeout);
}
