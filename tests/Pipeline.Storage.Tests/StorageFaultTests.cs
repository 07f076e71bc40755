using System.Net.Sockets;
using System.Text.Json;
using Azure;
using Azure.Identity;
using Pipeline.Contracts;

namespace Pipeline.Storage.Tests;

/// <summary>What operators and callers read of a failure holds no word of an SDK, of .NET or of the system.</summary>
public sealed class StorageFaultTests
{
    public static TheoryData<Exception, string> Faults => new()
    {
        { new RequestFailedException(503, "Service request failed.\nStatus: 503 (Server Busy)\nHeaders: x", "ServerBusy", null),
            "the storage answered 503 ServerBusy" },
        { new RequestFailedException(0, "Retry failed after 6 tries. Retry settings can be adjusted in ClientOptions.Retry", null,
            new HttpRequestException("Connection refused (127.0.0.1:1)", new SocketException((int)SocketError.ConnectionRefused))),
            "the storage is not reachable: nobody listens there" },
        { new AggregateException("Retry failed after 6 tries.", new RequestFailedException(403, "This request is not authorized",
            "AuthorizationFailure", null), new TimeoutException()), "the storage answered 403 AuthorizationFailure" },
        { new AuthenticationFailedException("DefaultAzureCredential failed to retrieve a token"),
            "there is no token for this identity (PipelineStorage__credential, PipelineStorage__clientId)" },
        { new MalformedMessageException("segmentIndex: must not be negative"), "segmentIndex: must not be negative" },
        { new OperationCanceledException("A task was canceled."), "no answer in time" },
        { new UnauthorizedAccessException("Access to the path '/spool/a b' is denied."), "there is no permission for /spool/a b" },
        { new IOException("No space left on device : '/spool/x'") { HResult = 28 }, "no space is left on the disk" },
        { new IOException("Read-only file system") { HResult = 30 }, "the disk can only be read" },
        { new IOException("Argh") { HResult = 71 }, "the system refuses it (error 71)" },
        { new IOException("our own words."), "our own words" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Fault_is_said_in_one_line_of_ours(Exception fault, string said) => Assert.Equal(said, StorageFault.Describe(fault));

    [Fact]
    public void Json_that_is_wrong_is_named_by_its_place()
    {
        JsonException broken = Assert.ThrowsAny<JsonException>(() =>
            JsonSerializer.Deserialize("{\"recordingId\":1}", ContractsJsonContext.Default.SessionInfo));
        Assert.Equal("it is not the JSON that was expected, at $.recordingId", StorageFault.Describe(broken));
    }
}
