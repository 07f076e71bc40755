using Pipeline.Bot.Capture;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Contracts;

namespace Pipeline.Bot.Guilds;

/// <summary>
/// Warns people while something can still be done: nobody is heard, somebody is not, the line is poor, the limit is near.
/// </summary>
internal sealed class CallWarnings(RecorderOptions options, CaptureOptions capture, ActiveRecording host, CallPeople people,
    CallMessages messages)
{
    private readonly SpeakerWatch watch = new(options.Warnings, host.HeardBefore);
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
        (TimeSpan limit, TimeSpan warning) = (capture.MaximumDuration, options.Warnings.BeforeLimit);
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
