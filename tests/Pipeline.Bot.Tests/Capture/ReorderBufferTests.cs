using CsCheck;
using Pipeline.Bot.Capture;

namespace Pipeline.Bot.Tests.Capture;

public sealed class ReorderBufferTests
{
    private const double Window = 4800; // 100 ms
    private const int Capacity = 100;

    [Fact]
    public void Packets_in_order_pass_without_being_held()
    {
        ReorderBuffer buffer = Begun(first: 10);
        for (long sequence = 11; sequence < 200; sequence++)
        {
            Assert.Equal(ReorderVerdict.InOrder, buffer.Judge(sequence, 100));
            buffer.Pass(sequence, sequence * 960);
        }
        Assert.Equal(0, buffer.Held);
    }

    [Fact]
    public void Packet_behind_a_missing_one_waits_for_it()
    {
        ReorderBuffer buffer = Begun(first: 10);
        Hold(buffer, 12, arrival: 12_000);
        Assert.Empty(Take(buffer));
        Assert.Equal(ReorderVerdict.InOrder, buffer.Judge(11, 100));
        buffer.Pass(11, 12_500);
        Assert.Equal([12], Take(buffer));
    }

    [Fact]
    public void Missing_packet_is_given_up_when_the_window_has_passed_by_later_arrivals()
    {
        ReorderBuffer buffer = Begun(first: 10);
        Hold(buffer, 12, arrival: 12_000);
        Hold(buffer, 13, arrival: 12_000 + Window - 1);
        Assert.Empty(Take(buffer));
        Hold(buffer, 14, arrival: 12_000 + Window);
        Assert.Equal([12, 13, 14], Take(buffer));
    }

    [Fact]
    public void Packet_that_has_left_does_not_hurry_those_that_wait()
    {
        ReorderBuffer buffer = Begun(first: 10);
        Hold(buffer, 12, arrival: 12_000);
        buffer.Pass(11, 12_500);
        Assert.Equal([12], Take(buffer));
        Hold(buffer, 14, arrival: 12_000 + Window);
        Assert.Empty(Take(buffer));
    }

    [Fact]
    public void Packet_that_passes_is_an_arrival_as_any_other()
    {
        ReorderBuffer buffer = Begun(first: 10);
        Hold(buffer, 13, arrival: 12_000);
        buffer.Pass(11, 12_000 + Window);
        Assert.Equal([13], Take(buffer));
    }

    [Fact]
    public void Arrivals_of_another_source_hurry_nobody()
    {
        ReorderBuffer buffer = Begun(first: 10);
        Hold(buffer, 12, arrival: 12_000);
        buffer.Begin(1000);
        Hold(buffer, 1002, arrival: 12_000 + Window);
        Assert.Empty(Take(buffer));
    }

    [Fact]
    public void Late_packet_is_told_from_a_duplicate()
    {
        ReorderBuffer buffer = Begun(first: 10);
        Hold(buffer, 12, arrival: 12_000);
        Assert.Equal(ReorderVerdict.Duplicate, buffer.Judge(12, 100));
        Assert.Equal([12], Take(buffer, giveUpBefore: long.MaxValue));
        Assert.Equal(ReorderVerdict.Late, buffer.Judge(11, 100));
        Assert.Equal(ReorderVerdict.Duplicate, buffer.Judge(12, 100));
        Assert.Equal(ReorderVerdict.Duplicate, buffer.Judge(10, 100));
    }

    [Fact]
    public void Packet_before_the_first_of_an_epoch_still_finds_its_place()
    {
        ReorderBuffer buffer = new(Window, Capacity);
        buffer.Begin(100);
        Hold(buffer, 100, arrival: 0);
        Hold(buffer, 99, arrival: 10);
        Assert.Equal([99, 100], Take(buffer, giveUpBefore: long.MaxValue));
    }

    [Fact]
    public void Twelve_packets_before_the_first_of_an_epoch_may_be_on_their_way()
    {
        ReorderBuffer buffer = new(Window, Capacity);
        buffer.Begin(100);
        Assert.Equal((ReorderVerdict.InOrder, ReorderVerdict.Late), (buffer.Judge(88, 3), buffer.Judge(87, 3)));
    }

