using System.Globalization;

namespace Pipeline.Functions.Local;

/// <summary>
/// A model file of whisper.cpp, read through before the native library sees it: what does not hold together would end the process there
/// instead of with a sentence. Layout: magic, sizes, mel filters, vocabulary, tensors to the end (whisper.cpp, whisper_model_load).
/// </summary>
/// <param name="Path">As the owner gave it.</param>
/// <param name="IsMultilingual">False for a model of English only.</param>
/// <param name="Length">Bytes.</param>
internal sealed record WhisperModel(string Path, bool IsMultilingual, long Length)
{
    private const int Magic = 0x67676d6c; // "ggml"
    private const int EnglishWords = 51_864; // one more with languages
    private const int MostWords = 100_000;
    private const int LongestName = 256;

    // ggml_type: values in a block and its bytes.
    private static readonly Dictionary<int, (int Values, int Bytes)> Types = new()
    {
        [0] = (1, 4),
        [1] = (1, 2),
        [2] = (32, 18),
        [3] = (32, 20),
        [6] = (32, 22),
        [7] = (32, 24),
        [8] = (32, 34),
        [10] = (256, 84),
        [11] = (256, 110),
        [12] = (256, 144),
        [13] = (256, 176),
        [14] = (256, 210),
        [15] = (256, 292),
    };

    /// <exception cref="InvalidDataException">It is none, or not a whole one; the message says what.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static WhisperModel Read(string path)
    {
        using FileStream file = File.OpenRead(path);
        using BinaryReader reader = new(file);
        try
        {
            bool isMultilingual = ReadSizes(reader);
            SkipFilters(reader);
            SkipWords(reader);
            int tensors = 0;
            while (file.Position < file.Length)
            {
                SkipTensor(reader);
                tensors++;
            }
            Demand(tensors > 0, "it holds no weights");
            return new WhisperModel(path, isMultilingual, file.Length);
        }
        catch (EndOfStreamException)
        {
            throw new InvalidDataException("it is cut short: fetch it once more");
        }
    }

    private static bool ReadSizes(BinaryReader reader)
    {
        Demand(reader.BaseStream.Length > sizeof(int) && reader.ReadInt32() == Magic, "this file is of another format");
        int words = reader.ReadInt32(), audioContext = reader.ReadInt32(), audioState = reader.ReadInt32(),
            audioHeads = reader.ReadInt32(), audioLayers = reader.ReadInt32(), textContext = reader.ReadInt32(),
            textState = reader.ReadInt32(), textHeads = reader.ReadInt32(), textLayers = reader.ReadInt32(),
            mels = reader.ReadInt32(), kind = reader.ReadInt32();
        Demand(words is >= EnglishWords and < MostWords && audioContext is > 0 and <= 10_000 && textContext is > 0 and <= 10_000
            && audioState is > 0 and <= 8_192 && textState == audioState && IsPart(audioHeads, audioState)
            && IsPart(textHeads, textState) && audioLayers is > 0 and <= 128 && textLayers is > 0 and <= 128 && mels is 80 or 128,
            "this is no model of speech");
        // whisper.cpp stops the whole process at its first window.
        Demand(kind % 1_000 != 0,
            "this one's weights have 32 bits, which whisper.cpp does not run: take one of 16 bits, or a quantized one");
        return words > EnglishWords;
    }

    private static void SkipFilters(BinaryReader reader)
    {
        int mels = reader.ReadInt32(), bins = reader.ReadInt32();
        Demand(mels is 80 or 128 && bins is > 0 and <= 1_024, "its filters are damaged");
        Skip(reader, (long)mels * bins * sizeof(float));
    }

    private static void SkipWords(BinaryReader reader)
    {
        int words = reader.ReadInt32();
        Demand(words is > 0 and < MostWords, "its vocabulary is damaged");
        for (int word = 0; word < words; word++)
        {
            int length = reader.ReadInt32();
            Demand(length is >= 0 and <= 1_024, "its vocabulary is damaged");
            Skip(reader, length);
        }
    }

    private static void SkipTensor(BinaryReader reader)
    {
        int dimensions = reader.ReadInt32(), nameLength = reader.ReadInt32(), type = reader.ReadInt32();
        Demand(dimensions is > 0 and <= 4 && nameLength is > 0 and <= LongestName && Types.ContainsKey(type), "its weights are damaged");
        long values = 1;
        for (int dimension = 0; dimension < dimensions; dimension++)
        {
            int size = reader.ReadInt32();
            Demand(size > 0 && values < int.MaxValue, "its weights are damaged");
            values *= size;
        }
        (int block, int bytes) = Types[type];
        Demand(values < int.MaxValue && values % block == 0, "its weights are damaged");
        Skip(reader, nameLength + (values / block * bytes));
    }

    private static void Skip(BinaryReader reader, long bytes)
    {
        if (reader.BaseStream.Length - reader.BaseStream.Position < bytes) throw new EndOfStreamException();
        reader.BaseStream.Seek(bytes, SeekOrigin.Current);
    }

    private static bool IsPart(int part, int whole) => part > 0 && whole % part == 0;

    private static void Demand(bool holds, string fault)
    {
        if (!holds) throw new InvalidDataException(fault);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Path} ({Length >> 20} MB)");
}
