using System.Net;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Delivery.Ledger;
using Pipeline.Functions.Tests.Rig;
using Pipeline.RecordingApi.Deletion;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Api;

/// <summary>What comes late of others is taken and told of as if nobody had been erased.</summary>
public sealed class LateAfterErasureTests(AzuriteFixture azurite)
{
    private const ulong Ada = 5, Grace = 6, Stranger = 7;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Late_segment_is_listed_after_somebody_with_more_segments_was_erased()
    {
        await using App app = await StartAsync();
        Session session = new(2601, (Ada, "Ada", 3), (Grace, "Grace", 2));
        RecordingStopped end = await FinalizeWithoutAsync(app, session, session.Segments[^1]);
        await EraseAsync(app, session, Ada);

        Assert.True(await app.MoveAsync(session.Segments[^1]));
        Assert.Equal(RecordingState.Amending, (await app.Get<LedgerTable>().FindRecordingAsync(session.Id, Cancellation))!.State);
        Assert.True(await app.FinalizeAsync(end with { Tracks = null }));
        RecordingDetails details = (await app.RecordingAsync(session.Id))!;
        Assert.Equal((2, 0), (details.SegmentCount, details.MissingSegmentCount));
        Assert.Equal(["Grace"], details.Tracks.Select(track => track.Username));
    }

    [Theory]
    [InlineData(2602, Stranger)] // of the server, and never in this recording
    [InlineData(2603, Ada)]
    public async Task Recording_says_what_it_said_when_a_late_segment_amends_it(int seed, ulong erased)
    {
        await using App app = await StartAsync();
        Session session = new(seed, (Ada, "Ada", 1), (Grace, "Grace", 3));
        RecordingStopped end = await FinalizeWithoutAsync(app, session, session.Segments[^2], session.Segments[^1]);
        RecordingDetails before = (await app.RecordingAsync(session.Id))!;
        await EraseAsync(app, session, erased);

        Assert.True(await app.MoveAsync(session.Segments[^1]));
        LedgerRecording row = (await app.Get<LedgerTable>().FindRecordingAsync(session.Id, Cancellation))!;
        // As the late segment tells it: by what the ledger has.
        SessionManifest kept = (await app.Get<LedgerTable>().FindManifestAsync(session.Id, Cancellation))!;
        Assert.True(await app.FinalizeAsync(end with
        {
            EndedAt = kept.EndedAt!.Value,
            EndReason = kept.EndReason!.Value,
            SampleCount = kept.SampleCount,
            Tracks = null,
        }));

        RecordingDetails after = (await app.RecordingAsync(session.Id))!;
        Assert.Equal(RecordingState.Amending, row.State);
        Assert.Equal("stopped", after.EndReason);
        Assert.Equal((before.SessionEndTime, before.Duration), (after.SessionEndTime, after.Duration));
        Assert.Equal(1, after.MissingSegmentCount);
        Assert.Equal(["6"], after.MissingSegments.Select(missing => missing.UserId));
        Assert.Equal(ConsentLedger.Required, after.Consent!.Mode);
        Assert.Contains(after.Consent.Entries, entry => entry is { UserId: Grace, Username: "Grace", Choice: ConsentEntry.Agreed });
        Assert.Equal(erased == Stranger, after.Consent.Entries.Any(entry => entry is { UserId: Ada, Username: "Ada" }));
        Assert.Equal(["remember"], after.Notes.Select(note => note.Text));
        Assert.Equal(["loss"], after.Gaps.Select(gap => gap.Reason));
    }

    [Fact]
    public async Task Account_that_nobody_can_read_goes_with_the_person()
    {
        await using App app = await StartAsync();
        Session session = new(2604, (Ada, "Ada", 1));
        await FinalizeWithoutAsync(app, session);
        Azure.Data.Tables.TableClient table = app.Storage.Tables.GetTableClient(StorageNames.LedgerTable);
        await table.UpsertEntityAsync(new Azure.Data.Tables.TableEntity($"{session.Id}", LedgerPartitions.ManifestKey)
        {
            ["Data0"] = new byte[] { 1, 2, 3 },
        }, Azure.Data.Tables.TableUpdateMode.Replace, Cancellation);
        await EraseAsync(app, session, Ada);
        Assert.False((await table.GetEntityIfExistsAsync<Azure.Data.Tables.TableEntity>($"{session.Id}", LedgerPartitions.ManifestKey,
            cancellationToken: Cancellation)).HasValue);
    }

    private async Task<App> StartAsync()
    {
        App app = await App.StartAsync(azurite.Azurite.ConnectionStringOf(Azurite.NumberedAccount(27)),
            new() { ["RECORDING_FINALIZE_DEADLINE"] = "1s" });
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        return app;
    }

    /// <summary>Finalizes past the deadline what there is without these segments.</summary>
    private static async Task<RecordingStopped> FinalizeWithoutAsync(App app, Session session, params SegmentReady[] late)
    {
        await session.PutAllAsync(app.Storage);
        ConsentLedger consent = new ConsentLedger { Mode = ConsentLedger.Required }
            .With(Agreed(session, Ada, "Ada"), "words").With(Agreed(session, Grace, "Grace"), "words");
        await session.PutManifestAsync(app.Storage, session.Manifest(ManifestState.Stopped, session.Info.StartedAt) with
        {
            Consent = consent,
        });
        foreach (SegmentReady segment in session.Segments.Except(late)) Assert.True(await app.MoveAsync(segment));
        Assert.True(await app.FinalizeAsync(session.Stopped));
        for (int attempt = 1; (await app.RecordingAsync(session.Id))!.Status == RecordingStatus.Live; attempt++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, Cancellation);
            Assert.True(await app.FinalizeAsync(session.Stopped with { Attempt = attempt }));
        }
        Assert.Equal(late.Length, (await app.RecordingAsync(session.Id))!.MissingSegmentCount);
        return session.Stopped;
    }

    private static ConsentEntry Agreed(Session session, ulong user, string name) =>
        new() { UserId = user, Username = name, At = session.Info.StartedAt, Choice = ConsentEntry.Agreed, Button = "a button" };

    private static async Task EraseAsync(App app, Session session, ulong user)
    {
        string scope = $"{session.Info.GuildId}";
        using HttpResponseMessage asked = await app.Http.PutAsync(new Uri($"api/guilds/{scope}/erasures/{user}", UriKind.Relative), null,
            Cancellation);
        Assert.Equal(HttpStatusCode.Accepted, asked.StatusCode);
        LoopLimit limit = new("the erasure is finished");
        while (await app.Get<ForgetTable>().FindAsync(scope, user, Cancellation) is { FinishedAt: null } state)
        {
            limit.Turn();
            await app.Get<PersonForgetting>().RunAsync(new ForgetPerson { Scope = scope, UserId = user, Look = state.Number },
                Cancellation);
        }
    }
}
