using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace AivenMetrics.Tests.Broker.Osb.Lifecycle;

/// <summary>Adds faults to requests, with the correct response for each.</summary>
internal static class FaultyRequests
{
    private const string Version = "X-Broker-API-Version";
    private const string User = "X-Broker-API-Originating-Identity";

    /// <summary>Returns the status of a faulty request; null if the fault makes no difference for the operation.</summary>
    public static int? Status(RequestFault spoil, Verb verb) =>
        spoil switch
        {
            RequestFault.OldVersion or RequestFault.NoVersion => 412,
            RequestFault.WrongContentType or RequestFault.NotJson or RequestFault.NotAnObject or RequestFault.DuplicateField => HasBody(
                verb
            )
                ? 400
                : null,
            RequestFault.MissingField or RequestFault.EmptyField or RequestFault.WrongType or RequestFault.UnknownPlan => HasBody(verb)
            || verb is Verb.Deprovision or Verb.Unbind
                ? 400
                : null,
            RequestFault.BadQuery => HasBody(verb) || verb is Verb.Deprovision or Verb.Unbind ? 400 : null,
            RequestFault.BadUser => 400,
            _ => null,
        };

    public static bool HasBody(Verb verb) => verb is Verb.Provision or Verb.Update or Verb.Bind or Verb.Rotate;

    /// <summary>Creates the request of a call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="path">Path without query.</param>
    /// <param name="query">Query parameters in order, for example service and plan of a delete.</param>
    /// <param name="body">Request body; null: none.</param>
    public static HttpRequestMessage Request(LifecycleCall call, string path, Dictionary<string, string> query, JsonObject? body)
    {
        var required = Required(call.Verb);
        if (call.Fault == RequestFault.BadQuery)
        {
            query["accepts_incomplete"] = "perhaps";
        }
        if (body is not null)
        {
            DamageFields(call.Fault, body, required);
        }
        else
        {
            DamageQuery(call.Fault, query);
        }

        var text = string.Join('&', query.Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value)}"));
        var request = new HttpRequestMessage(Method(call.Verb), text.Length == 0 ? path : $"{path}?{text}");
        if (body is not null)
        {
            request.Content = Content(call.Fault, body.ToJsonString(), required);
        }
        AddHeaders(call.Fault, request.Headers);
        return request;
    }

    private static HttpMethod Method(Verb verb) =>
        verb switch
        {
            Verb.Provision or Verb.Bind or Verb.Rotate => HttpMethod.Put,
            Verb.Update => HttpMethod.Patch,
            Verb.Deprovision or Verb.Unbind => HttpMethod.Delete,
            _ => HttpMethod.Get,
        };

    /// <summary>A required field of the operation.</summary>
    private static string Required(Verb verb) =>
        verb switch
        {
            Verb.Provision => "organization_guid",
            Verb.Rotate => "predecessor_binding_id",
            Verb.Bind or Verb.Deprovision or Verb.Unbind => "plan_id",
            _ => "service_id",
        };

    private static void DamageFields(RequestFault spoil, JsonObject body, string required)
    {
        switch (spoil)
        {
            case RequestFault.UnknownFields:
                body["x-vendor"] = new JsonObject { ["deep"] = new JsonArray(1, null, "a") };
                body["previous_values"] = new JsonObject { ["maintenance_info"] = null };
                break;
            case RequestFault.MissingField:
                body.Remove(required);
                // Without its predecessor, a rotation is a bind, which requires these fields.
                body.Remove("service_id");
                break;
            case RequestFault.EmptyField:
                body[required] = "";
                break;
            case RequestFault.WrongType:
                body[required] = new JsonArray(42);
                break;
            case RequestFault.UnknownPlan:
                body["service_id"] = BrokerHost.OfferingId;
                body["plan_id"] = "no-such-plan";
                break;
        }
    }

    private static void DamageQuery(RequestFault spoil, Dictionary<string, string> query)
    {
        if (!query.ContainsKey("plan_id"))
        {
            return;
        }
        if (spoil == RequestFault.MissingField)
        {
            query.Remove("plan_id");
        }
        if (spoil is RequestFault.EmptyField or RequestFault.WrongType)
        {
            query["service_id"] = "";
        }
        if (spoil == RequestFault.UnknownPlan)
        {
            query["plan_id"] = "no-such-plan";
        }
    }

    private static ByteArrayContent Content(RequestFault spoil, string json, string required)
    {
        var text = spoil switch
        {
            RequestFault.NotJson => json[..^1],
            RequestFault.NotAnObject => $"[{json}]",
            RequestFault.DuplicateField => $"{{\"{required}\":\"first\",{json[1..]}",
            _ => json,
        };
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
        content.Headers.ContentType = spoil switch
        {
            RequestFault.NoContentType => null,
            RequestFault.WrongContentType => MediaTypeHeaderValue.Parse("text/plain"),
            RequestFault.Charset => MediaTypeHeaderValue.Parse("application/json; charset=utf-8"),
            _ => MediaTypeHeaderValue.Parse("application/json"),
        };
        return content;
    }

    private static void AddHeaders(RequestFault spoil, HttpRequestHeaders headers)
    {
        if (spoil != RequestFault.NoVersion)
        {
            headers.Add(
                Version,
                spoil switch
                {
                    RequestFault.OldVersion => "2.12",
                    RequestFault.NewerVersion => "2.4711",
                    _ => "2.17",
                }
            );
        }
        if (spoil == RequestFault.BadUser)
        {
            headers.Add(User, "cloudfoundry not-base64");
        }
        else if (spoil != RequestFault.NoOriginatingIdentity)
        {
            headers.Add(User, "cloudfoundry " + Convert.ToBase64String("""{"user_id":"u-1"}"""u8));
        }
    }
}
