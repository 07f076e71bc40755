using System.Net.Sockets;
using Pipeline.Functions;
using Pipeline.Delivery;
using Pipeline.Functions.Hosting;

WebApplication app;
try
{
    app = FunctionsApp.Build(args);
}
catch (InvalidSettingException wrong)
{
    await Console.Error.WriteLineAsync(wrong.Message);
    return FunctionsApp.WrongSetting;
}

await using (app)
{
    // Taken before the run: it ends with the services disposed.
    UnexpectedStop stop = app.Services.GetRequiredService<UnexpectedStop>();
    try
    {
        await app.RunAsync();
        return stop.ExitCode;
    }
    catch (IOException taken) when (taken.InnerException is { InnerException: SocketException } or SocketException or Microsoft.AspNetCore.Connections.AddressInUseException)
    {
        await Console.Error.WriteLineAsync($"{taken.Message.Split('\n')[0].Trim()} Choose another with --urls or ASPNETCORE_URLS.");
        return FunctionsApp.Unavailable;
    }
}
