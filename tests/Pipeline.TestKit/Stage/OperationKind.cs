namespace Pipeline.TestKit.Stage;

/// <summary>What the storage service charges a request as.</summary>
public enum OperationKind
{
    /// <summary>Put, copy, lease, list: the dear ones.</summary>
    BlobWrite,

    /// <summary>Get and head.</summary>
    BlobRead,

    /// <summary>Free.</summary>
    BlobDelete,

    /// <summary>Send, receive, delete.</summary>
    Queue,

    /// <summary>Of any kind.</summary>
    Table,
}
