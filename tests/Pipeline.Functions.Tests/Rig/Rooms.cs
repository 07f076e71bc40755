using System.Runtime.CompilerServices;
using Pipeline.Contracts;
using Pipeline.Storage;
using Pipeline.TestKit;

[assembly: AssemblyFixture(typeof(AzuriteFixture))]

namespace Pipeline.Functions.Tests.Rig;

/// <summary>What the account that all tests share must have: no test finds a container missing because it is the first to run.</summary>
internal static class SharedAccount
{
    [ModuleInitializer]
    internal static void Prepare() => AzuriteFixture.Prepare = connection =>
        new StorageSetup(new StorageClients(new StorageOptions { ConnectionString = connection }, null!)).EnsureAsync(default).AsTask();
}
