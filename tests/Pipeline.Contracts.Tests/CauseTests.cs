using System.Net.Sockets;

namespace Pipeline.Contracts.Tests;

/// <summary>What people read of a failure holds no word of .NET or of the system.</summary>
public sealed class CauseTests
{
    public static TheoryData<Exception, string> Failures => new()
    {
        { new SocketException((int)SocketError.ConnectionRefused), "nobody listens there" },
        { new HttpRequestException("x", new SocketException((int)SocketError.TimedOut)), "no answer in time" },
        { new HttpRequestException(HttpRequestError.NameResolutionError), "its name is not known" },
        { new HttpRequestException(HttpRequestError.SecureConnectionError), "its certificate is not trusted, or it speaks no TLS" },
        { new HttpRequestException(HttpRequestError.ConfigurationLimitExceeded), "its answer is too long" },
        { new IOException("x", new SocketException((int)SocketError.NetworkUnreachable)), "no way leads there" },
        { new HttpRequestException("x"), "the connection broke" },
        { new TimeoutException("x"), "no answer in time" },
        { new AggregateException("x", new SocketException((int)SocketError.HostNotFound)), "its name is not known" },
        { new UnauthorizedAccessException("Access to the path '/spool/a b' is denied."), "there is no permission for /spool/a b" },
        { new UnauthorizedAccessException("Access is denied."), "the bot has no permission for it" },
        { new FileNotFoundException("x"), "there is no such file" },
        { new DirectoryNotFoundException("x"), "there is no such folder" },
        { new PathTooLongException("x"), "its name is too long" },
        { new IOException("x") { HResult = 5 }, "the disk fails (error 5)" },
        { new IOException("x") { HResult = 17 }, "something else of that name is there" },
        { new IOException("x") { HResult = 24 }, "too many files are open" },
        { new IOException("x") { HResult = 28 }, "no space is left on the disk" },
        { new IOException("x") { HResult = 30 }, "the disk can only be read" },
        { new IOException("x") { HResult = 122 }, "the disk space that the bot may use is used up" },
        { new IOException("x") { HResult = 71 }, "the system refuses it (error 71)" },
        { new IOException(" our own words.\nand more"), "our own words" },
        { new InvalidOperationException("first line\nsecond line"), "first line" },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public void Failure_is_said_in_one_line_of_ours(Exception failure, string said) => Assert.Equal(said, Cause.Of(failure));
}
