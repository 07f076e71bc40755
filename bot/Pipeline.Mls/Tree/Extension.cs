using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tree;

/// <summary>RFC 9420 §13.4: <c>u16 type || data vector</c>.</summary>
internal sealed record Extension(ushort Type, byte[] Data)
{
    public const ushort ApplicationId = 1;
    public const ushort RatchetTree = 2;
    public const ushort RequiredCapabilities = 3;
    public const ushort ExternalSenders = 5;

    /// <summary>RFC 9420 §7.2: the types of the RFC itself need not be listed as supported.</summary>
    public bool IsDefault => Type is >= ApplicationId and <= ExternalSenders;

    public static Extension Read(ref TlsReader reader) => new(reader.ReadUInt16(), reader.ReadVector().ToArray());

    /// <summary>RFC 9420 §13.4: no type may occur twice in a list.</summary>
    public static IReadOnlyList<Extension> ReadAll(ref TlsReader reader)
    {
        List<Extension> extensions = reader.ReadList(Read);
        HashSet<ushort> types = [];
        foreach (Extension extension in extensions) MlsException.ThrowIf(!types.Add(extension.Type), MlsError.Malformed);
        return extensions;
    }

    public static void WriteAll(TlsWriter writer, IReadOnlyList<Extension> extensions) =>
        writer.WriteList(extensions, static (target, extension) =>
        {
            target.WriteUInt16(extension.Type);
            target.WriteVector(extension.Data);
        });

    /// <summary>The list with exactly these senders (RFC 9420 §12.1.8.1).</summary>
    public static Extension ForExternalSenders(IReadOnlyList<ExternalSender> senders)
    {
        using TlsWriter data = new();
        data.WriteList(senders, static (target, sender) => sender.Write(target));
        return new Extension(ExternalSenders, data.ToArray());
    }

    /// <summary>The senders of this extension, whose type must be <see cref="ExternalSenders"/>.</summary>
    public IReadOnlyList<ExternalSender> ReadExternalSenders()
    {
        TlsReader reader = new(Data);
        List<ExternalSender> senders = reader.ReadList(ExternalSender.Read);
        reader.ExpectEnd();
        return senders;
    }
}
