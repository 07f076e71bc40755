using Pipeline.Bot.Commands;
using Pipeline.Bot.Panel;
using Pipeline.Contracts;
using Pipeline.Dave.Session;

namespace Pipeline.Bot.Tests.Commands;

/// <summary>What <c>/record verify</c> says beside the codes.</summary>
public sealed class VerifyCommandTests
{
    private static readonly DaveSnapshot Encrypted = new() { Protection = DaveProtection.EndToEnd, PrivacyCode = "1" };

    [Fact]
    public void Call_that_was_encrypted_throughout_and_has_no_unseen_member_has_its_codes_alone() =>
        Assert.Empty(VerifyCommand.Warnings(Encrypted, []));

    [Fact]
    public void Unseen_members_an_announced_end_of_encryption_and_past_ones_are_named()
    {
        SampleStretch[] stretches = [new(48_000, 96_000)];
        DaveSnapshot ending = Encrypted with { Protection = DaveProtection.DowngradeAnnounced, Unannounced = [42] };
        Assert.Equal([Texts.DowngradeAnnounced, Texts.Unannounced([42]), Texts.WasUnencrypted(stretches)],
            VerifyCommand.Warnings(ending, stretches));
        Assert.Contains("<@42>", Texts.Unannounced([42]), StringComparison.Ordinal);
    }
}
