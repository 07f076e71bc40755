using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts;

namespace Pipeline.Bot.Calls;

/// <summary>
/// Who wants to be in a running recording and who does not: what they said to it, what the server's settings know of them, and its ledger.
/// Any thread, but for <see cref="HeedSettings"/> and <see cref="Notices"/>.
/// </summary>
internal sealed class CallConsent
{
    private readonly ActiveRecording host;
    private readonly CallPeople people;
    private readonly GuildSettingsStore settings;
    private readonly TimeProvider time;
    private IReadOnlyList<ulong> heeded = [];
    private long askedAt;

    public CallConsent(ActiveRecording host, CallMessages messages, GuildSettingsStore settings, TimeProvider time)
    {
        (this.host, people, this.settings, this.time) = (host, messages.People, settings, time);
        Notices = new CallNotices(
            host.Recording.Consent.IsOptedOut,
            users => messages.Say(Texts.OptedOut(users), line: Texts.OptedOut(users, Wording.MostNamed)),
            users =>
            {
                messages.Panel.Note(ConsentTexts.Late(users, Mode, Wording.MostNamed));
                TellLate(messages, users);
            },
            users => TellLate(messages, users),
            time);
    }

    /// <summary>What people are told of it.</summary>
    public CallNotices Notices { get; }

    /// <summary>How people are asked, as it was when the recording started.</summary>
    public ConsentMode Mode => ConsentModes.FromWord(host.Ledger?.Mode);

    /// <summary>Somebody agrees. What the answer is.</summary>
    public string Agree(ulong userId)
    {
        if (!host.Recording.Consent.DemandsAgreement) return ConsentTexts.NothingToAgree;
        if (IsErased(userId)) return ConsentTexts.ErasedBefore;
        if (host.Recording.Consent.IsOptedOut(userId)) return ConsentTexts.OptedOutBefore;
        return host.Agree(Entry(userId, ConsentEntry.Agreed, ConsentTexts.AgreeButton), ConsentTexts.Of(Mode)) ? ConsentTexts.AgreedNow
            : ConsentTexts.AgreedBefore;
    }

    /// <summary>By all that is written there, this person is erased from this recording and may be in the server's others.</summary>
    public static bool IsOutOfThisOnly(ConsentLedger? ledger, ulong userId)
    {
        List<ConsentEntry> said = [.. ledger?.Entries.Where(entry => entry.UserId == userId && entry.Choice != ConsentEntry.Agreed) ?? []];
        return said.Count > 0 && said.TrueForAll(entry => entry is { Choice: ConsentEntry.Erased, Button: ConsentTexts.EraseButton });
    }

    /// <inheritdoc cref="Capture.Consent.HasAgreed"/>
    public bool HasAgreed(ulong userId) => host.Recording.Consent.HasAgreed(userId);

    /// <summary>Nothing of this person is in this recording any more, nor will be.</summary>
    public bool IsErased(ulong userId) => host.Ledger?.Erased().Contains(userId) == true;

    /// <summary>
    /// Takes somebody out for good: nothing more is taken, what is here of them goes, and the ledger says so. What the storage has of them
    /// is for the recording API to erase.
    /// </summary>
    /// <param name="button">What was pressed or typed, for the ledger.</param>
    public void Erase(ulong userId, string button)
    {
        host.SetOptOut(userId, optedOut: true);
        if (IsErased(userId)) return;
        host.Note(Entry(userId, ConsentEntry.Erased, button) with { Username = null }, ConsentTexts.Of(Mode));
        if (people.Ids().Contains(userId)) Notices.OptedOut([userId]);
    }

    /// <summary>From now on nothing of this person is stored, and what is still here of them goes.</summary>
    /// <inheritdoc cref="Erase"/>
    public void OptOut(ulong userId, string button)
    {
        // Who is out of this recording alone may want out of the others too, and a host without our disk must hear of it.
        if (!host.SetOptOut(userId, optedOut: true) && !IsOutOfThisOnly(host.Ledger, userId)) return;
        host.Note(Entry(userId, ConsentEntry.Declined, button), ConsentTexts.Of(Mode));
        if (people.Ids().Contains(userId)) Notices.OptedOut([userId]);
    }

    /// <inheritdoc cref="ActiveRecording.TryStoreAsync"/>
    public Task<bool> TryStoreAsync(TimeSpan patience, CancellationToken cancellation) => host.TryStoreAsync(patience, cancellation);

    /// <summary>Back in, unless this person is erased from this recording.</summary>
    public void TakeBackIn(ulong userId)
    {
        if (!IsErased(userId)) host.SetOptOut(userId, optedOut: false);
    }

    /// <summary>
    /// Takes over what the settings have come to know of people's wishes, and asks for them again and again: another bot, or somebody who
    /// writes to the API, tells nobody here. Opting out is all that it does: who comes back says so to this recording.
    /// </summary>
    public void HeedSettings()
    {
        ulong guildId = host.Session.GuildId;
        IReadOnlyList<ulong> optedOut = settings.OptedOut(guildId);
        if (optedOut != heeded) Heed(heeded = optedOut);
        if (settings.KnowsOptOuts(guildId)) host.OptOutsKnown(optedOut);
        if (settings.AskPause(guildId) is not { } pause || (askedAt != 0 && time.GetElapsedTime(askedAt) < pause)) return;
        askedAt = time.GetTimestamp();
        _ = settings.GetAsync(guildId, CancellationToken.None);
    }

    private void Heed(IReadOnlyList<ulong> optedOut)
    {
        ulong[] inCall = [.. people.Ids().Intersect(optedOut).Where(user => !host.Recording.Consent.IsOptedOut(user))];
        if (!host.OptOut(optedOut)) return;
        NoteOptOuts(optedOut);
        if (inCall.Length > 0) Notices.OptedOut(inCall);
    }

    // A later owner of the recording, and its next part, must not take an old yes for the last word.
    private void NoteOptOuts(IReadOnlyList<ulong> optedOut)
    {
        foreach (ulong userId in (host.Ledger?.Agreed() ?? []).Intersect(optedOut))
            host.Note(Entry(userId, ConsentEntry.Declined, ConsentTexts.OptedOutElsewhere), ConsentTexts.Of(Mode));
    }

    private void TellLate(CallMessages messages, ulong[] users) => messages.Post(ConsentTexts.Late(users, Mode), messages.ConsentButtons,
        inCall: true, ping: users, unsaid: () => Notices.Untold(users));

    private ConsentEntry Entry(ulong userId, string choice, string button) => new()
    {
        UserId = userId,
        Username = people.NameOf(userId),
        At = time.GetUtcNow(),
        Choice = choice,
        Button = button,
    };
}
