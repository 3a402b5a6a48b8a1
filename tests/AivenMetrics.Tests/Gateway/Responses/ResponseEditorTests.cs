using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using AivenMetrics.Gateway.Responses;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Responses;

/// <summary>Responses that are edited while they are forwarded. Each test splits the response into pieces of every size.</summary>
public sealed class ResponseEditorTests
{
    [Theory]
    [InlineData("""{"status":"success","data":[]}""", """{"status":"success","data":[],"warnings":["w \"1\""]}""")]
    [InlineData(
        """{"status":"success","data":["a"],"warnings":["u"]}""",
        """{"status":"success","data":["a"],"warnings":["w \"1\"","u"]}"""
    )]
    [InlineData("""{"status":"success","data":["a"],"warnings":[]}""", """{"status":"success","data":["a"],"warnings":["w \"1\""]}""")]
    [InlineData(
        """{"status":"success","warnings": [ "u" ],"infos":["i"]}""",
        """{"status":"success","warnings": ["w \"1\"" ,"u" ],"infos":["i"]}"""
    )]
    [InlineData(
        """{"data":{"warnings":["no"],"x":"}\",\"warnings\":["}}""",
        """{"data":{"warnings":["no"],"x":"}\",\"warnings\":["},"warnings":["w \"1\""]}"""
    )]
    [InlineData("{\"data\":[\"\\\\\"]}\n", "{\"data\":[\"\\\\\"],\"warnings\":[\"w \\\"1\\\"\"]}\n")]
    [InlineData("""{"data":"warnings","infos":["[","{"]}""", """{"data":"warnings","infos":["[","{"],"warnings":["w \"1\""]}""")]
    public void A_warning_is_added_to_existing_ones(string answer, string expected) => AssertEdited(answer, expected, ["w \"1\""], null);

    [Theory]
    [InlineData("""{"status":"success","data":["a","b"]}""", 3, """{"status":"success","data":["a","b"]}""")]
    [InlineData("""{"status":"success","data":["a","b","c"]}""", 3, """{"status":"success","data":["a","b","c"],"warnings":["nearly"]}""")]
    [InlineData(
        """{"status":"success","data":["a","b","c","d"],"warnings":["u"]}""",
        3,
        """{"status":"success","data":["a","b","c"],"warnings":["cut"]}"""
    )]
    [InlineData(
        """{"status":"success","data":[{"a":"x,y","b":"]"},{"a":"2"}]}""",
        1,
        """{"status":"success","data":[{"a":"x,y","b":"]"}],"warnings":["cut"]}"""
    )]
    [InlineData("""{"status":"success","data":{"result":[1,2,3,4,5]}}""", 3, """{"status":"success","data":{"result":[1,2,3,4,5]}}""")]
    public void A_list_is_truncated_at_the_limit(string answer, int max, string expected) => AssertEdited(answer, expected, [], max);

    [Fact]
    public void A_truncated_list_has_the_other_warnings_too()
    {
        AssertEdited("""{"data":[1,2]}""", """{"data":[1],"warnings":["w","cut"]}""", ["w"], 1);
        AssertEdited("""{"data":[1,2,3,4,5]}""", """{"data":[1,2,3,4,5],"warnings":["w","nearly"]}""", ["w"], 6);
    }

    private static void AssertEdited(string answer, string expected, string[] warnings, int? max)
    {
        JsonNode.Parse(expected);
        var bytes = Encoding.UTF8.GetBytes(answer);
        for (var size = 1; size <= bytes.Length; size++)
        {
            var editor = new ResponseEditor(warnings, max, "cut", max is null ? null : "nearly");
            var output = new ArrayBufferWriter<byte>();
            for (var at = 0; at < bytes.Length; at += size)
            {
                editor.Transform(bytes.AsSpan(at, Math.Min(size, bytes.Length - at)), output);
            }
            Assert.Equal(expected.TrimEnd('\n'), Encoding.UTF8.GetString(output.WrittenSpan).TrimEnd('\n'));
            Assert.True(editor.IsComplete);
        }
    }
}
