using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace AivenMetrics.Tests.Broker.Osb.Lifecycle;

/// <summary>Makes requests odd, and knows the one right answer to each oddity.</summary>
internal static class SpoiltRequests
{
    private const string Version = "X-Broker-API-Version";
    private const string User = "X-Broker-API-Originating-Identity";

    /// <summary>The status of a spoilt request; null: the oddity makes no difference to this verb.</summary>
    public static int? Status(Spoil spoil, Verb verb) => spoil switch
    {
        Spoil.OldVersion or Spoil.NoVersion => 412,
        Spoil.WrongContentType or Spoil.NotJson or Spoil.NotAnObject or Spoil.FieldTwice => HasBody(verb) ? 400 : null,
        Spoil.MissingField or Spoil.EmptyField or Spoil.WrongType or Spoil.UnknownPlan =>
            HasBody(verb) || verb is Verb.Deprovision or Verb.Unbind ? 400 : null,
        Spoil.BadQuery => HasBody(verb) || verb is Verb.Deprovision or Verb.Unbind ? 400 : null,
        Spoil.BadUser => 400,
        _ => null,
    };

    public static bool HasBody(Verb verb) => verb is Verb.Provision or Verb.Update or Verb.Bind or Verb.Rotate;

    /// <summary>The request of a call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="path">Without query.</param>
    /// <param name="query">In order; a delete's service and plan.</param>
    /// <param name="body">Null: the verb has none.</param>
    public static HttpRequestMessage Request(Call call, string path, Dictionary<string, string> query, JsonObject? body)
    {
        var required = Required(call.Verb);
        if (call.Spoil == Spoil.BadQuery)
            query["accepts_incomplete"] = "perhaps";
        if (body is not null)
            SpoilFields(call.Spoil, body, required);
        else
            SpoilQuery(call.Spoil, query);

        var text = string.Join('&', query.Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value)}"));
        var request = new HttpRequestMessage(Method(call.Verb), text.Length == 0 ? path : $"{path}?{text}");
        if (body is not null)
            request.Content = Content(call.Spoil, body.ToJsonString(), required);
        AddHeaders(call.Spoil, request.Headers);
        return request;
    }

    private static HttpMethod Method(Verb verb) => verb switch
    {
        Verb.Provision or Verb.Bind or Verb.Rotate => HttpMethod.Put,
        Verb.Update => HttpMethod.Patch,
        Verb.Deprovision or Verb.Unbind => HttpMethod.Delete,
        _ => HttpMethod.Get,
    };

    /// <summary>A field that the verb cannot be without.</summary>
    private static string Required(Verb verb) => verb switch
    {
        Verb.Provision => "organization_guid",
        Verb.Rotate => "predecessor_binding_id",
        Verb.Bind or Verb.Deprovision or Verb.Unbind => "plan_id",
        _ => "service_id",
    };

    private static void SpoilFields(Spoil spoil, JsonObject body, string required)
    {
        switch (spoil)
        {
            case Spoil.UnknownFields:
                body["x-vendor"] = new JsonObject { ["deep"] = new JsonArray(1, null, "a") };
                body["previous_values"] = new JsonObject { ["maintenance_info"] = null };
                break;
            case Spoil.MissingField:
                body.Remove(required);
                // Without its predecessor a rotation is a bind, which needs these.
                body.Remove("service_id");
                break;
            case Spoil.EmptyField:
                body[required] = "";
                break;
            case Spoil.WrongType:
                body[required] = new JsonArray(42);
                break;
            case Spoil.UnknownPlan:
                body["service_id"] = BrokerHost.OfferingId;
                body["plan_id"] = "no-such-plan";
                break;
        }
    }

    private static void SpoilQuery(Spoil spoil, Dictionary<string, string> query)
    {
        if (!query.ContainsKey("plan_id"))
            return;
        if (spoil == Spoil.MissingField)
            query.Remove("plan_id");
        if (spoil is Spoil.EmptyField or Spoil.WrongType)
            query["service_id"] = "";
        if (spoil == Spoil.UnknownPlan)
            query["plan_id"] = "no-such-plan";
    }

    private static ByteArrayContent Content(Spoil spoil, string json, string required)
    {
        var text = spoil switch
        {
            Spoil.NotJson => json[..^1],
            Spoil.NotAnObject => $"[{json}]",
            Spoil.FieldTwice => $"{{\"{required}\":\"first\",{json[1..]}",
            _ => json,
        };
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
        content.Headers.ContentType = spoil switch
        {
            Spoil.NoContentType => null,
            Spoil.WrongContentType => MediaTypeHeaderValue.Parse("text/plain"),
            Spoil.Charset => MediaTypeHeaderValue.Parse("application/json; charset=utf-8"),
            _ => MediaTypeHeaderValue.Parse("application/json"),
        };
        return content;
    }

    private static void AddHeaders(Spoil spoil, HttpRequestHeaders headers)
    {
        if (spoil != Spoil.NoVersion)
            headers.Add(Version, spoil switch { Spoil.OldVersion => "2.12", Spoil.NewerVersion => "2.4711", _ => "2.17" });
        if (spoil == Spoil.BadUser)
            headers.Add(User, "cloudfoundry not-base64");
        else if (spoil != Spoil.NoUser)
            headers.Add(User, "cloudfoundry " + Convert.ToBase64String("""{"user_id":"u-1"}"""u8));
    }
}
