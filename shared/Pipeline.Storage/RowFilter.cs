using Azure.Data.Tables;

namespace Pipeline.Storage;

/// <summary>Filters for rows of one partition by their keys.</summary>
public static class RowFilter
{
    /// <summary>Rows whose key begins with this.</summary>
    public static string Prefix(string partition, string prefix) => Range(partition, prefix, Behind(prefix));

    /// <summary>Rows from one key on, up to another one, which is not among them.</summary>
    public static string Range(string partition, string from, string to) =>
        TableClient.CreateQueryFilter($"PartitionKey eq {partition} and RowKey ge {from} and RowKey lt {to}");

    /// <summary>The first key behind all that begin with this; not empty.</summary>
    public static string Behind(string prefix) => prefix[..^1] + (char)(prefix[^1] + 1);
}
