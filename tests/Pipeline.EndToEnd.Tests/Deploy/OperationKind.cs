namespace Pipeline.EndToEnd.Tests.Deploy;

/// <summary>What the storage service charges a request as.</summary>
internal enum OperationKind
{
    /// <summary>Put, copy, lease, list: the dear ones.</summary>
    BlobWrite,

    /// <summary>Get and head.</summary>
    BlobRead,

    /// <summary>Free.</summary>
    BlobDelete,

    Queue,

    Table,
}
