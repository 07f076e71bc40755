using Pipeline.Discord.Media;

namespace Pipeline.Discord.Voice.Session;

/// <summary>
/// Who is in the call and whose source is whose, as the gateway tells it and as the media thread found out. Control loop only.
/// </summary>
internal sealed class VoicePeople(ulong ownUserId, SsrcMap ssrcs, VoiceMedia media, Action<VoiceSessionNews> report)
{
    private readonly HashSet<uint> unnamed = [];

    public void Take(VoiceMessage message)
    {
        switch (message)
        {
            case VoiceMessage.Speaking speaking:
                Assign(speaking.Ssrc, speaking.UserId);
                break;
            case VoiceMessage.ClientsConnect connect:
                bool isNew = false;
                foreach (ulong user in connect.UserIds) isNew |= Add(user);
                if (isNew) media.Publish();
                break;
            case VoiceMessage.ClientDisconnect disconnect:
                if (ssrcs.Leave(disconnect.UserId)) report(new VoiceSessionNews.UserLeft(disconnect.UserId));
                media.Publish();
                break;
        }
    }

    /// <summary>The media thread found out, or gave up waiting.</summary>
    public void Take(FoundSource found)
    {
        if (!UnnamedSource.Is(found.UserId)) Assign(found.Ssrc, found.UserId);
        else if (!ssrcs.Users.ContainsKey(found.Ssrc) && unnamed.Add(found.Ssrc)) report(new VoiceSessionNews.SourceUnnamed(found.Ssrc));
    }

    private void Assign(uint ssrc, ulong userId)
    {
        Add(userId);
        if (ssrcs.Assign(ssrc, userId)) media.Publish();
        if (unnamed.Remove(ssrc)) report(new VoiceSessionNews.SourceNamed(ssrc, userId));
    }

    private bool Add(ulong userId)
    {
        if (userId == ownUserId || !ssrcs.Join(userId)) return false;
        media.Encourage();
        report(new VoiceSessionNews.UserJoined(userId));
        return true;
    }
}
