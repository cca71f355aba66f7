// What `pergola setup` says to people.
import { expect, it } from "vitest";
import { setupText } from "../../../../builders/cli/setup.ts";
import { gcpSetup, withSecret } from "../garden/setups.ts";
import { ecrSetup, localSetup } from "../samples.ts";

const ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
const images = (setup: Parameters<typeof setupText>[0]) => /^images +(.*)$/m.exec(setupText(setup))?.[1];

it.each([
  ["a registry that makes repositories", localSetup(), "any: made on push"],
  ["Artifact Registry", gcpSetup("gcp-dev"), "any: made on push"],
  ["ECR with its repositories", ecrSetup(), "shop/api"],
  [
    "ECR that is somebody else's",
    gcpSetup("ghcr", (config) => {
      withSecret("ghcr")(config);
      Object.assign(config["pergola:registry"], { host: ECR, login: { helper: "ecr-login" } });
      config["pergola:builder"].modes["cluster-buildkit"].image = "docker.io/gardendev/buildkit:v0.23.2-rootless";
    }),
    "any that there is a repository for",
  ],
])("images of %s", (_, setup, expected) => expect(images(setup)).toContain(expected));
