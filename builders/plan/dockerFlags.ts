/** Flags of `docker buildx build` and `docker build` that an image may bring. Pure. */
import { type FlagRules, field, keyOf } from "./extraFlags.ts";

const KEYED = new Set(["build-arg", "label", "annotation", "build-context"]);

const REPEATABLE = new Set(["allow", "security-opt", "no-cache-filter", "policy"]);

/** cmd/build.go of docker/buildx 0.30 and cli/command/image/build.go of docker/cli 20.10 */
export const DOCKER_FLAGS: FlagRules = {
  switches: new Set([
    ...["check", "compress", "debug", "disable-content-trust", "force-rm", "help", "load", "no-cache", "pull", "push"],
    ...["quiet", "rm", "squash", "stream"],
  ]),
  aliases: { t: "tag", f: "file", o: "output", q: "quiet", m: "memory", c: "cpu-shares", D: "debug", h: "help" },
  key(name, value) {
    if (KEYED.has(name)) return `${name} ${keyOf(value)}`;
    if (name === "add-host") return `${name} ${value.split(/[=:]/, 1)[0]}`;
    if (name === "secret") return `secret ${field(value, "id")}`;
    if (name === "ssh") return `ssh ${keyOf(value)}`;
    if (name === "ulimit" || name === "attest") return `${name} ${value.split(/[=,]/, 2).join(" ")}`;
    if (name === "cache-from" || name === "cache-to")
      return `${name} ${field(value, "type")} ${field(value, "ref") || value}`;
    return REPEATABLE.has(name) ? `${name} ${value}` : name;
  },
  refused(key) {
    switch (key) {
      case "tag":
        return "Use --tag and --name.";
      case "file":
        return "Use --file, or spec.dockerfile in the Garden Build action.";
      case "platform":
        return "Use --platform, or spec.platforms in the Garden Build action.";
      case "output":
        return "Use --tag, --output-oci or --load.";
      case "load":
        return "Use --load of pergola build.";
      case "push":
        return "Leave it out: the image is pushed in any case.";
      case "builder":
        return "Choose it with BUILDX_BUILDER or docker buildx use.";
      case "provenance":
      case "sbom":
        return `Use --${key} of pergola build.`;
      case "call":
      case "check":
      case "help":
      case "iidfile":
      case "metadata-file":
      case "print":
      case "progress":
      case "quiet":
        return "Leave it out.";
      default:
        return null;
    }
  },
};
