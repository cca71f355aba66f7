/** Flags of the linker by which tools are small, and know their versions. */

/** Every tool strips symbols, so that a binary is small and the same on every machine. */
export const STRIP = ["-s", "-w"];

export function stamp(variables: Readonly<Record<string, string>>): string[] {
  return Object.entries(variables).flatMap(([name, value]) => ["-X", `${name}=${value}`]);
}

/** Kubernetes' two version packages; without them `kubectl version` and the node's status say v0.0.0-master. */
export function kubernetesVersion(version: string): string[] {
  const [major = "", minor = ""] = version.split(".");
  return ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"].flatMap((path) =>
    stamp({
      [`${path}.gitVersion`]: `v${version}`,
      [`${path}.gitMajor`]: major,
      [`${path}.gitMinor`]: minor,
      [`${path}.gitTreeState`]: "archive",
    }),
  );
}
