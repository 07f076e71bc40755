using System.Runtime.InteropServices;
using Microsoft.Azure.Functions.Worker.Builder;
using Pipeline.Functions;
using Pipeline.Settings;
using Pipeline.Storage;

FunctionsApplicationBuilder builder = FunctionsApplication.CreateBuilder(args);
IHost worker;
try
{
    worker = WorkerApp.Build(builder);
}
catch (InvalidSettingsException wrong)
{
    await Console.Error.WriteLineAsync(wrong.Message);
    return SettingProblem.ExitCode;
}

// The host takes an end with 0 for its own wish and starts no other worker. So only the end that the host asks for by its stream is 0.
bool signalled = false;
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => signalled = true);
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => signalled = true);
CancellationToken askedToEnd = worker.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
try
{
    await worker.RunAsync();
}
catch (OperationCanceledException) when (askedToEnd.IsCancellationRequested)
{
    // Asked to end before everything had started.
}
catch (Exception fault)
{
    // The stream to the host broke, or something would not stop: said in one line, and the host starts the next worker.
    await Console.Error.WriteLineAsync($"The worker ended: {fault.GetType().Name}: {StorageFault.Describe(fault)}");
    return WorkerApp.Unexpected;
}
return signalled ? WorkerApp.Unexpected : 0;
