using System.Globalization;
using Pipeline.Bot.Commands;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts.Api;
using Pipeline.Discord.Gateway;

namespace Pipeline.Bot.Retention;

/// <summary><c>/record keep</c>: keeps a recording beyond the day of its deletion. For those who may delete it.</summary>
internal sealed class KeepCommand(FinishedRecordings finished, CatalogueClient catalogue, GatewayClient gateway) : ISlashCommand
{
    public IReadOnlyList<string> Names => ["keep"];

    public async Task RunAsync(CommandContext context, CancellationToken cancellationToken) =>
        await context.Answer.SendAsync(await KeepAsync(context, cancellationToken), cancellationToken);

    private async Task<string> KeepAsync(CommandContext context, CancellationToken cancellationToken)
    {
        string id = context.Option("recording")?.Text ?? "";
        if (await finished.FindAsync(context, id, cancellationToken) is not { } recording) return Texts.WrongLink;
        bool isStarter = recording.UserId == context.CallerId.ToString(CultureInfo.InvariantCulture);
        bool mayManage = StartChecks.MayManage(gateway.Guilds.Find(context.GuildId), context.Caller);
        if (!isStarter && !(mayManage && finished.MaySee(context, recording))) return mayManage ? Texts.WrongLink : KeepTexts.NeedsRight;
        if (recording is { IsKept: not true, DeletesAt: null, Status: not RecordingStatus.Live }) return KeepTexts.NoDay;
        return await catalogue.KeepAsync(recording.Id, cancellationToken) ? KeepTexts.Kept : Texts.WrongLink;
    }
}
