using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Pipeline.AppHost;
using Pipeline.TestKit;

namespace Pipeline.Deployment.Tests.Local;

/// <summary>What the development loop keeps from one start to the next.</summary>
public sealed class DevelopmentDataTests : IDisposable
{
    private readonly TempFolder root = new();

    [Fact]
    public void Simulated_calls_begin_with_an_empty_folder()
    {
        string folder = DevelopmentData.Open(root.Path, isReal: false).Folder;
        File.WriteAllText(Path.Combine(folder, "segment"), "old");
        Assert.Equal(folder, DevelopmentData.Open(root.Path, isReal: false).Folder);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
    }

    [Fact]
    public void Recordings_of_the_real_Discord_stay_with_the_ports_that_they_are_found_by()
    {
        DevelopmentData first = DevelopmentData.Open(root.Path, isReal: true);
        string segment = Path.Combine(first.Folder, "segment");
        File.WriteAllText(segment, "kept");
        DevelopmentData.Open(root.Path, isReal: false);
        DevelopmentData second = DevelopmentData.Open(root.Path, isReal: true);
        Assert.Equal("kept", File.ReadAllText(segment));
        Assert.Equal(first.Folder, second.Folder);
        Assert.Equal(first.Ports, second.Ports);
        Assert.Equal(5, first.Ports.Distinct().Count());
    }

    [Fact]
    public void Port_that_is_taken_is_named()
    {
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();
        int taken = ((IPEndPoint)other.LocalEndpoint).Port;
        KeepPorts(string.Create(CultureInfo.InvariantCulture, $"{taken} {taken} {taken} {taken} {taken}"));
        DevelopmentData data = DevelopmentData.Open(root.Path, isReal: true);
        string said = Assert.Throws<InvalidOperationException>(data.RequireFreePorts).Message;
        Assert.StartsWith($"Port {taken}, ", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10001 10002 10003 10004")]
    [InlineData("10001 10002 10003 10004 65536")]
    [InlineData("10001 10002 10003 10004 0")]
    [InlineData("")]
    public void Kept_ports_that_cannot_be_read_are_shown_and_not_replaced(string text)
    {
        KeepPorts(text);
        string said = Assert.Throws<InvalidOperationException>(() => DevelopmentData.Open(root.Path, isReal: true)).Message;
        Assert.Contains($"'{text}'", said, StringComparison.Ordinal);
        Assert.Equal(text, File.ReadAllText(root.Combine("development-discord", "ports")));
    }

    public void Dispose() => root.Dispose();

    private void KeepPorts(string text)
    {
        Directory.CreateDirectory(root.Combine("development-discord"));
        File.WriteAllText(root.Combine("development-discord", "ports"), text);
    }
}
