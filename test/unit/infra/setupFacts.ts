/** What BuildSetups in tests say beside their stack files: as the program would find it. */
import type { SetupFacts } from "../../../infra/buildSetup.ts";
import type { StackConfig } from "../../../infra/config.ts";
import { builderPlacement } from "../../../infra/nodeUse.ts";
import { setupImages } from "../../../infra/registries/ecrPlan.ts";
import { ecrHostOf } from "../../../infra/registries/ecrRepositories.ts";

/** Of the stack `local`. */
export function localFacts(config: Pick<StackConfig, "cluster">): SetupFacts {
  return {
    stack: "local",
    registry: {
      kind: "inCluster",
      host: "172.30.0.11:30500",
      namespace: "examples",
      insecure: true,
      mirrors: {},
      createsRepositoriesOnPush: true,
    },
    images: [],
    registryPods: { namespace: "pergola-registry", labels: { app: "registry" } },
    registryLoginHosts: [],
    registryHelpers: {},
    placement: builderPlacement(config.cluster.builderNodes),
    priorityClassName: "pergola-local-builder",
    clusterUid: "uid",
  };
}

/** Of a stack whose registry is of kind `ecr`. */
export function ecrFacts(config: Pick<StackConfig, "cluster" | "registry">, stack: string): SetupFacts {
  const { registry } = config;
  if (registry.kind !== "ecr") throw new Error("not ECR");
  const host = ecrHostOf(registry);
  return {
    stack,
    registry: { kind: "ecr", host, namespace: "", insecure: false, mirrors: {}, createsRepositoriesOnPush: false },
    images: setupImages(registry),
    registryPods: null,
    registryLoginHosts: [host],
    registryHelpers: { [host]: "ecr-login" },
    placement: builderPlacement(config.cluster.builderNodes),
    priorityClassName: `pergola-${stack}-builder`,
    clusterUid: "uid",
  };
}
