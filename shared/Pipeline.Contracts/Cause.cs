using System.Net.Http;
using System.Net.Sockets;
using System.Text.Json;

namespace Pipeline.Contracts;

/// <summary>What is said of a failure of the network or of a file, instead of the words of a library or of the system.</summary>
public static class Cause
{
    /// <summary>One line for people and for the log: our own words stay as they are.</summary>
    public static string Of(Exception failure) => failure switch
    {
        AggregateException { InnerException: { } inner } => Of(inner),
        HttpRequestException or SocketException or TimeoutException or OperationCanceledException => OfNetwork(failure),
        IOException { InnerException: SocketException } => OfNetwork(failure),
        UnauthorizedAccessException when PathIn(failure.Message) is { } path => $"there is no permission for {path}",
        IOException or UnauthorizedAccessException => OfFile(failure),
        JsonException broken => $"it is not the JSON that was expected, at {broken.Path ?? "its start"}",
        _ => FirstLine(failure),
    };

    /// <summary>Why nobody answered.</summary>
    public static string OfNetwork(Exception failure)
    {
        for (Exception? cause = failure; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError }: return "its name is not known";
                case HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }:
                    return "its certificate is not trusted, or it speaks no TLS";
                case HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded }:
                    return "its answer is too long";
                case SocketException { SocketErrorCode: SocketError.ConnectionRefused }: return "nobody listens there";
                case SocketException
                {
                    SocketErrorCode: SocketError.HostNotFound or SocketError.TryAgain
                    or SocketError.NoData
                }:
                    return "its name is not known";
                case SocketException { SocketErrorCode: SocketError.TimedOut }: return "no answer in time";
                case SocketException
                {
                    SocketErrorCode: SocketError.HostUnreachable
                    or SocketError.NetworkUnreachable
                }:
                    return "no way leads there";
                case OperationCanceledException or TimeoutException: return "no answer in time";
                default: break;
            }
        }
        return "the connection broke";
    }

    /// <summary>Why a file could not be read or written.</summary>
    public static string OfFile(Exception failure) => failure switch
    {
        UnauthorizedAccessException => "the bot has no permission for it",
        FileNotFoundException => "there is no such file",
        DirectoryNotFoundException or DriveNotFoundException => "there is no such folder",
        PathTooLongException => "its name is too long",
        _ => OfSystem(failure.HResult) ?? FirstLine(failure),
    };

    // On Unix an exception of the system carries its errno; those of our own do not.
    private static string? OfSystem(int error) => error switch
    {
        5 => "the disk fails (error 5)",
        17 => "something else of that name is there",
        23 or 24 => "too many files are open",
        28 => "no space is left on the disk",
        30 => "the disk can only be read",
        122 => "the disk space that the bot may use is used up",
        > 0 and < 4096 => $"the system refuses it (error {error})",
        _ => null,
    };

    // The system's sentence names it in quotes.
    private static string? PathIn(string message) => message.Split('\'') is [_, { Length: > 0 } path, _] ? path : null;

    private static string FirstLine(Exception failure) => failure.Message.Split('\n')[0].Trim().TrimEnd('.');
}
