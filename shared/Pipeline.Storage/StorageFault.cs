using System.Net.Sockets;
using Azure;

namespace Pipeline.Storage;

/// <summary>Tells faults of the storage that pass by themselves from those that do not.</summary>
public static class StorageFault
{
    /// <summary>True for a lost connection, a timeout, throttling or a server fault: worth another try later.</summary>
    public static bool IsTransient(Exception fault) => fault switch
    {
        SocketException => true, // HttpClient lets it out as it is when a connection is reset in the moment it is made
        RequestFailedException failed => failed.Status is 0 or 408 or 429 or >= 500,
        AggregateException many => many.InnerExceptions.Count > 0 && many.InnerExceptions.All(IsTransient),
        _ => false,
    };
}
