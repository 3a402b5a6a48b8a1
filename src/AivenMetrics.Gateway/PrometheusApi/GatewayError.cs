namespace AivenMetrics.Gateway.PrometheusApi;

/// <summary>An error response in the form of Prometheus' own errors.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="ErrorType">The <c>errorType</c> of Prometheus.</param>
/// <param name="Message">The problem and the remedy. The client sees it, so it contains no secrets and no internal names.</param>
/// <param name="Reason">The reason in one word, for metrics. The set of reasons is bounded.</param>
/// <param name="Allow">The <c>Allow</c> header of a 405.</param>
internal sealed record GatewayError(int Status, string ErrorType, string Message, string Reason, string? Allow = null)
{
    // :: Paths
    public static readonly GatewayError NotFound = new(
        404,
        "not_found",
        "The gateway does not serve this path. It serves the query API of Prometheus (/api/v1/query, query_range, "
            + "series, labels and others), "
            + "/api/v1/read, /federate and /aivenmetrics/v1/explain.",
        "not_found"
    );
    public static readonly GatewayError MalformedTarget = new(
        404,
        "not_found",
        "The path is ambiguous. Use a path without dot segments, encoded separators, backslashes and path parameters.",
        "malformed_target"
    );
    public static readonly GatewayError WritesForbidden = new(
        403,
        "forbidden",
        "The endpoint is read-only. Tenants cannot write or administer the metrics store.",
        "forbidden"
    );
    public static readonly GatewayError OperatorOnly = new(
        403,
        "forbidden",
        "The path is reserved for the operator of the metrics store.",
        "forbidden"
    );
    public static readonly GatewayError ExposesOtherTenants = new(
        403,
        "forbidden",
        "The gateway does not serve this path because its response contains data of other tenants.",
        "forbidden"
    );
    public static readonly GatewayError NotSupported = new(
        404,
        "not_found",
        "The metrics store behind this gateway, or its version, does not support this path.",
        "not_offered"
    );
    public static readonly GatewayError InvalidLabelName = BadData(
        "The path contains no valid label name. Use UTF-8, percent-encoded where necessary, without slashes and control characters; "
            + "write any other name escaped, as in U__my_2f_label."
    );

    // :: Credentials
    public static readonly GatewayError MissingCredentials = new(
        401,
        "unauthorized",
        "The request has no credentials. Send the username and password of your binding as basic authentication, or its bearer_token.",
        "unauthenticated"
    );
    public static readonly GatewayError Unauthenticated = new(
        401,
        "unauthorized",
        "The credentials are wrong, or their binding was deleted. Send the username and password of your binding as basic "
            + "authentication, or its bearer_token.",
        "unauthenticated"
    );
    public static readonly GatewayError ExpiredCredentials = new(
        401,
        "unauthorized",
        "The credentials are correct, but they have expired. Create a new binding and use its credentials.",
        "expired"
    );
    public static readonly GatewayError CredentialsNotLoaded = new(
        503,
        "unavailable",
        "The gateway has not loaded its credentials yet and cannot check yours. Try again shortly.",
        "no_tenants"
    );

    // :: Bodies and parameters
    public static readonly GatewayError BodyTooLarge = new(
        413,
        "bad_data",
        "The request body exceeds the limit of 1 MiB. Split the request.",
        "body_too_large"
    );
    public static readonly GatewayError UnsupportedMediaType = new(
        415,
        "bad_data",
        "The request body has an unsupported type. Send application/x-www-form-urlencoded in UTF-8, without Content-Encoding.",
        "media_type"
    );
    public static readonly GatewayError UnsupportedRemoteReadMediaType = new(
        415,
        "bad_data",
        "The remote read has an unsupported type. Send application/x-protobuf with Content-Encoding: snappy.",
        "media_type"
    );
    public static readonly GatewayError BodyOnGet = BadData(
        "A GET request must not have a body. Send the parameters in the URL or use POST."
    );
    public static readonly GatewayError MalformedBody = BadData("The request body is malformed or incomplete.");
    public static readonly GatewayError BodyTooSlow = new(
        408,
        "timeout",
        "The request body arrived too slowly. Send it without pauses and complete it within 10 s.",
        "body_too_slow"
    );
    public static readonly GatewayError SelectorsTooLong = BadData(
        "The match[] parameters and the scope of the credential together exceed 512 KiB. Split the request."
    );

    // :: Servers
    public static readonly GatewayError UnfilteredResponseTooLarge = new(
        422,
        "execution",
        "The unfiltered response exceeds 32 MiB. Narrow the request, for example with metric=<name>.",
        "too_large"
    );
    public static readonly GatewayError UpstreamUnavailable = new(
        503,
        "unavailable",
        "The metrics store is unavailable. Try again shortly.",
        "unavailable"
    );
    public static readonly GatewayError UpstreamTimedOut = new(
        504,
        "timeout",
        "The metrics store did not respond in time. Request a shorter range or a simpler query.",
        "timeout"
    );
    public static readonly GatewayError InternalError = new(
        500,
        "internal",
        "The gateway failed to process this request. Contact the operator, who finds the reason in the log.",
        "internal"
    );

    /// <summary>The <c>Retry-After</c> header in seconds. Default: 5 for a 503, none otherwise.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>Creates the error for an error of a server whose own text the client must not see.</summary>
    public static GatewayError FromUpstream(int status, string errorType, string message) => new(status, errorType, message, "upstream");

    /// <summary>Creates a 400.</summary>
    public static GatewayError BadData(string message) => new(400, "bad_data", message, "bad_data");

    /// <summary>Creates a 400 with the words of Prometheus for an invalid parameter, which clients recognise.</summary>
    public static GatewayError InvalidParameter(string name, string problem) => BadData($"invalid parameter \"{name}\": {problem}");

    /// <summary>Creates a 405.</summary>
    public static GatewayError MethodNotAllowed(string allow) =>
        new(405, "method_not_allowed", $"The path does not support this method. Use {allow}.", "method", allow);
}
