using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using AivenMetrics.Broker.State;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace AivenMetrics.Broker.Osb;

/// <summary>Reads the request of the platform. Every error is an <see cref="OsbException"/> that names the field.</summary>
/// <param name="context">The request.</param>
/// <param name="brokerUser">Authenticated user name of the platform.</param>
internal sealed class OsbRequest(HttpContext context, string brokerUser)
{
    /// <summary>Maximum size of the request body in bytes: 1 MiB.</summary>
    public const int MaximumBodySize = 1024 * 1024;

    // Longer ids would exceed the index entry of a row with three of them.
    private const int MaximumIdLength = 255;

    private const int InstanceSegment = 2;
    private const int BindingSegment = 4;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);
    private static readonly JsonDocumentOptions NoDuplicateProperties = new() { AllowDuplicateProperties = false };

    /// <summary>Canceled when the platform disconnects.</summary>
    public CancellationToken RequestAborted => context.RequestAborted;

    /// <summary>The actor for the audit trail.</summary>
    public Actor Actor { get; } = ReadActor(context, brokerUser);

    public InstanceId InstanceId => new(PathSegment(context, InstanceSegment, "instance_id"));

    public BindingId BindingId => new(PathSegment(context, BindingSegment, "binding_id"));

    /// <summary>True if the platform supports asynchronous operations.</summary>
    public bool AcceptsIncomplete =>
        QueryValue("accepts_incomplete") switch
        {
            null or "" or "false" => false,
            "true" => true,
            _ => throw new OsbException(OsbErrors.BadRequest("The query parameter accepts_incomplete must be true or false.")),
        };

    public StringValues IfNoneMatch => context.Request.Headers.IfNoneMatch;

    public StringValues IfModifiedSince => context.Request.Headers.IfModifiedSince;

    /// <summary>Returns a required query parameter.</summary>
    public string RequiredQueryValue(string name) =>
        QueryValue(name) is { Length: > 0 } value
            ? value
            : throw new OsbException(OsbErrors.BadRequest($"The query parameter {name} is missing or empty."));

    /// <summary>Reads the body as <typeparamref name="T"/>. Errors name members with wrong types.</summary>
    public async Task<T> ReadJsonAsync<T>(JsonTypeInfo<T> type)
    {
        if (context.Request.ContentType is { Length: > 0 } && !context.Request.HasJsonContentType())
        {
            throw new OsbException(OsbErrors.BodyNotJson);
        }
        var bytes = await ReadBodyAsync();
        using var document = Parse(bytes);
        try
        {
            ValidateStrings(document.RootElement);
            return document.RootElement.Deserialize(type) ?? throw new OsbException(OsbErrors.BodyNotJson);
        }
        catch (JsonException e)
        {
            throw new OsbException(OsbErrors.BadRequest($"The field {FieldName(e.Path)} of the request body must be a string."));
        }
        catch (InvalidOperationException)
        {
            throw new OsbException(OsbErrors.BadRequest("The request body contains text that is not valid Unicode."));
        }
    }

    /// <summary>Returns the actor, instance and binding for the audit trail, also for requests that are rejected early.</summary>
    /// <returns>Null if the path contains no instance.</returns>
    public static (Actor Actor, InstanceId Instance, BindingId? Binding)? FindAuditSubject(HttpContext context, string brokerUser)
    {
        try
        {
            var instance = new InstanceId(PathSegment(context, InstanceSegment, "instance_id"));
            var ofBinding = context.Request.RouteValues.ContainsKey("binding_id");
            return (
                ReadActorOrBrokerUser(context, brokerUser),
                instance,
                ofBinding ? new BindingId(PathSegment(context, BindingSegment, "binding_id")) : null
            );
        }
        catch (OsbException)
        {
            return null;
        }
    }

    private static Actor ReadActor(HttpContext context, string brokerUser)
    {
        var identity = OriginatingIdentity.Read(context.Request.Headers[OriginatingIdentity.Header]);
        return new(brokerUser, identity?.Platform, identity?.Json, RequestIdentity(context));
    }

    private static Actor ReadActorOrBrokerUser(HttpContext context, string brokerUser)
    {
        try
        {
            return ReadActor(context, brokerUser);
        }
        catch (OsbException)
        {
            return new(brokerUser, null, null, RequestIdentity(context));
        }
    }

    private static string? RequestIdentity(HttpContext context) =>
        context.Request.Headers[OsbPipeline.RequestIdentityHeader].ToString() is { Length: > 0 } given ? given : null;

    private static JsonDocument Parse(byte[] bytes)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(StrictUtf8.GetString(bytes), NoDuplicateProperties);
        }
        catch (JsonException e)
        {
            var place = e.LineNumber is { } line ? $" (line {line + 1}, byte {e.BytePositionInLine + 1})" : "";
            throw new OsbException(OsbErrors.BadRequest($"The request body is not valid JSON, or contains a field twice{place}."));
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate in a member name is detected when names are compared for duplicates.
            throw new OsbException(OsbErrors.BadRequest("The request body contains text that is not valid Unicode."));
        }
        catch (DecoderFallbackException)
        {
            throw new OsbException(OsbErrors.BadRequest("The request body is not valid UTF-8."));
        }

        if (document.RootElement.ValueKind == JsonValueKind.Object)
        {
            return document;
        }
        document.Dispose();
        throw new OsbException(OsbErrors.BadRequest("The request body must be a JSON object."));
    }

    private async Task<byte[]> ReadBodyAsync()
    {
        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await context.Request.Body.ReadAsync(buffer, RequestAborted)) > 0)
        {
            if (body.Length + read > MaximumBodySize)
            {
                throw new OsbException(OsbErrors.BodyTooLarge);
            }
            body.Write(buffer, 0, read);
        }

        return body.ToArray();
    }

    /// <summary>Reads every string once: lone surrogates are detected only then, and the database cannot store U+0000.</summary>
    private static void ValidateStrings(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    ValidateString(member.Name);
                    ValidateStrings(member.Value);
                }

                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    ValidateStrings(item);
                }
                break;
            case JsonValueKind.String:
                ValidateString(element.GetString()!);
                break;
        }
    }

    private static void ValidateString(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw new OsbException(OsbErrors.BadRequest("The request body contains the character U+0000, which cannot be stored."));
        }
    }

    private static string FieldName(string? path) => path is { Length: > 2 } ? path[2..] : "(whole)";

    private string? QueryValue(string name)
    {
        var values = context.Request.Query[name];
        return values.Count > 1
            ? throw new OsbException(OsbErrors.BadRequest($"The query parameter {name} is given more than once."))
            : values.ToString();
    }

    /// <summary>
    /// Returns a path segment, percent-decoded once from the raw target. The routed path leaves %2F undecoded, so it cannot distinguish
    /// "a%2Fb" from "a%252Fb".
    /// </summary>
    private static string PathSegment(HttpContext context, int index, string name)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var path = target.Split('?', 2)[0];
        if (!path.StartsWith('/'))
        {
            path = new Uri(path).AbsolutePath;
        }
        var segments = path[1..].TrimEnd('/').Split('/');
        var routed = context.Request.Path.Value!.Trim('/').Split('/').Length;
        // Routing removes dot segments. Such a target does not show which segment is the id.
        if (segments.Length != routed || segments.Any(segment => segment.Length == 0))
        {
            throw new OsbException(OsbErrors.PathNotFound);
        }
        var id = DecodeSegment(segments[index])
            ?? throw new OsbException(OsbErrors.BadRequest($"The {name} in the path is not valid percent-encoded UTF-8."));
        if (id.Length > MaximumIdLength)
        {
            throw new OsbException(OsbErrors.BadRequest($"The {name} in the path is longer than {MaximumIdLength} characters."));
        }
        return id.Contains('\0', StringComparison.Ordinal)
            ? throw new OsbException(OsbErrors.BadRequest($"The {name} in the path contains the character U+0000."))
            : id;
    }

    /// <summary>Decodes once and strictly, so that a malformed segment is not taken literally.</summary>
    private static string? DecodeSegment(string segment)
    {
        for (var at = segment.IndexOf('%', StringComparison.Ordinal); at >= 0; at = segment.IndexOf('%', at + 1))
        {
            if (at + 2 >= segment.Length || !char.IsAsciiHexDigit(segment[at + 1]) || !char.IsAsciiHexDigit(segment[at + 2]))
            {
                return null;
            }
        }
        // In a path, unlike in a form, a plus sign is literal.
        var encoded = Encoding.UTF8.GetBytes(segment.Replace("+", "%2B", StringComparison.Ordinal));
        var bytes = WebUtility.UrlDecodeToBytes(encoded, 0, encoded.Length);
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
