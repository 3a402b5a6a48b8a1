using System.Text.Json.Nodes;
using AivenMetrics.Gateway.Routing;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace AivenMetrics.Commands;

/// <summary>Adds the paths of the gateway's route table to the OpenAPI document.</summary>
internal sealed class GatewayDocumentFilter : IDocumentFilter
{
    private const string Tag = "Gateway";
    private const string Basic = "tenant";
    private const string Bearer = "tenantToken";
    private const string AnswerSchema = "QueryAnswer";
    private const string ErrorSchema = "QueryError";

    private const string Errors =
        "400: a parameter is missing, repeated or invalid, or the expression is invalid; the error states the position "
        + "and the expectation. "
        + "401: the credential is missing or invalid. 403: the path is not available to tenants. 404: the metrics "
        + "servers, or their version, do not support the path. "
        + "405: the method is not allowed, see Allow. 413: the body is too large. 415: the body is not a form, or is compressed. "
        + "422: the expression cannot be evaluated, or exceeds a limit. 429: a limit is reached; repeat the request after Retry-After. "
        + "503: no metrics server is available, or the query was aborted. 504: the metrics servers did not respond in time.";

    public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context)
    {
        swaggerDoc.Info.Description =
            "The broker: the Open Service Broker API for platforms, and the feeds for discovery and gateways. "
            + "The gateway: the query API of Prometheus for tenants, and the endpoints of the gateway itself.";
        var components = swaggerDoc.Components ??= new OpenApiComponents();
        components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
        components.SecuritySchemes[Basic] = Scheme("basic", "The username and password of a binding.");
        components.SecuritySchemes[Bearer] = Scheme("bearer", "The bearer_token of a binding.");
        components.Schemas ??= new Dictionary<string, IOpenApiSchema>();
        components.Schemas[AnswerSchema] = Object(
            "A response in the format of Prometheus.",
            ("status", Text("success.")),
            ("data", new OpenApiSchema { Description = "The result, in the format of Prometheus." }),
            ("warnings", Texts("Problems of the evaluation, and limits that are almost reached; absent if there are none.")),
            ("infos", Texts("Prometheus' notes on the expression; absent if there are none."))
        );
        components.Schemas[ErrorSchema] = Object(
            "An error in the format of Prometheus.",
            ("status", Text("error.")),
            ("errorType", Text("The kind of error as defined by Prometheus: bad_data, execution, timeout, unavailable and others.")),
            ("error", Text("The reason of the error and the remedy."))
        );
        components.Responses ??= new Dictionary<string, IOpenApiResponse>();
        components.Responses[ErrorSchema] = new OpenApiResponse
        {
            Description = Errors,
            Content = Content("application/json", new OpenApiSchemaReference(ErrorSchema, swaggerDoc)),
        };

        foreach (var served in DocumentedRoutes.All)
        {
            var item = new OpenApiPathItem();
            foreach (var method in served.Methods)
            {
                item.AddOperation(new HttpMethod(method), Operation(served, method, swaggerDoc));
            }
            swaggerDoc.Paths.Add(served.Path, item);
        }
    }

    private static OpenApiOperation Operation(DocumentedRoute served, string method, OpenApiDocument document)
    {
        var isForm = method == "POST" && served.ContentType == "application/json";
        var operation = new OpenApiOperation
        {
            Tags = new HashSet<OpenApiTagReference> { new(Tag, document) },
            Summary = served.Documentation.Summary,
            Description = served.Documentation.Description,
            Parameters = [],
            Responses = new OpenApiResponses { ["200"] = Answer(served, document) },
        };
        if (served.HasLabelName)
        {
            operation.Parameters.Add(
                Parameter(
                    new("name", "The name of the label, percent-encoded, or escaped as in U__my_2e_label.", IsRequired: true),
                    ParameterLocation.Path
                )
            );
        }
        if (isForm)
        {
            operation.RequestBody = new OpenApiRequestBody { Content = Content("application/x-www-form-urlencoded", Form(served)) };
        }
        else if (method == "POST")
        {
            operation.RequestBody = new OpenApiRequestBody { Required = true, Content = Content("application/x-protobuf", Binary()) };
        }
        else
        {
            foreach (var parameter in served.Parameters)
            {
                operation.Parameters.Add(Parameter(parameter, ParameterLocation.Query));
            }
        }
        if (served.ReportsReadiness)
        {
            operation.Responses["503"] = new OpenApiResponse
            {
                Description = "The gateway is not ready.",
                Content = Content("text/plain", Text("The response.")),
            };
        }
        if (!served.RequiresCredential)
        {
            return operation;
        }

        operation.Responses["default"] = new OpenApiResponseReference(ErrorSchema, document);
        operation.Security =
        [
            new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Basic, document)] = [] },
            new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, document)] = [] },
        ];
        return operation;
    }

    private static OpenApiResponse Answer(DocumentedRoute served, OpenApiDocument document)
    {
        var isJson = served.ContentType == "application/json";
        IOpenApiSchema schema = served.ContentType switch
        {
            "application/json" => new OpenApiSchemaReference(AnswerSchema, document),
            "text/plain" => Text("The response."),
            _ => Binary(),
        };
        var media = new OpenApiMediaType { Schema = schema };
        if (served.Documentation.Data is { } data)
        {
            media.Example = isJson ? JsonNode.Parse($$"""{"status":"success","data":{{data}}}""") : data;
        }
        return new()
        {
            Description = served.RequiresCredential ? "The response, restricted to the tenant's own series." : "OK",
            Content = new Dictionary<string, IOpenApiMediaType> { [served.ContentType] = media },
            Headers = served.RequiresCredential
                ? new Dictionary<string, IOpenApiHeader>
                {
                    ["X-AivenMetrics-Instance"] = new OpenApiHeader
                    {
                        Description = "The server that responded, such as prometheus-1; absent if the gateway itself responded.",
                        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                    },
                }
                : null,
        };
    }

    private static OpenApiParameter Parameter(DocumentedParameter parameter, ParameterLocation place) =>
        new()
        {
            Name = parameter.Name,
            In = place,
            Required = parameter.IsRequired,
            Description = parameter.Description,
            Schema = Schema(parameter),
        };

    private static OpenApiSchema Form(DocumentedRoute served) =>
        new()
        {
            Type = JsonSchemaType.Object,
            Properties = served.Parameters.ToDictionary(
                parameter => parameter.Name,
                IOpenApiSchema (parameter) =>
                {
                    var schema = Schema(parameter);
                    schema.Description = parameter.Description;
                    return schema;
                }
            ),
            Required = served.Parameters.Where(parameter => parameter.IsRequired).Select(parameter => parameter.Name).ToHashSet(),
        };

    private static OpenApiSchema Schema(DocumentedParameter parameter) =>
        parameter.IsRepeated
            ? new()
            {
                Type = JsonSchemaType.Array,
                Items = new OpenApiSchema { Type = JsonSchemaType.String },
            }
            : new() { Type = JsonSchemaType.String };

    private static OpenApiSchema Binary() => new() { Type = JsonSchemaType.String, Format = "binary" };

    private static OpenApiSchema Text(string description) => new() { Type = JsonSchemaType.String, Description = description };

    private static OpenApiSchema Texts(string description) =>
        new()
        {
            Type = JsonSchemaType.Array,
            Description = description,
            Items = new OpenApiSchema { Type = JsonSchemaType.String },
        };

    private static OpenApiSchema Object(string description, params (string Name, OpenApiSchema Schema)[] members) =>
        new()
        {
            Type = JsonSchemaType.Object,
            Description = description,
            Properties = members.ToDictionary(member => member.Name, IOpenApiSchema (member) => member.Schema),
        };

    private static Dictionary<string, IOpenApiMediaType> Content(string type, IOpenApiSchema schema) =>
        new() { [type] = new OpenApiMediaType { Schema = schema } };

    private static OpenApiSecurityScheme Scheme(string scheme, string description) =>
        new()
        {
            Type = SecuritySchemeType.Http,
            Scheme = scheme,
            Description = description,
        };
}
