using System.CommandLine;
using System.Globalization;
using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.Lab.PlatformCli;

/// <summary>The commands <c>catalog</c>, <c>services</c>, <c>last-operation</c> and <c>fetch</c>, which change nothing.</summary>
internal static class ReadCommands
{
    private static readonly Argument<string> BindingName = new("binding")
    {
        Description = "Name of the binding. Default: none; the instance is read.",
        Arity = ArgumentArity.ZeroOrOne,
        DefaultValueFactory = _ => "",
    };

    public static Command Catalog() =>
        new Command("catalog", "Shows the catalog of the broker and whether Cloud Controller would accept it.").InSession(
            (session, _, ct) => CatalogAsync(session, ct)
        );

    public static Command Services() =>
        new Command("services", "Shows the instances and bindings in the state file; sends no request.").InSession(
            (session, _, _) =>
            {
                session.Report.WriteTable(
                    ["instance", "binding", "id"],
                    [
                        .. session.State.Instances.SelectMany(instance =>
                            (string[][])
                                [
                                    [instance.Key, "", instance.Value.Id],
                                    .. instance.Value.Bindings.Select(binding => new[] { instance.Key, binding.Key, binding.Value.Id }),
                                ]
                        ),
                    ]
                );
                session.Report.SetMember("instances", System.Text.Json.JsonSerializer.SerializeToElement(session.State.Instances));
                return Task.FromResult(true);
            }
        );

    public static Command LastOperation() =>
        CreateReadCommand("last-operation", "Polls the last operation once.", (instance, binding) =>
            binding is null
                ? OsbCalls.LastOperation(instance.Id, null, new PlanIds(instance.ServiceId, instance.PlanId), instance.Operation)
                : OsbCalls.LastOperation(instance.Id, binding.Id, new PlanIds(instance.ServiceId, binding.PlanId), binding.Operation)
        );

    public static Command Fetch() =>
        CreateReadCommand("fetch", "Fetches an instance, or a binding with its credentials, from the broker.", (instance, binding) =>
            binding is null ? OsbCalls.FetchInstance(instance.Id) : OsbCalls.FetchBinding(instance.Id, binding.Id)
        );

    private static Command CreateReadCommand(string name, string description, Func<StoredInstance, StoredBinding?, OsbCall> call) =>
        new Command(name, description) { PlatformOptions.InstanceName, BindingName }.InSession(
            async (session, parsed, ct) =>
            {
                var instanceName = parsed.GetRequiredValue(PlatformOptions.InstanceName);
                var bindingName = parsed.GetValue(BindingName) ?? "";
                var instance = session.State.GetInstance(instanceName);
                var response = await session.Client.SendAsync(
                    call(instance, bindingName.Length == 0 ? null : session.State.GetBinding(instanceName, bindingName)),
                    ct
                );
                session.Report.SetMember("status", response.Status);
                session.Report.SetMember("body", response.BodyObject);
                if (response is { Status: 200, BodyObject: { } body })
                {
                    session.Report.WriteJson(body);
                }
                else
                {
                    session.Report.WriteLine($"{response.StatusText}: {response.Description}", "red");
                }
                return response.Status == 200;
            }
        );

    private static async Task<bool> CatalogAsync(PlatformSession session, CancellationToken cancellationToken)
    {
        if (await session.ReadCatalogAsync(cancellationToken) is not { } catalog)
        {
            return false;
        }
        session.Report.SetMember("body", session.Client.Responses.Last().BodyObject);
        session.Report.WriteTable(
            ["offering", "plan", "free", "bindable", "updateable", "rotatable", "polling", "description"],
            [
                .. catalog.Offerings.SelectMany(offering =>
                    offering.Plans.Select(plan =>
                        new[]
                        {
                            offering.Name,
                            plan.Name,
                            YesOrNo(plan.Free),
                            YesOrNo(plan.Bindable),
                            YesOrNo(plan.Updateable),
                            YesOrNo(plan.BindingRotatable),
                            plan.MaximumPollingDuration?.TotalSeconds.ToString("0 's'", CultureInfo.InvariantCulture) ?? "",
                            plan.Description,
                        }
                    )
                ),
            ]
        );
        return true;
    }

    private static string YesOrNo(bool flag) => flag ? "yes" : "no";
}
