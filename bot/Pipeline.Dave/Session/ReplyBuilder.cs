namespace Pipeline.Dave.Session;

/// <summary>Gathers what one event leads to.</summary>
internal sealed class ReplyBuilder
{
    private readonly List<DaveOutbound> messages = [];
    private readonly List<DaveNotice> notices = [];

    public DaveDemand Demand { get; set; }

    public void Send(byte opcode, ReadOnlyMemory<byte> payload) => messages.Add(new DaveOutbound(opcode, payload, 0));

    public void Send(byte opcode, int transitionId) => messages.Add(new DaveOutbound(opcode, ReadOnlyMemory<byte>.Empty, transitionId));

    public void Note(DaveNoticeKind kind, string detail) => notices.Add(new DaveNotice(kind, detail));

    public DaveReply Build()
    {
        if (messages.Count == 0 && notices.Count == 0 && Demand == DaveDemand.None) return DaveReply.Empty;
        DaveReply reply = new([.. messages], [.. notices], Demand);
        messages.Clear();
        notices.Clear();
        Demand = DaveDemand.None;
        return reply;
    }
}
