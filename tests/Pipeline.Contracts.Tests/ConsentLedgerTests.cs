using Pipeline.Contracts;

namespace Pipeline.Contracts.Tests;

public sealed class ConsentLedgerTests
{
    private const ulong Ada = 1, Ben = 2;

    [Fact]
    public void Last_word_of_each_counts_and_words_are_kept_once()
    {
        ConsentLedger ledger = new ConsentLedger { Mode = ConsentLedger.Ask }
            .With(Word(Ben, ConsentEntry.Agreed), "first")
            .With(Word(Ada, ConsentEntry.Declined), "first")
            .With(Word(Ada, ConsentEntry.Agreed), "second")
            .With(Word(Ben, ConsentEntry.Declined), "first");
        Assert.Equal([Ada], ledger.Agreed());
        Assert.Equal(["first", "second"], ledger.Texts);
        Assert.Equal([0, 0, 1, 0], ledger.Entries.Select(entry => entry.Text));
        Assert.Empty(ledger.Erased());
    }

    [Fact]
    public void Who_is_erased_has_no_name_and_one_word_that_says_so()
    {
        ConsentLedger ledger = new ConsentLedger { Mode = ConsentLedger.Required }
            .With(Word(Ada, ConsentEntry.Agreed), "words").With(Word(Ben, ConsentEntry.Agreed), "words");
        DateTimeOffset at = DateTimeOffset.UnixEpoch.AddDays(1);
        ConsentLedger without = ledger.WithErased(Ada, at).WithErased(Ada, at.AddDays(1));
        Assert.Equal([(Ada, null, "agreed"), (Ben, "name 2", "agreed"), (Ada, null, "erased")],
            without.Entries.Select(entry => (entry.UserId, entry.Username, entry.Choice)));
        Assert.Equal((at, "/record forget me"), (without.Entries[2].At, without.Entries[2].Button));
        Assert.Equal([Ada], without.Erased());
        Assert.Equal([Ben], without.Agreed());
    }

    [Fact]
    public void Of_twenty_words_of_one_the_first_and_the_latest_stay()
    {
        ConsentLedger ledger = new() { Mode = ConsentLedger.Ask };
        for (int i = 0; i < 25; i++) ledger = ledger.With(Word(Ada, i % 2 == 0 ? "agreed" : "declined", minute: i), "words");
        Assert.Equal([.. Enumerable.Range(0, 19), 24], ledger.Entries.Select(entry => entry.At.Minute));
        ledger = ledger.With(Word(Ben, "agreed"), "words");
        Assert.Equal(21, ledger.Entries.Count);
        ConsentLedger erased = ledger.WithErased(Ada, DateTimeOffset.UnixEpoch.AddHours(1));
        Assert.Equal((20, "erased"), (erased.Entries.Count(entry => entry.UserId == Ada), erased.Entries[^1].Choice));
        ConsentLedger later = erased.With(Word(Ada, "agreed", minute: 59), "words");
        Assert.Equal([Ada], later.Erased()); // that word goes last of all
        Assert.Equal(20, later.Entries.Count(entry => entry.UserId == Ada));
    }

    [Fact]
    public void Ledger_of_five_thousand_words_keeps_each_persons_first()
    {
        ConsentLedger ledger = new()
        {
            Mode = ConsentLedger.Ask,
            Texts = ["words"],
            Entries = [.. Enumerable.Range(1, 4999).Select(user => Word((ulong)user, "agreed"))],
        };
        ledger = ledger.With(Word(Ada, "declined"), "words");
        Assert.Equal(5000, ledger.Entries.Count);
        ledger = ledger.With(Word(Ada, "agreed", minute: 5), "words");
        Assert.Equal((5000, 2), (ledger.Entries.Count, ledger.Entries.Count(entry => entry.UserId == Ada)));
        Assert.Equal(5, ledger.Entries[^1].At.Minute);
        Assert.Equal(5001, ledger.With(Word(7000, "agreed"), "words").Entries.Count); // who says it for the first time is heard
    }

    private static ConsentEntry Word(ulong user, string choice, int minute = 0) => new()
    {
        UserId = user,
        Username = $"name {user}",
        At = DateTimeOffset.UnixEpoch.AddMinutes(minute),
        Choice = choice,
        Button = "a button",
    };
}
