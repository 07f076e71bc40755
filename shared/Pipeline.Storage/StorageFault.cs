using System.Net.Sockets;
using Azure;
using Azure.Identity;
using Pipeline.Contracts;

namespace Pipeline.Storage;

/// <summary>Tells faults of the storage that pass by themselves from those that do not, and says each in one line.</summary>
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

    /// <summary>
    /// One line without the SDK's words, which repeat headers over many lines and talk of the SDK's own options. Our own exceptions, of
    /// anything, keep theirs.
    /// </summary>
    public static string Describe(Exception fault) => fault switch
    {
        RequestFailedException { Status: > 0 } refused => $"the storage answered {refused.Status} {refused.ErrorCode}".TrimEnd(),
        RequestFailedException unreachable => $"the storage is not reachable: {Cause.OfNetwork(unreachable)}",
        AuthenticationFailedException => "there is no token for this identity (PipelineStorage__credential, PipelineStorage__clientId)",
        AggregateException { InnerExceptions: { Count: > 0 } many } => Describe(many[0]),
        _ => Cause.Of(fault),
    };
}