    [Fact]
    public void Duplicates_are_known_for_64_packets()
    {
        ReorderBuffer buffer = Begun(first: 10);
        for (long sequence = 11; sequence < 100; sequence++) buffer.Pass(sequence, sequence * 960);
        Assert.Equal((ReorderVerdict.Duplicate, ReorderVerdict.Late), (buffer.Judge(100 - 64, 3), buffer.Judge(100 - 65, 3)));
    }

    [Fact]
    public void What_cannot_be_held_is_said_so()
    {
        ReorderBuffer buffer = Begun(first: 10);
        Assert.Equal(ReorderVerdict.NoRoom, buffer.Judge(12, 1_281));
        Assert.Equal(ReorderVerdict.InOrderWithoutRoom, buffer.Judge(11, 1_281));
        Assert.Equal(ReorderVerdict.Hold, buffer.Judge(12, 1_280));
        for (int i = 0; i < Capacity; i++) Hold(buffer, 12 + i, arrival: 12_000);
        Assert.Equal(ReorderVerdict.NoRoom, buffer.Judge(12 + Capacity, 3));
        Assert.Equal(ReorderVerdict.InOrderWithoutRoom, buffer.Judge(11, 3));
    }

    [Fact]
    public void Room_is_bounded_in_bytes_and_small_for_speech()
    {
        ReorderBuffer speech = new(Window, capacity: 560), flood = new(Window, capacity: 560);
        speech.Begin(12);
        flood.Begin(12);
        for (long sequence = 13; sequence < 1000; sequence++)
        {
            if (speech.Held < 70 && speech.Judge(sequence, 160) == ReorderVerdict.Hold)
                speech.Hold(new Packet { Sequence = sequence }, new byte[160]);
            if (flood.Judge(sequence, 1200) == ReorderVerdict.Hold) flood.Hold(new Packet { Sequence = sequence }, new byte[1200]);
        }
        Assert.Equal(70, speech.Held); // a second and more of 20 ms frames
        Assert.True(speech.RoomBytes <= 20 * 1024, $"{speech.RoomBytes} bytes for speech");
        Assert.Equal(256 * 1024 / 1200, flood.Held);
        Assert.InRange(flood.RoomBytes, 200 * 1024, 300 * 1024);
        ReorderBuffer small = new(Window, capacity: 5000);
        small.Begin(12);
        for (long sequence = 13; sequence < 9_000 && small.Judge(sequence, 128) == ReorderVerdict.Hold; sequence++)
            small.Hold(new Packet { Sequence = sequence }, new byte[128]);
        Assert.Equal(256 * 1024 / 128, small.Held);
        for (int taken = 0; small.TryTake(long.MaxValue, out _, out _); taken++) Assert.True(taken < 5_000, "it is never empty");
        Assert.Equal(256 * 1024, small.RoomBytes); // kept for the next
        for (long sequence = 5_000; sequence < 14_000 && small.Judge(sequence, 128) == ReorderVerdict.Hold; sequence++)
            small.Hold(new Packet { Sequence = sequence }, new byte[128]);
        Assert.Equal(256 * 1024 / 128, small.Held);
    }

    [Fact]
    public void Any_shuffle_within_the_window_comes_out_in_order_and_whole()
    {
        Gen.Int[0, 7].Array[5, 120].Sample(delays =>
        {
            long[] arrivals = [.. Enumerable.Range(0, delays.Length).OrderBy(i => i + delays[i]).Select(i => (long)i)];
            ReorderBuffer buffer = new(window: 12 * 960, Capacity);
            buffer.Begin(arrivals[0]);
            List<long> released = [];
            for (int i = 0; i < arrivals.Length; i++)
            {
                Assert.Contains(buffer.Judge(arrivals[i], 3), (ReorderVerdict[])[ReorderVerdict.Hold, ReorderVerdict.InOrder]);
                buffer.Hold(new Packet { Sequence = arrivals[i], Arrival = i * 960 }, [1, 2, 3]);
                released.AddRange(Take(buffer));
            }
            released.AddRange(Take(buffer, giveUpBefore: long.MaxValue));
            Assert.Equal(Enumerable.Range(0, delays.Length).Select(i => (long)i), released);
        }, iter: 300, seed: "0N0XIzNsQ0O2");
    }

