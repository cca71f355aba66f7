/** Plans of the mode local-docker for each Docker that there is, for the tests of them. */
import type { Image } from "../../../../builders/images/image.ts";
import { NO_SETTINGS } from "../../../../builders/images/settings.ts";
import type { DockerFacts, LocalDockerPlan, Sibling } from "../../../../builders/plan/plan.ts";
import { image, localSetup, type PlanOptions, planBuild, planOptions, type SetupInput } from "../samples.ts";

const DAEMON = { driver: "docker", builder: "", containerdStore: false, platform: "linux/amd64" } as const;

/** Each Docker, as the runner finds it. */
export const FACTS = {
  buildx: { ...DAEMON, client: "buildx" },
  builder: { ...DAEMON, client: "buildx", driver: "docker-container", builder: "mine" },
  containerd: { ...DAEMON, client: "buildx", containerdStore: true },
  buildkit: { ...DAEMON, client: "buildkit" },
  legacy: { ...DAEMON, client: "legacy" },
} as const satisfies Record<string, DockerFacts>;
export type Docker = keyof typeof FACTS;

export const HOST = "172.30.0.11:30500";
export const sibling: Sibling = { name: "base", reference: `${HOST}/examples/base:v-1@sha256:aa`, digest: "sha256:aa" };

/** The plan of an image for a Docker. */
export function plan(
  docker: Docker,
  fields: Parameters<typeof image>[0] = {},
  more: Partial<PlanOptions> = {},
  change: (input: SetupInput) => void = () => {},
): LocalDockerPlan {
  const setup = localSetup((input) => {
    Object.assign(input.builders.modes, { "local-docker": {} });
    change(input);
  });
  const options = { ...planOptions, ...more, mode: "local-docker" as const, docker: FACTS[docker] };
  return planBuild(setup, image(fields), options) as LocalDockerPlan;
}

/** An image with settings. */
export const settings = (fields: Partial<Image["settings"]>): Partial<Image> => ({
  settings: { ...NO_SETTINGS, ...fields },
});
