using Microsoft.Extensions.Logging;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.ServerSettings;
using Pipeline.Discord.Voice.Call;

namespace Pipeline.Bot.Calls;

/// <summary>Puts a recording together with a voice call that nobody has joined yet, and with all that people see of it.</summary>
/// <param name="emptyTimeout">How long the bot stays when everybody has left.</param>
internal sealed class RecordedCallFactory(Func<VoiceCall> newCall, CallMessagesFactory factory, GuildSettingsStore settings,
    WarningTimes warnings, TimeSpan emptyTimeout, TimeProvider time, ILogger log)
{
    /// <param name="posted">Where its panel is; null: it was not posted yet.</param>
    public RecordedCall Create(ActiveRecording host, StartCall start, PostedPanel? posted = null)
    {
        VoiceCall call = newCall();
        CallMessages messages = factory.Create(host, call, start, posted);
        CallConsent consent = new(host, messages, settings, time);
        CallEvents events = new(host, call, messages, consent.Notices, new CallGaps(host, messages, time, log), log);
        host.Limit.Leave = () => call.LeaveAsync(CancellationToken.None);
        host.MoreHealth = userId => call.EncryptionCountersOf(userId).ToDictionary();
        return new RecordedCall(host, call, start, messages, consent, events,
            new CallWarnings(warnings, emptyTimeout, host, messages, time));
    }
}