    [Fact]
    public void Packet_of_any_length_comes_out_as_it_went_in_whatever_its_slot_held_before()
    {
        ReorderBuffer buffer = new(Window, Capacity);
        const int Slots = 32;
        int[] lengths = [3, 256, 257, 0, 1275, 1, ReorderBuffer.LongestPacket, 120];
        for (int round = 0; round < lengths.Length; round++)
        {
            // The same slots every time, each with another length.
            byte[][] packets = [.. Enumerable.Range(0, Slots)
                .Select(slot => Bytes(lengths[(slot + round) % lengths.Length], (byte)(slot + round)))];
            long first = 1 + (round * Slots);
            if (round == 0) buffer.Begin(first + 12);
            foreach (int slot in Enumerable.Range(0, Slots).Reverse())
                buffer.Hold(new Packet { Sequence = first + slot, Arrival = 0 }, packets[slot]);
            foreach (byte[] packet in packets)
            {
                Assert.True(buffer.TryTake(long.MaxValue, out _, out ReadOnlySpan<byte> opus));
                Assert.True(opus.SequenceEqual(packet), $"round {round}, {packet.Length} bytes");
            }
        }
    }

    [Theory]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    public void Jump_forgets_what_was_there_before_it(int missing)
    {
        ReorderBuffer buffer = Begun(first: 10);
        for (long sequence = 11; sequence < 100; sequence++) buffer.Pass(sequence, sequence * 960);
        Hold(buffer, 100 + missing, arrival: 200_000);
        Assert.Equal([100 + missing], Take(buffer, giveUpBefore: long.MaxValue));
        for (int ago = 1; ago < missing; ago++) Assert.Equal(ReorderVerdict.Late, buffer.Judge(100 + missing - ago, 3));
        Assert.Equal(ReorderVerdict.Duplicate, buffer.Judge(100 + missing, 3));
    }

    [Fact]
    public void What_waits_when_another_source_begins_is_given_back()
    {
        ReorderBuffer buffer = Begun(first: 10);
        foreach (long sequence in (long[])[12, 14, 16]) Hold(buffer, sequence, arrival: 12_000);
        int room = buffer.RoomBytes;
        buffer.Begin(1000);
        Assert.Equal(0, buffer.Held);
        Assert.False(buffer.TryTake(long.MaxValue, out _, out _));
        foreach (long sequence in (long[])[1002, 1004, 1006]) Hold(buffer, sequence, arrival: 12_000);
        Assert.Equal(room, buffer.RoomBytes);
        Assert.Equal([1002, 1004, 1006], Take(buffer, giveUpBefore: long.MaxValue));
    }

    [Fact]
    public void Room_is_taken_in_steps_of_256_bytes()
    {
        ReorderBuffer buffer = Begun(first: 10);
        Assert.Equal(256, buffer.RoomBytes); // what the first one needed
        buffer.Hold(new Packet { Sequence = 12, Arrival = 12_000 }, new byte[256]);
        Assert.Equal(256, buffer.RoomBytes);
        buffer.Hold(new Packet { Sequence = 13, Arrival = 12_000 }, new byte[257]);
        Assert.Equal(256 + 512, buffer.RoomBytes);
        ReorderBuffer other = Begun(first: 10);
        other.Hold(new Packet { Sequence = 12, Arrival = 12_000 }, new byte[257]);
        Assert.Equal(512, other.RoomBytes); // in place of the one that was too small
    }

    private static byte[] Bytes(int length, byte value)
    {
        byte[] bytes = new byte[length];
        Array.Fill(bytes, value);
        return bytes;
    }

    private static ReorderBuffer Begun(long first)
    {
        ReorderBuffer buffer = new(Window, Capacity);
        buffer.Begin(first);
        Hold(buffer, first, arrival: first * 960);
        Assert.Equal([first], Take(buffer, giveUpBefore: long.MaxValue));
        return buffer;
    }

    private static void Hold(ReorderBuffer buffer, long sequence, double arrival)
    {
        Assert.Equal(ReorderVerdict.Hold, buffer.Judge(sequence, 3));
        buffer.Hold(new Packet { Sequence = sequence, Arrival = arrival }, [1, 2, 3]);
    }

    private static List<long> Take(ReorderBuffer buffer, long giveUpBefore = long.MinValue)
    {
        List<long> taken = [];
        while (buffer.TryTake(giveUpBefore, out Packet packet, out ReadOnlySpan<byte> opus))
        {
            Assert.Equal(3, opus.Length);
            Assert.True(taken.Count < 100_000, "it is never empty");
            taken.Add(packet.Sequence);
        }
        return taken;
    }
}
