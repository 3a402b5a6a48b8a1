using AivenMetrics.Broker.Api;
using AivenMetrics.Broker.Catalog;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace AivenMetrics.Broker.Osb;

/// <summary>Routes of the Open Service Broker API. All other requests under <c>/v2</c> are rejected.</summary>
internal static class OsbEndpoints
{
    private const string Instance = "/service_instances/{instance_id}";
    private const string Binding = Instance + "/service_bindings/{binding_id}";

    private static readonly Query[] NoQuery = [];
    private static readonly Query[] AcceptsIncompleteQuery =
    [
        new("accepts_incomplete", false, "true: the platform supports asynchronous operations.", JsonSchemaType.Boolean),
    ];

    private static readonly Query[] HintQueries = [new("service_id", false, "Optional hint."), new("plan_id", false, "Optional hint.")];

    private static readonly Query[] LastOperationQueries = [.. HintQueries, new("operation", false, "Optional hint.")];

    private static readonly Query[] DeleteQueries =
    [
        new("service_id", true, "Id of the offering of the instance."),
        new("plan_id", true, "Id of the plan of the instance."),
        .. AcceptsIncompleteQuery,
    ];

    // Errors that every operation can return.
    private static readonly (int Status, Type? Body)[] CommonErrors =
    [
        .. ((int[])[400, 401, 412, 413, 429, 500, 503]).Select(status => (status, (Type?)typeof(ErrorResponse))),
    ];

    private static readonly Route[] Routes =
    [
        new(
            "GET",
            "/catalog",
            "Catalog",
            s => s.Catalog.FetchAsync,
            "Return the catalog",
            NoQuery,
            null,
            [(200, typeof(CatalogResponse)), (304, null)]
        ),
        new(
            "PUT",
            Instance,
            "Provision",
            s => s.Instances.ProvisionAsync,
            "Create an instance",
            AcceptsIncompleteQuery,
            typeof(ProvisionRequest),
            [
                (200, typeof(InstanceChangeResponse)),
                (201, typeof(InstanceChangeResponse)),
                (409, typeof(ErrorResponse)),
                (422, typeof(ErrorResponse)),
            ]
        ),
        new(
            "GET",
            Instance,
            "FetchInstance",
            s => s.Instances.FetchAsync,
            "Fetch an instance",
            HintQueries,
            null,
            [(200, typeof(InstanceResponse)), (404, typeof(ErrorResponse))]
        ),
        new(
            "PATCH",
            Instance,
            "Update",
            s => s.Instances.UpdateAsync,
            "Update plan, parameters or names of an instance",
            AcceptsIncompleteQuery,
            typeof(UpdateRequest),
            [(200, typeof(InstanceChangeResponse)), (404, typeof(ErrorResponse)), (422, typeof(ErrorResponse))]
        ),
        new(
            "DELETE",
            Instance,
            "Deprovision",
            s => s.Instances.DeprovisionAsync,
            "Delete an instance",
            DeleteQueries,
            null,
            [(200, typeof(EmptyResponse)), (410, typeof(ErrorResponse))]
        ),
        new(
            "GET",
            Instance + "/last_operation",
            "InstanceLastOperation",
            s => s.Instances.LastOperationAsync,
            "Poll the last operation on an instance",
            LastOperationQueries,
            null,
            [(200, typeof(LastOperationResponse)), (404, typeof(ErrorResponse))]
        ),
        new(
            "PUT",
            Binding,
            "Bind",
            s => s.Bind.BindAsync,
            "Create a binding with credentials",
            AcceptsIncompleteQuery,
            typeof(BindRequest),
            [
                (200, typeof(BindingResponse)),
                (201, typeof(BindingResponse)),
                (202, typeof(OperationResponse)),
                (404, typeof(ErrorResponse)),
                (409, typeof(ErrorResponse)),
                (422, typeof(ErrorResponse)),
            ]
        ),
        new(
            "GET",
            Binding,
            "FetchBinding",
            s => s.Bindings.FetchAsync,
            "Fetch a binding with its credentials",
            HintQueries,
            null,
            [(200, typeof(BindingResponse)), (404, typeof(ErrorResponse))]
        ),
        new(
            "DELETE",
            Binding,
            "Unbind",
            s => s.Bindings.UnbindAsync,
            "Delete a binding; its credentials stop working",
            DeleteQueries,
            null,
            [(200, typeof(EmptyResponse)), (410, typeof(ErrorResponse))]
        ),
        new(
            "GET",
            Binding + "/last_operation",
            "BindingLastOperation",
            s => s.Bindings.LastOperationAsync,
            "Poll the last operation on a binding",
            LastOperationQueries,
            null,
            [(200, typeof(LastOperationResponse)), (404, typeof(ErrorResponse))]
        ),
    ];

    public static IEndpointRouteBuilder MapOsb(this IEndpointRouteBuilder routes)
    {
        var v2 = routes.MapGroup("/v2").WithTags("Open Service Broker API");
        foreach (var route in Routes)
        {
            var run = CreateDelegate(route.Name, services => route.Handler(new Handlers(services)));
            Document(v2.MapMethods(route.Path, [route.Method], run), route);
        }

        foreach (var path in Routes.GroupBy(route => route.Path))
        {
            var allow = string.Join(", ", path.Select(route => route.Method));
            v2.Map(path.Key, CreateDelegate("MethodNotAllowed", _ => _ => MethodNotAllowedAsync(allow))).ExcludeFromDescription();
        }

        v2.Map("/{**path}", CreateDelegate("NoSuchPath", _ => _ => throw new OsbException(OsbErrors.PathNotFound)))
            .ExcludeFromDescription();
        return routes;
    }

    // A Delegate instead of a RequestDelegate: the API explorer includes only the former in openapi.yaml.
    private static Delegate CreateDelegate(string name, Func<IServiceProvider, OsbHandler> handler)
    {
        Func<HttpContext, Task> run = context =>
            context.RequestServices.GetRequiredService<OsbPipeline>().HandleAsync(context, name, handler(context.RequestServices));
        return run;
    }

    private static Task<OsbResponse> MethodNotAllowedAsync(string allow) =>
        Task.FromResult(OsbResponse.Error(OsbErrors.MethodNotAllowed(allow)) with { Allow = allow });

    private static void Document(RouteHandlerBuilder endpoint, Route route)
    {
        endpoint.WithName(route.Name).WithSummary(route.Summary).WithSecurity(ApiSecurity.Platform);
        foreach (var query in route.Queries)
        {
            endpoint.WithQuery(query.Name, query.Required, query.Description, query.Type);
        }
        foreach (var (status, body) in route.Responses.Concat(CommonErrors))
        {
            endpoint.Produces(status, body, body is null ? null : "application/json");
        }
        endpoint.WithOsbDocumentation(route.Name, route.Body, route.Responses.Concat(CommonErrors).Select(response => response.Status));
    }

    private sealed record Query(string Name, bool Required, string Description, JsonSchemaType Type = JsonSchemaType.String);

    private sealed record Route(
        string Method,
        string Path,
        string Name,
        Func<Handlers, OsbHandler> Handler,
        string Summary,
        Query[] Queries,
        Type? Body,
        (int Status, Type? Body)[] Responses
    );

    private readonly record struct Handlers(IServiceProvider Services)
    {
        public CatalogHandler Catalog => Services.GetRequiredService<CatalogHandler>();

        public InstanceHandlers Instances => Services.GetRequiredService<InstanceHandlers>();

        public BindHandler Bind => Services.GetRequiredService<BindHandler>();

        public BindingHandlers Bindings => Services.GetRequiredService<BindingHandlers>();
    }
}
