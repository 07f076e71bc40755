using Azure.Data.Tables;

namespace Pipeline.Storage.Tests;

public sealed class ChunkedColumnsTests
{
    [Theory]
    [InlineData(0, new int[0])]
    [InlineData(1, new[] { 1 })]
    [InlineData(61_440, new[] { 61_440 })]
    [InlineData(61_441, new[] { 61_440, 1 })]
    [InlineData(200_000, new[] { 61_440, 61_440, 61_440, 15_680 })]
    public void Bytes_stand_in_properties_of_60_kib_and_come_back(int length, int[] columns)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        TableEntity row = new("partition", "row");

        ChunkedColumns.Write(row, "Data", bytes);

        Assert.Equal(columns, row.Where(column => column.Value is byte[]).Select(column => ((byte[])column.Value).Length));
        Assert.Equal(bytes, ChunkedColumns.Read(row, "Data"));
        Assert.Empty(ChunkedColumns.Read(row, "Json"));
    }

    [Fact]
    public void Row_that_was_written_before_is_read_by_its_columns_names()
    {
        byte[] first = new byte[61_440], second = [3], beyondAGap = [9];
        TableEntity row = new("partition", "row") { ["Json0"] = first, ["Json1"] = second, ["Json3"] = beyondAGap };
        Assert.Equal([.. first, 3], ChunkedColumns.Read(row, "Json"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(61_439)]
    [InlineData(61_441)]
    [InlineData(122_879)]
    public void Shorter_value_that_was_merged_over_a_longer_one_is_read_alone(int length)
    {
        byte[] older = new byte[200_000], bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        TableEntity row = new("partition", "row");
        ChunkedColumns.Write(row, "Json", older);
        ChunkedColumns.Write(row, "Json", bytes);
        Assert.Equal(bytes, ChunkedColumns.Read(row, "Json"));
    }
}
