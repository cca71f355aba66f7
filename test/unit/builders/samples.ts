/** Environments and images that the tests of the runner's pure side share. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";
import { factsOf, parseDockerfile } from "../../../builders/images/dockerfile.ts";
import type { DescribedImage, Image } from "../../../builders/images/image.ts";
import { NO_SETTINGS } from "../../../builders/images/settings.ts";
import { NO_CACHE_REQUEST } from "../../../builders/plan/cache.ts";
import { loadPlanner, type PlanOptions as OptionsOfMode } from "../../../builders/plan/index.ts";
import type { BuildPlan } from "../../../builders/plan/plan.ts";
import { type BuildSetup, buildSetup, type ModeName } from "../../../infra/setup.ts";

const builder = {
  tolerations: [{ key: "garden-build", operator: "Equal", value: "true", effect: "NoSchedule" }],
  nodeSelector: { "garden-build": "true" },
  resources: { limits: { memory: "4Gi" }, requests: { cpu: "100m", "ephemeral-storage": "1Gi" } },
};

/** The embedded environment, as a value that a test may change before it is parsed. */
export function localSetupInput() {
  const namespace = { name: "pergola-buildkit", serviceAccount: "garden-in-cluster-builder" };
  return {
    version: 1,
    environment: "local",
    purpose: "development",
    registry: {
      kind: "inCluster",
      host: "172.30.0.11:30500",
      namespace: "examples",
      insecure: true,
      mirrors: { "docker.io": ["172.30.0.11:30500"] } as Record<string, string[]>,
      createsRepositoriesOnPush: true,
    },
    images: [] as object[],
    builders: {
      default: "cluster-buildkit",
      modes: {
        "cluster-buildkit": {
          ...builder,
          namespaces: [namespace] as object[],
          namespacePatterns: [] as string[],
          profile: "rootful",
          image: "pergola.local/buildkit:0.33.1",
          podSecurity: "privileged",
        },
        kaniko: {
          ...builder,
          namespaces: [{ ...namespace, name: "pergola-kaniko" }] as object[],
          image: "pergola.local/kaniko:1.25.5",
          podSecurity: "baseline",
        },
      },
    },
    freshNamespaces: null as object | null,
    pullSecrets: [] as object[],
    cache: [{ tag: "_buildcache", mode: "max" }] as object[],
    cluster: { context: "pergola-local" as string | null, uid: "cluster-1" as string | null },
  };
}

export type SetupInput = ReturnType<typeof localSetupInput>;

/** The embedded environment, changed by `change`. */
export function localSetup(change: (input: SetupInput) => void = () => {}): BuildSetup {
  const input = localSetupInput();
  change(input);
  return buildSetup.parse(input);
}

/** Admits `shop-preview-*` to both modes, with a pull secret to copy. */
export function withPattern(input: SetupInput): void {
  for (const mode of Object.values(input.builders.modes))
    Object.assign(mode, { namespacePatterns: ["shop-preview-*"] });
  const named = (name: string) => ({ metadata: { name } });
  input.freshNamespaces = {
    reserved: ["default", "shop-preview-registry"],
    source: "pergola-buildkit",
    objects: [
      { apiVersion: "v1", kind: "ServiceAccount", ...named("garden-in-cluster-builder") },
      { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", ...named("pergola-egress"), spec: { b: 1, a: 2 } },
      { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", ...named("pergola-ci"), rules: [] },
    ],
  };
  input.pullSecrets = ["pergola-buildkit", "pergola-kaniko"].map((namespace) => ({
    namespace,
    name: "pull",
    hosts: [],
  }));
}

/** An ECR environment with exactly the repositories it names. */
export function ecrSetup(): BuildSetup {
  const host = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
  return localSetup((input) => {
    input.environment = "aws-dev";
    input.registry = {
      kind: "ecr",
      host,
      namespace: "",
      insecure: false,
      mirrors: {},
      createsRepositoriesOnPush: false,
    };
    input.images = [{ name: "shop/api", repository: "shop/api", cacheRepository: "shop/api/cache" }];
    input.pullSecrets = [{ namespace: "pergola-kaniko", name: "ecr-config", hosts: [host] }];
  });
}

/** An image whose files are never looked at. */
export function image(fields: Partial<Image> & { readonly from?: string } = {}): Image {
  const { from, ...rest } = fields;
  const described: DescribedImage = {
    name: "api",
    actionName: null,
    environments: null,
    context: "/src/api",
    dockerfile: { path: "Dockerfile", text: from ?? "FROM busybox:1.36\nCOPY . /app\n" },
    buildArgs: {},
    target: null,
    platforms: [],
    secrets: {},
    settings: NO_SETTINGS,
    extraFlags: [],
    dependencies: [],
    timeoutSeconds: 600,
    definedIn: "/src/api/Dockerfile",
    ...rest,
  };
  return { ...described, facts: factsOf(parseDockerfile(described.dockerfile.text), described.buildArgs) };
}

/** Options of a plan, and its mode; null takes the environment's default. */
export interface PlanOptions extends OptionsOfMode {
  readonly mode: ModeName | null;
}

const planners = {
  kaniko: await loadPlanner("kaniko"),
  "cluster-buildkit": await loadPlanner("cluster-buildkit"),
  "local-docker": await loadPlanner("local-docker"),
};

/** The plan of an image. */
export function planBuild(setup: BuildSetup, image: Image, { mode, ...options }: PlanOptions): BuildPlan {
  return planners[mode ?? setup.builders.default](setup, image, options);
}

/** Options of a plan for which nobody asked for anything. */
export const planOptions: PlanOptions = {
  mode: null,
  namespace: null,
  contextNamespace: null,
  tags: ["v1"],
  siblings: [],
  noCache: false,
  cache: NO_CACHE_REQUEST,
  ociFile: null,
  contextSent: "/context",
  sourceDateEpoch: null,
  buildId: "0a1b2c3d4e",
};

/** A directory with these files, removed after the test. */
export function folder(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(path.join(tmpdir(), "pergola-unit-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  return root;
}

/** The data of the PergolaError that `run` throws; fails when it throws none. */
export function errorOf(run: () => unknown) {
  try {
    run();
  } catch (error) {
    return dataOf(error);
  }
  throw new Error("nothing was thrown");
}

/** The same for a promise. */
export async function rejectionOf(promise: Promise<unknown>) {
  return promise.then(
    () => {
      throw new Error("nothing was thrown");
    },
    (error) => dataOf(error),
  );
}

function dataOf(error: unknown): import("../../../builders/errors.ts").ErrorData {
  if (error instanceof Error && error.name.match(/PergolaError|KubeStatusError/) && "data" in error) {
    return error.data as import("../../../builders/errors.ts").ErrorData;
  }
  throw error;
}
