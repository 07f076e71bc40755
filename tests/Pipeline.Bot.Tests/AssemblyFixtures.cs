using System.Runtime.CompilerServices;
using Pipeline.Bot.Tests.Recordings;
using Pipeline.TestKit;

[assembly: AssemblyFixture(typeof(AzuriteFixture))]

namespace Pipeline.Bot.Tests;

/// <summary>What the account that all tests share must have: no test finds a container missing because it is the first to run.</summary>
internal static class SharedAccount
{
    [ModuleInitializer]
    internal static void Prepare() => AzuriteFixture.Prepare = connection => new StorageEye(connection).CreateAsync();
}
