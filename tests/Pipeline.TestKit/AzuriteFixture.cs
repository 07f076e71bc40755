using Xunit;

namespace Pipeline.TestKit;

/// <summary>One Azurite for all tests of an assembly; tests keep apart by recording id, not by container.</summary>
public sealed class AzuriteFixture : IAsyncLifetime
{
    private Azurite? azurite;

    /// <summary>What a test assembly has to find in the account (its connection string) before the first test; none by default.</summary>
    public static Func<string, Task> Prepare { get; set; } = static _ => Task.CompletedTask;

    public Azurite Azurite => azurite ?? throw new InvalidOperationException("the fixture has not started");
    public string ConnectionString => Azurite.ConnectionString;

    public async ValueTask InitializeAsync()
    {
        azurite = await Azurite.StartAsync();
        await Prepare(ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        if (azurite is not null) await azurite.DisposeAsync();
    }
}
