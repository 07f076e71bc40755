using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using Pipeline.Hosting;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Hosting;

public sealed partial class TelemetryServicesTests
{
    private static readonly TelemetryOf Names = new("Some.Program", typeof(TelemetryServices).Assembly, "Some.Source");

    [Fact]
    public void Nobody_who_wants_figures_gets_none()
    {
        ServiceCollection services = [];

        Assert.Null(services.AddTelemetry(Names, null, null));
        Assert.Empty(services);
    }

    [Fact]
    public async Task Figures_can_be_fetched_with_the_programs_name_and_the_three_numbers_of_its_version()
    {
        Uri endpoint = new($"http://127.0.0.1:{FreePort.Take(1)[0]}");
        ServiceCollection services = [];
        Assert.NotNull(services.AddTelemetry(Names, null, endpoint));
        await using ServiceProvider provider = services.BuildServiceProvider();
        Assert.NotNull(provider.GetRequiredService<MeterProvider>());
        using HttpClient client = new();

        string said = await client.GetStringAsync(new Uri(endpoint, "/metrics"), TestContext.Current.CancellationToken);

        Assert.Contains("service_name=\"Some.Program\"", said, StringComparison.Ordinal);
        Assert.Matches(ThreeNumbers(), said);
    }

    [Fact]
    public void Address_that_is_taken_is_named_with_its_setting_and_what_to_do()
    {
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();
        string address = $"http://127.0.0.1:{((IPEndPoint)other.LocalEndpoint).Port}";

        AddressUnavailableException taken = Assert.Throws<AddressUnavailableException>(() =>
            new ServiceCollection().AddTelemetry(Names, null, new Uri(address)));

        Assert.Equal($"PROMETHEUS_ENDPOINT: '{address}' cannot be listened on: "
            + "another program listens there; end it, or choose another port", taken.Message);
    }

    [GeneratedRegex("service_version=\"[0-9]+\\.[0-9]+\\.[0-9]+\"")]
    private static partial Regex ThreeNumbers();
}
