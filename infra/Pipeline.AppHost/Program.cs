using Microsoft.Extensions.Configuration;
using Pipeline.AppHost;

// Aspire's own tools speak plain HTTP to each other on loopback.
Environment.SetEnvironmentVariable("ASPIRE_ALLOW_UNSECURED_TRANSPORT", "true");
IConfiguration given = new ConfigurationBuilder().AddEnvironmentVariables().Build();
foreach ((string name, int port) in new[] { ("ASPNETCORE_URLS", 18888), ("ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL", 18889) })
{
    if (given[name] is null) Environment.SetEnvironmentVariable(name, $"http://127.0.0.1:{port}");
}

IDistributedApplicationBuilder builder = DistributedApplication.CreateBuilder(args);
DevelopmentStage stage = new(builder);
IResourceBuilder<ExecutableResource> storage = stage.AddStorage();
IResourceBuilder<ProjectResource> functions = stage.AddFunctions(storage);
stage.AddBot(functions);
await builder.Build().RunAsync();
