using Pipeline.Bot.Capture;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Contracts;

namespace Pipeline.Bot.Calls;

/// <summary>
/// Warns people while something can still be done: nobody is heard, somebody is not, the line is poor, the limit is near, nobody is there.
/// </summary>
/// <param name="emptyTimeout">How long the bot stays when everybody has left.</param>
internal sealed class CallWarnings(WarningTimes times, TimeSpan emptyTimeout, ActiveRecording host, CallMessages messages,
    TimeProvider time)
{
    private readonly SpeakerWatch watch = new(times, host.HeardBefore);
    private readonly CallPeople people = messages.People;
    private long? emptySince;
    private bool toldLimit;
    private bool toldCapacity;

    /// <summary>About once a second.</summary>
    /// <param name="listens">Audio can come at the moment.</param>
    public void Look(bool listens)
    {
        foreach (SpeakerWarning warning in watch.Look(host.Snapshot, people.Humans(), listens)) Warn(warning);
        WarnOfLimit();
        WarnOfCapacity();
    }

    /// <summary>With which words a recording ends whose people have all been gone for long enough; null: it goes on.</summary>
    public string? WhyDeserted()
    {
        if (people.AreHere)
        {
            emptySince = null;
            people.WereHere = true;
            return null;
        }
        if (emptySince is null)
        {
            emptySince = time.GetTimestamp();
            messages.Panel.Note(people.WereHere ? Texts.Alone : Texts.NobodyCame);
        }
        return time.GetElapsedTime(emptySince.Value) < emptyTimeout ? null : Texts.EndedEmpty(emptyTimeout, people.WereHere);
    }

    private void Warn(SpeakerWarning warning)
    {
        switch (warning)
        {
            case SpeakerWarning.Nobody: messages.Say(NobodyHeard()); break;
            case SpeakerWarning.NotHeard missing: messages.Say(Texts.NotHeard(missing.UserId)); break;
            case SpeakerWarning.Quiet quiet: messages.Say(Texts.Quiet(quiet.Length), messages.StopButton); break;
            case SpeakerWarning.PoorLine poor: messages.Say(Texts.PoorLine(poor.LostPercent)); break;
            // The call itself asks for new keys, then joins again.
            case SpeakerWarning.Undecodable failing: messages.Say(Texts.Undecodable(failing.UserIds, failing.Length)); break;
            default: break;
        }
    }

    private string NobodyHeard() => host.Recording.Consent is { DemandsAgreement: true, AgreedCount: 0 } ? ConsentTexts.NobodyAgreed
        : Texts.NobodyHeard;

    private void WarnOfLimit()
    {
        (TimeSpan limit, TimeSpan warning) = (host.Limit.Longest, times.BeforeLimit);
        TimeSpan left = limit - SampleClock.ToTime(host.Recording.SampleCount);
        if (toldLimit || left > warning || limit < warning * 2) return;
        toldLimit = true;
        messages.Say(Texts.LimitNear(left), messages.StopButton);
    }

    private void WarnOfCapacity()
    {
        if (toldCapacity || host.Snapshot.TracklessSpeakers == 0) return;
        toldCapacity = true;
        messages.Say(Texts.TooManySpeakers);
    }
}
