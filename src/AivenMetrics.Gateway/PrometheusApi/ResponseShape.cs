namespace AivenMetrics.Gateway.PrometheusApi;

/// <summary>The expected form of a server's response. It decides which responses count as failures of the server.</summary>
internal enum ResponseShape
{
    /// <summary>JSON of a path that every query engine has: a server that responds with 404 is no query engine.</summary>
    RequiredJson,

    /// <summary>JSON of a path that some engines do not have: a 404 is no failure.</summary>
    OptionalJson,

    /// <summary>A text format of metrics, of a path that some engines do not have.</summary>
    Exposition,

    /// <summary>The protobuf of remote read, of a path that some engines do not have.</summary>
    RemoteRead,
}
