// Bad stack files: every rule about the image that builders run from, and the helpers that it has, with the exact message.
import { awsCases } from "./awsConfig.ts";
import type { Change } from "./config.ts";

const mode =
  (more: object): Change =>
  (config) => {
    Object.assign(config["pergola:builder"].modes["cluster-buildkit"], more);
  };
const HOST = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";

awsCases("the image that builders run from", [
  [
    "without the helper of the registry",
    mode({ image: "moby/buildkit:v0.33.1-rootless" }),
    [
      `pergola:builder.modes.cluster-buildkit.image: "moby/buildkit:v0.33.1-rootless" has no docker-credential-ecr-login, by which builders log in to ${HOST}; write an image that has it (docker.io/gardendev/buildkit, or one of your own with helpers: [ecr-login])`,
    ],
  ],
  ["one of their own, which is not known", mode({ image: "registry.example/builders/buildkit:1" }), []],
  [
    "one that is said to have the helper",
    mode({ image: "registry.example/moby/buildkit:1-rootless", helpers: ["ecr-login"] }),
    [],
  ],
  [
    "one that is said to have another",
    mode({ image: "registry.example/builders/buildkit:1", helpers: ["gcr"] }),
    [
      `pergola:builder.modes.cluster-buildkit.helpers: has no ecr-login: builders need docker-credential-ecr-login, by which builders log in to ${HOST}; write an image that has it, and its name here`,
    ],
  ],
  [
    "a helper that is no name",
    mode({ helpers: ["docker credential"] }),
    ['pergola:builder.modes.cluster-buildkit.helpers[0]: "docker credential" is not the name of a credential helper'],
  ],
  [
    "rootless, with an image that is not",
    mode({ image: "docker.io/gardendev/buildkit:v0.23.2" }),
    [
      'pergola:builder.modes.cluster-buildkit.profile: is "rootless", but "docker.io/gardendev/buildkit:v0.23.2" is made to run rootful; write rootful, or the same image with -rootless at the end of its tag',
    ],
  ],
  [
    "rootful, with an image that is not",
    mode({ profile: "rootful" }),
    [
      'pergola:builder.modes.cluster-buildkit.profile: is "rootful", but "docker.io/gardendev/buildkit:v0.23.2-rootless" is made to run rootless; write rootless, or the same image without -rootless in its tag',
    ],
  ],
  [
    "without the helper of another login",
    (config) => {
      config["pergola:cluster"].pullSecret = { logins: [{ host: "europe-docker.pkg.dev", helper: "gcr" }] };
      mode({ image: "registry.example/b:1", helpers: ["ecr-login"] })(config);
    },
    [
      "pergola:builder.modes.cluster-buildkit.helpers: has no gcr: builders need docker-credential-gcr, by which builders log in to europe-docker.pkg.dev; write an image that has it, and its name here",
    ],
  ],
  [
    "of a kaniko that is older than Pod Identity, by which builders have their role",
    (config) => {
      config["pergola:access"] = { kind: "podIdentity" };
      config["pergola:builder"].modes.kaniko = {
        namespaces: ["shop-kaniko"],
        image: "gcr.io/kaniko-project/executor:v1.11.0-debug",
      };
    },
    [
      'pergola:builder.modes.kaniko.image: "gcr.io/kaniko-project/executor:v1.11.0-debug" is older than EKS Pod Identity: builders would find no role there; write one of ghcr.io/osscontainertools/kaniko, or kind: irsa in pergola:access',
    ],
  ],
  [
    "of kaniko without a shell",
    (config) => {
      config["pergola:access"].namespaces.push("shop-kaniko");
      config["pergola:builder"].modes.kaniko = {
        namespaces: ["shop-kaniko"],
        image: "ghcr.io/osscontainertools/kaniko:v1.28.3-slim",
      };
    },
    [
      `pergola:builder.modes.kaniko.image: "ghcr.io/osscontainertools/kaniko:v1.28.3-slim" has no shell, with which a pod waits for its build context; write kaniko's debug image (a tag that ends in -debug)`,
    ],
  ],
]);
