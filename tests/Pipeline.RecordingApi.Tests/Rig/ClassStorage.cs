using System.Collections.Concurrent;
using Pipeline.TestKit;

namespace Pipeline.RecordingApi.Tests.Rig;

/// <summary>
/// A storage account for each class of tests. Classes run side by side, and who looks into a queue hides everybody's messages for a
/// second: another class would take that for the end of its work.
/// </summary>
internal static class ClassStorage
{
    private static readonly ConcurrentDictionary<string, int> Numbers = new(StringComparer.Ordinal);
    private static int last = -1;

    /// <summary>The connection string of the account of the class whose test runs.</summary>
    public static string Of(AzuriteFixture azurite) => azurite.Azurite.ConnectionStringOf(Azurite.NumberedAccount(
        Numbers.GetOrAdd(TestContext.Current.TestClass!.TestClassName, _ => Interlocked.Increment(ref last))));
}
