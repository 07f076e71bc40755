using System.Globalization;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts.Api;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Commands;

/// <summary><c>/record delete</c>: deletes a recording for good, after a question.</summary>
internal sealed class DeleteCommand(FinishedRecordings finished, CatalogueClient catalogue, GuildRecorders recorders, GatewayClient gateway,
    TimeProvider time) : ISlashCommand, IButton
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromHours(6);

    public IReadOnlyList<string> Names => ["delete"];

    public IReadOnlyList<string> Buttons => [CustomIds.Delete];

    public Task RunAsync(CommandContext context, CancellationToken cancellationToken) =>
        AskAsync(context, context.Option("recording")?.Text ?? "", cancellationToken);

    /// <summary>Asks first; the button of the answer does it.</summary>
    private async Task AskAsync(CommandContext context, string id, CancellationToken cancellationToken)
    {
        if (await FindDeletableAsync(context, id, cancellationToken) is not { } recording) return;
        await context.Answer.SendAsync(new MessageBody
        {
            Content = Texts.ConfirmDelete(recording),
            Components =
            [
                MessageComponent.Row(
                    MessageComponent.Button("Delete for good", CustomIds.For(CustomIds.Delete, recording.Id), ButtonStyle.Danger),
                    MessageComponent.Button("Keep", CustomIds.For(CustomIds.Keep, recording.Id))),
            ],
        }, cancellationToken);
    }

    /// <summary>The button; rights are looked at once more.</summary>
    public async Task PressAsync(CommandContext context, string what, string id, CancellationToken cancellationToken)
    {
        if (await FindDeletableAsync(context, id, cancellationToken) is not { } recording) return;
        string who = Wording.User(context.CallerId);
        DeletionState? state = await catalogue.DeleteAsync(recording.Id, cancellationToken);
        string text = state switch
        {
            null => Texts.Gone(recording.RecordedAt),
            { Status: DeletionState.Deleting } => Texts.BeingDeleted(who, state.RemainingFiles),
            _ => Texts.Deleted(who),
        };
        await context.Answer.SendAsync(text, cancellationToken);
        if (state is { Status: DeletionState.Deleting })
            await FollowAsync(context, recording.Id, state.RemainingFiles, cancellationToken);
    }

    /// <summary>
    /// Tells how far it is until nothing is left. The service needs nobody who watches: an outage only delays the news.
    /// </summary>
    private async Task FollowAsync(CommandContext context, string id, int remaining, CancellationToken cancellationToken)
    {
        string who = Wording.User(context.CallerId);
        long since = time.GetTimestamp();
        TimeSpan pause = FirstPause;
        while (time.GetElapsedTime(since) < Patience)
        {
            await Task.Delay(pause, time, cancellationToken);
            pause = pause * 1.5 > LongestPause ? LongestPause : pause * 1.5;
            DeletionState? state;
            try
            {
                state = await catalogue.DeletionAsync(id, cancellationToken);
            }
            catch (CatalogueException)
            {
                continue;
            }
            if (state is null) return; // the service does not tell
            bool isDone = state.Status == DeletionState.Deleted;
            if (isDone) await context.Answer.UpdateAsync(Texts.Deleted(who), isLast: true, cancellationToken);
            else if (state.RemainingFiles != remaining)
                await context.Answer.UpdateAsync(Texts.BeingDeleted(who, state.RemainingFiles), isLast: false, cancellationToken);
            if (isDone) return;
            remaining = state.RemainingFiles;
        }
    }

    private async Task<RecordingSummary?> FindDeletableAsync(CommandContext context, string id, CancellationToken cancellationToken)
    {
        RecordingSummary? recording = await finished.FindAsync(context, id, cancellationToken);
        if (recording is null)
        {
            await context.Answer.SendAsync(Texts.WrongLink, cancellationToken);
            return null;
        }
        if (recorders.For(context.GuildId).Current?.Session.RecordingId.ToString() is { } running
            && (running == recording.SessionId || running == recording.Id))
        {
            await context.Answer.SendAsync(Texts.StopBeforeDelete, cancellationToken);
            return null;
        }
        bool isStarter = recording.UserId == context.CallerId.ToString(CultureInfo.InvariantCulture);
        bool mayManage = StartChecks.MayManage(gateway.Guilds.Find(context.GuildId), context.Caller);
        if (isStarter || (mayManage && finished.MaySee(context, recording))) return recording;
        await context.Answer.SendAsync(mayManage ? Texts.WrongLink : Texts.DeleteNeedsRight, cancellationToken);
        return null;
    }
}
