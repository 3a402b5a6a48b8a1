using AivenMetrics.Acceptance.Support;
using Xunit;

namespace AivenMetrics.Acceptance.PlatformCli;

/// <summary>Runs <c>aiven-metrics-lab platform</c> against a broker that all tests of the class share.</summary>
public abstract class PlatformTestBase(FullStack product) : TemporaryFolderTestBase, IClassFixture<FullStack>
{
    private protected Stack Stack => product.Stack;

    private protected Task<RunResult> RunAsync(params string[] arguments) =>
        Executable.RunAsync(
            Root,
            [
                "platform",
                .. arguments,
                "--url",
                Stack.Configuration.BrokerUrl(0),
                "--username",
                "platform",
                "--password-file",
                Stack.Folder.Path("secrets", "broker-password"),
                "--state",
                Path.Combine(Root, "state.json"),
            ]
        );
}
