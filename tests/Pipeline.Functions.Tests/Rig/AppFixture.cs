using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Rig;

/// <summary>
/// One app for all tests of a class, with no setting of their own: they keep apart by recording, server and person. An app for each test
/// takes a sixth of a second of processor time.
/// </summary>
public sealed class AppFixture(AzuriteFixture azurite) : IAsyncLifetime
{
    private App? app;

    internal App App => app ?? throw new InvalidOperationException("the fixture has not started");

    public async ValueTask InitializeAsync() => app = await App.StartAsync(azurite.ConnectionString);

    public async ValueTask DisposeAsync()
    {
        if (app is not null) await app.DisposeAsync();
    }
}
