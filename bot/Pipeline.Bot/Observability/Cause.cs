using System.Net.Http;
using System.Net.Sockets;

namespace Pipeline.Bot.Observability;

/// <summary>What is said of a failure of the network or of a file, instead of the words of a library.</summary>
internal static class Cause
{
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
        _ => failure.Message.ReplaceLineEndings(" ").TrimEnd('.'),
    };
}
