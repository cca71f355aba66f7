// A context that does not arrive as it was sent never becomes an image.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Kube, LIMITS } from "../../builders/run/index.ts";
import { runKaniko } from "../../builders/run/kaniko/build.ts";
import { kubeconfig, pods } from "./environment.ts";
import { changed, type KanikoPlace, kanikoPlace, type PodSpec } from "./kanikoPlace.ts";
import { bulk } from "./proxiedNetwork.ts";
import { digestOf } from "./registry.ts";

const MB = 1_000_000;
let place: KanikoPlace;
beforeAll(async () => {
  place = await kanikoPlace("test-transfer");
}, 60_000);
afterAll(async () => {
  await place.empty();
  await place.remove();
});

/** The pod does something before it waits for the context. */
const prepared =
  (script: string) =>
  ({ containers: [container] }: PodSpec) => {
    const [, dash = "", wait = "", ...rest] = container.command;
    return { containers: [{ ...container, command: ["/busybox/sh", dash, `${script}; ${wait}`, ...rest] }] };
  };

/** A shell before the real one, in which what arrives goes through a filter. */
const filtered = (filter: string) =>
  prepared(`cat > /kaniko/sh <<'END'
#!/busybox/busybox sh
shift; script=$1; shift
exec /busybox/sh -c "$(echo "$script" | sed 's#tee "#{ ${filter}; } 2> /dev/null | tee "#')" "$@"
END
chmod 755 /kaniko/sh`);

/** The tenth byte of gzip, the operating system, in which nobody is interested. */
const ANOTHER_SYSTEM = "dd bs=1 count=9; echo -n X; dd bs=1 count=1 of=/dev/null; cat";
/** Ten bytes more than there were: what follows the end of the archive is read by nobody. */
const LONGER = "cat; echo -n 0123456789";

describe.concurrent("a context", () => {
  it.each<[string, string, (spec: PodSpec) => object, RegExp]>([
    [
      "that finds no room in the pod",
      "w-full",
      () => ({ volumes: [{ name: "build", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } }] }),
      /[Nn]o space left on device/,
    ],
    ["that is lost on the way", "w-lost", filtered("dd bs=1000 count=1; cat > /dev/null"), /: tar: .+/],
    ["that grows on the way", "w-longer", filtered(LONGER), /: 3\d{6} of 3\d{6} bytes arrived$|: tar: .+/],
    ["whose bytes change on the way", "w-changed", filtered(ANOTHER_SYSTEM), /are not the bytes that were sent$/],
  ])("%s fails the build with that reason; no pod stays, nothing is pushed", async (_, name, change, reason) => {
    const plan = changed(await place.plan(await bulk(3 * MB), name), change);
    const kube = new Kube({ environment: { KUBECONFIG: kubeconfig } });
    try {
      const built = runKaniko(plan, { kube, emit: () => {}, signal: new AbortController().signal, limits: LIMITS });
      await expect(built).rejects.toMatchObject({
        data: { code: "transfer-failed", message: expect.stringMatching(reason) },
      });
    } finally {
      kube.close();
    }
    expect(await pods(place.namespace, "--field-selector", `metadata.name=${plan.pod.metadata.name}`)).toEqual([]);
    expect(await digestOf(plan.references[0] as string)).toBeNull();
  });
});
