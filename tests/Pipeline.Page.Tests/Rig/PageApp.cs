using System.Net.Http.Json;
using System.Text.Json;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

[assembly: AssemblyFixture(typeof(Pipeline.Page.Tests.Rig.PageApp))]

namespace Pipeline.Page.Tests.Rig;

/// <summary>
/// The functions app and its storage for all tests of this assembly; the storage is another origin than the page, as it is in a cloud.
/// </summary>
public sealed class PageApp : IAsyncLifetime
{
    private Azurite? azurite;
    private FunctionsApp? app;
    private string formats = "flac"; // one is enough for the page, and spares the machine the others

    internal Azurite Azurite => azurite ?? throw new InvalidOperationException("the fixture has not started");
    internal FunctionsApp Functions => app ?? throw new InvalidOperationException("the fixture has not started");

    /// <summary>One whose functions make other files.</summary>
    /// <param name="formats"><c>off</c> for none.</param>
    internal static async Task<PageApp> StartAsync(string formats)
    {
        PageApp page = new() { formats = formats };
        await page.InitializeAsync();
        return page;
    }

    public async ValueTask InitializeAsync()
    {
        azurite = await Azurite.StartAsync();
        app = await FunctionsApp.StartAsync(azurite, new Dictionary<string, string?> { ["RENDER_FORMATS"] = formats });
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null) await app.DisposeAsync();
        if (azurite is not null) await azurite.DisposeAsync();
    }

    internal SpokenCall Call(string title, params IReadOnlyList<Speaker> speakers) => new(Azurite.ConnectionString, title, speakers);

    /// <summary>A call that is end-to-end encrypted and has this privacy code.</summary>
    internal SpokenCall Call(string title, string privacyCode, IReadOnlyList<Speaker> speakers) =>
        new(Azurite.ConnectionString, title, speakers) { PrivacyCode = privacyCode };

    /// <summary>A call of which one segment is announced and never comes.</summary>
    internal SpokenCall Call(string title, (ulong UserId, int Index) lost, IReadOnlyList<Speaker> speakers) =>
        new(Azurite.ConnectionString, title, speakers) { Lost = lost };

    /// <summary>A new link; asked for until the recording is known.</summary>
    internal async Task<ShareDetails> ShareAsync(RecordingId recording, params string[] scopes)
    {
        ShareRequest request = new() { Scopes = scopes };
        for (int attempt = 0; ; attempt++)
        {
            using HttpResponseMessage answer = await Functions.Api.Http.PostAsJsonAsync(
                new Uri($"/api/recordings/{recording}/shares", UriKind.Relative), request, WireJsonContext.Default.ShareRequest);
            if (answer.StatusCode == System.Net.HttpStatusCode.NotFound && attempt < 200)
            {
                await Task.Delay(50);
                continue;
            }
            answer.EnsureSuccessStatusCode();
            return (await JsonSerializer.DeserializeAsync(await answer.Content.ReadAsStreamAsync(), WireJsonContext.Default.ShareDetails))!;
        }
    }

    /// <summary>Waits until everything is rendered that is rendered without being asked for.</summary>
    internal Task WaitForFilesAsync(RecordingId recording) =>
        Functions.Api.WaitForFilesAsync(recording.ToString(), TimeSpan.FromMinutes(5));

    /// <summary>A call from start to end, finalized.</summary>
    internal async Task<SpokenCall> FinishedAsync(SpokenCall call, double length)
    {
        await call.StartAsync();
        await call.SpeakAsync(length);
        await call.StopAsync(length);
        await Functions.Api.WaitUntilCompletedAsync(call.Id.ToString(), TimeSpan.FromMinutes(4));
        return call;
    }
}
