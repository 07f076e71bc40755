using System.Collections.Immutable;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Panel;
using Pipeline.Dave.Session;

namespace Pipeline.Bot.Calls;

/// <summary>
/// Makes it visible when a call's end-to-end encryption ends, is about to, or has members whom nobody sees: marks the stretch in the
/// recording and finds the words. A call that never was encrypted has nothing to tell. One owner.
/// </summary>
internal sealed class EncryptionWatch(Func<RecordingAction, bool> post, Action<string> say)
{
    private readonly HashSet<ulong> told = [];
    private DaveProtection last = DaveProtection.Pending;
    private bool wasEndToEnd;
    private bool wasOpen;
    private bool isMarked; // as the recording knows it

    public void OnChanged(DaveProtection now)
    {
        wasEndToEnd |= now == DaveProtection.EndToEnd;
        bool isOpen = wasEndToEnd && now is DaveProtection.Unencrypted or DaveProtection.DowngradeAnnounced;
        if (isOpen && now != last) say(now == DaveProtection.DowngradeAnnounced ? Texts.DowngradeAnnounced : Texts.Downgraded);
        else if (wasOpen && now == DaveProtection.EndToEnd)
            say(last == DaveProtection.DowngradeAnnounced ? Texts.DowngradeLapsed : Texts.EncryptedAgain);
        (last, wasOpen) = (now, isOpen);
        Mark();
    }

    /// <summary>Members of the encrypted group whom Discord does not show in the call; each is told once.</summary>
    public void Look(ImmutableArray<ulong> unannounced)
    {
        Mark();
        ulong[] added = [.. unannounced.Where(told.Add)];
        if (added.Length > 0) say(Texts.Unannounced(added));
    }

    // What the recording has no room for at the moment is said to it again.
    private void Mark()
    {
        if (wasOpen != isMarked && post(wasOpen ? new RecordingAction.UnencryptedStarted() : new RecordingAction.UnencryptedEnded()))
            isMarked = wasOpen;
    }
}
