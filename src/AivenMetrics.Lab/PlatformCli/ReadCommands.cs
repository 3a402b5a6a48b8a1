using System.CommandLine;
using System.Globalization;
using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.Lab.PlatformCli;

/// <summary><c>catalog</c>, <c>services</c>, <c>last-operation</c>, <c>fetch</c>: nothing changes.</summary>
internal static class ReadCommands
{
    private static readonly Argument<string> InstanceName = new("instance") { Description = "Name of the instance." };
    private static readonly Argument<string> BindingName = new("binding") { Description = "Name of the binding. Default: the instance itself.", Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => "" };

    public static Command Catalog()
    {
        var command = new Command("catalog", "Shows what the broker offers, and whether Cloud Controller would take it.");
        command.SetAction((parsed, ct) => PlatformSession.Do(parsed, session => Catalog(session, ct)));
        return command;
    }

    public static Command Services()
    {
        var command = new Command("services", "Shows the instances and bindings that this command has made; asks the broker nothing.");
        command.SetAction((parsed, _) => PlatformSession.Do(parsed, session =>
        {
            session.Report.Table(
                ["instance", "binding", "id"],
                [.. session.Memory.Instances.SelectMany(instance => (string[][])[[instance.Key, "", instance.Value.Id], .. instance.Value.Bindings.Select(binding => new[] { instance.Key, binding.Key, binding.Value.Id })])]);
            session.Report.Set("instances", System.Text.Json.JsonSerializer.SerializeToElement(session.Memory.Instances));
            return Task.FromResult(true);
        }));
        return command;
    }

    public static Command LastOperation() => Reading("last-operation", "Asks once how far the last operation is.", (instance, binding) => binding is null
        ? Asks.LastOperation(instance.Id, null, new PlanIds(instance.ServiceId, instance.PlanId), instance.Operation)
        : Asks.LastOperation(instance.Id, binding.Id, new PlanIds(instance.ServiceId, binding.PlanId), binding.Operation));

    public static Command Fetch() => Reading("fetch", "Reads an instance, or a binding with its credentials, from the broker.", (instance, binding) =>
        binding is null ? Asks.FetchInstance(instance.Id) : Asks.FetchBinding(instance.Id, binding.Id));

    private static Command Reading(string name, string description, Func<KnownInstance, KnownBinding?, Ask> ask)
    {
        var command = new Command(name, description) { InstanceName, BindingName };
        command.SetAction((parsed, ct) => PlatformSession.Do(parsed, async session =>
        {
            string instanceName = parsed.GetRequiredValue(InstanceName);
            string bindingName = parsed.GetValue(BindingName) ?? "";
            KnownInstance instance = session.Memory.Instance(instanceName);
            Answer answer = await session.Client.Send(ask(instance, bindingName.Length == 0 ? null : session.Memory.Binding(instanceName, bindingName)), ct);
            session.Report.Set("status", answer.Status);
            session.Report.Set("body", answer.Object);
            if (answer is { Status: 200, Object: { } body })
                session.Report.Json(body);
            else
                session.Report.Line($"{answer.Shown}: {answer.Description}", "red");
            return answer.Status == 200;
        }));
        return command;
    }

    private static async Task<bool> Catalog(PlatformSession session, CancellationToken ct)
    {
        if (await session.Catalog(ct) is not { } catalog)
            return false;
        session.Report.Set("body", session.Client.Answers.Last().Object);
        session.Report.Table(
            ["offering", "plan", "free", "bindable", "updateable", "rotatable", "polling", "description"],
            [.. catalog.Offerings.SelectMany(offering => offering.Plans.Select(plan => new[]
            {
                offering.Name, plan.Name, Word(plan.Free), Word(plan.Bindable), Word(plan.Updateable), Word(plan.BindingRotatable),
                plan.MaximumPollingDuration?.TotalSeconds.ToString("0 's'", CultureInfo.InvariantCulture) ?? "", plan.Description,
            }))]);
        return true;
    }

    private static string Word(bool flag) => flag ? "yes" : "no";
}
