using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Pipeline.Functions.Tests.Local;

/// <summary>
/// A model file of whisper.cpp with seeded random weights: the real library loads and runs it, as it does a trained one of 75 MB and
/// more. What it hears is nonsense. Layout: magic, sizes, mel filters, vocabulary, tensors (whisper.cpp,
/// <c>models/convert-pt-to-ggml.py</c>).
/// </summary>
internal sealed class SeededModel : IDisposable
{
    private const int Layers = 4, AudioContext = 1_500, TextContext = 448, Mels = 80, Bins = 201, Words = 50_257;

    // With this many, it knows languages.
    private const int Vocabulary = 51_865;

    private const int HalfFloats = 1;

    private readonly MemoryStream file = new();
    private readonly Random random = new(12);
    private readonly int width;

    private SeededModel(int width) => this.width = width;

    public void Dispose() => file.Dispose();

    /// <summary>Where it begins; the same for all.</summary>
    public static int FirstTensor { get; private set; }

    /// <param name="width">Values of a state, a multiple of 32; 384 are the smallest trained model's. Time grows with it.</param>
    public static byte[] Of(int width)
    {
        using SeededModel model = new(width);
        model.Write(0x67676d6c, Vocabulary, AudioContext, width, width / 32, Layers, TextContext, width, width / 32, Layers, Mels,
            HalfFloats);
        model.WriteFilters();
        model.WriteVocabulary();
        FirstTensor = (int)model.file.Position;
        model.WriteTensors();
        return model.file.ToArray();
    }

    private void WriteFilters()
    {
        Write(Mels, Bins);
        float[] filters = new float[Mels * Bins];
        for (int mel = 0; mel < Mels; mel++)
        {
            for (int bin = mel * 2; bin < (mel * 2) + 5; bin++) filters[(mel * Bins) + bin] = 0.02f;
        }
        Write(filters);
    }

    private void WriteVocabulary()
    {
        Write(Words);
        for (int word = 0; word < Words; word++)
        {
            byte[] text = Encoding.UTF8.GetBytes(word == 0 ? " " : word % 2 == 0 ? $" w{word}" : $"{word % 10}");
            Write(text.Length);
            file.Write(text);
        }
    }

    private void WriteTensors()
    {
        Tensor("encoder.positional_embedding", width, AudioContext);
        Tensor("encoder.conv1.weight", 3, Mels, width);
        Tensor("encoder.conv1.bias", 1, width);
        Tensor("encoder.conv2.weight", 3, width, width);
        Tensor("encoder.conv2.bias", 1, width);
        Norm("encoder.ln_post");
        for (int layer = 0; layer < Layers; layer++)
        {
            Block($"encoder.blocks.{layer}");
            Block($"decoder.blocks.{layer}");
            Attention($"decoder.blocks.{layer}.cross_attn");
        }
        Tensor("decoder.positional_embedding", width, TextContext);
        Tensor("decoder.token_embedding.weight", width, Vocabulary);
        Norm("decoder.ln");
    }

    private void Block(string name)
    {
        Attention($"{name}.attn");
        Norm($"{name}.mlp_ln");
        Tensor($"{name}.mlp.0.weight", width, 4 * width);
        Tensor($"{name}.mlp.0.bias", 4 * width);
        Tensor($"{name}.mlp.2.weight", 4 * width, width);
        Tensor($"{name}.mlp.2.bias", width);
    }

    private void Attention(string name)
    {
        Norm($"{name}_ln");
        foreach (string part in (string[])["query", "key", "value", "out"])
        {
            Tensor($"{name}.{part}.weight", width, width);
            if (part != "key") Tensor($"{name}.{part}.bias", width);
        }
    }

    private void Norm(string name)
    {
        Tensor($"{name}.weight", width);
        Tensor($"{name}.bias", width);
    }

    private void Tensor(string name, params int[] sizes)
    {
        // Vectors and positions are floats, matrices half as long.
        bool isHalf = name.EndsWith(".weight", StringComparison.Ordinal) && sizes.Length > 1;
        byte[] text = Encoding.ASCII.GetBytes(name);
        Write(sizes.Length, text.Length, isHalf ? HalfFloats : 0);
        Write(sizes);
        file.Write(text);
        float[] values = new float[sizes.Aggregate(1, (product, size) => product * size)];
        for (int i = 0; i < values.Length; i++) values[i] = (random.NextSingle() - 0.5f) * 0.4f;
        if (isHalf) file.Write(MemoryMarshal.AsBytes(Array.ConvertAll(values, value => (Half)value).AsSpan()));
        else Write(values);
    }

    private void Write(params ReadOnlySpan<int> values)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        foreach (int value in values)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
            file.Write(bytes);
        }
    }

    private void Write(float[] values) => file.Write(MemoryMarshal.AsBytes(values.AsSpan()));
}
