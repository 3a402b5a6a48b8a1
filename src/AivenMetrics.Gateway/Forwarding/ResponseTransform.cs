using System.Buffers;

namespace AivenMetrics.Gateway.Forwarding;

/// <summary>Changes the body of a response while it is copied.</summary>
internal interface IResponseTransform
{
    /// <summary>Whether the output is complete. The copy then ignores the rest of the input.</summary>
    bool IsComplete { get; }

    /// <summary>Reads the next part of the body and writes the changed part.</summary>
    void Transform(ReadOnlySpan<byte> input, IBufferWriter<byte> output);
}

/// <summary>A transformation of a response body, and whether the result is compressed with gzip.</summary>
/// <param name="Transform">The transformation. Its input must be uncompressed.</param>
/// <param name="UseGzip">Whether the client receives the result compressed with gzip.</param>
internal sealed record ResponseTransformation(IResponseTransform Transform, bool UseGzip);
