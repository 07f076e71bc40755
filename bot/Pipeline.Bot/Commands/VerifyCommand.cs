using Pipeline.Bot.Calls;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Panel;
using Pipeline.Contracts;
using Pipeline.Dave.Codes;
using Pipeline.Dave.Session;
using Pipeline.Discord.Gateway;

namespace Pipeline.Bot.Commands;

/// <summary><c>/record verify</c>: the codes by which people compare the encryption of the call.</summary>
internal sealed class VerifyCommand(GuildRecorders recorders, GatewayClient gateway, CommandRights rights) : ISlashCommand
{
    public IReadOnlyList<string> Names => ["verify"];

    public async Task RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        if (recorders.For(context.GuildId).Current is not { } call) await context.Answer.SendAsync(Texts.NothingToStop, cancellationToken);
        else if (!rights.MayEnter(context, call)) await context.Answer.SendAsync(Texts.OutOfSight, cancellationToken);
        else await context.Answer.SendAsync(await Task.Run(() => CodesOf(call, context.Option("user")?.Snowflake), cancellationToken),
            cancellationToken);
    }

    // scrypt takes a tenth of a second: off the gateway's thread.
    private string CodesOf(RecordedCall call, ulong? userId)
    {
        DaveSnapshot encryption = call.Call.Encryption;
        return string.Join('\n', Warnings(encryption, call.Host.Snapshot.Unencrypted).Prepend(CodesOf(encryption, userId)));
    }

    /// <summary>What equal codes do not tell: that encryption is about to end, that somebody unseen listens, that it had ended.</summary>
    internal static IEnumerable<string> Warnings(DaveSnapshot encryption, IReadOnlyList<SampleStretch> unencrypted)
    {
        if (encryption.Protection == DaveProtection.DowngradeAnnounced) yield return Texts.DowngradeAnnounced;
        if (!encryption.Unannounced.IsEmpty) yield return Texts.Unannounced(encryption.Unannounced);
        if (unencrypted.Count > 0) yield return Texts.WasUnencrypted(unencrypted);
    }

    private string CodesOf(DaveSnapshot encryption, ulong? userId)
    {
        if (encryption.PrivacyCode.Length == 0) return Texts.VerifyNotActive;
        string callCode = Texts.CallCode(DisplayableCode.WithSpaces(encryption.PrivacyCode));
        DaveMember? own = encryption.Members.FirstOrDefault(member => member.UserId == gateway.SelfId);
        DaveMember? other = encryption.Members.FirstOrDefault(member => member.UserId == userId);
        if (own is null || other is null || own == other) return userId is { } who ? callCode + "\n" + Texts.NotInGroup(who) : callCode;
        string code = VerificationCode.Compute(own, other, ScryptKdf.Derive);
        return callCode + "\n" + Texts.PersonCode(other.UserId, DisplayableCode.WithSpaces(code));
    }
}
