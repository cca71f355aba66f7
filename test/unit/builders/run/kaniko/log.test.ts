import { describe, expect, it } from "vitest";
import type { BuildEvent } from "../../../../../builders/report/events.ts";
import { KanikoLog } from "../../../../../builders/run/kaniko/log.ts";

const DOCKERFILE = `FROM scratch
COPY busybox /bin/busybox
# a comment
RUN echo working && \\
    # why
    echo "something broke" >&2 && \\
    exit 3
RUN echo second > /two
CMD ["/bin/sh"]
`;

function replay(text: string, succeeded: boolean) {
  const events: BuildEvent[] = [];
  const log = new KanikoLog((event) => events.push(event), DOCKERFILE);
  for (const line of text.split("\n")) log.line(line);
  log.end(succeeded);
  return { log, events };
}

/** As the executor of chainguard-dev/kaniko 1.25.5 writes it, coloured and padded. */
const CACHED_BUILD = `\u001b[36mINFO\u001b[0m[0000] Building stage 'scratch' [idx: '0', base-idx: '-1'] 
\u001b[36mINFO\u001b[0m[0000] Using caching version of cmd: COPY busybox /bin/busybox 
\u001b[36mINFO\u001b[0m[0000] No cached layer found for cmd RUN echo second > /two 
\u001b[36mINFO\u001b[0m[0000] COPY busybox /bin/busybox                    
\u001b[36mINFO\u001b[0m[0000] Found cached layer, extracting to filesystem 
\u001b[36mINFO\u001b[0m[0000] RUN echo second > /two                       
\u001b[36mINFO\u001b[0m[0002] Pushed 172.30.0.11:30500/g/cache@sha256:9b756e935bf5621ba412c2583770875ba554af47403a16051ec31679c073e28b 
\u001b[36mINFO\u001b[0m[0002] CMD ["/bin/sh"]                              
\u001b[33mWARN\u001b[0m[0002] Error uploading layer to cache: failed to push to destination 172.30.0.11:30999/g/c:4454: connection refused 
\u001b[36mINFO\u001b[0m[0003] Pushed 172.30.0.11:30500/g/kok@sha256:66f296a45de4be034a8925cca5b67059934edee3b1ba9d0dceea70aa300d0b2e `;

const FAILING_BUILD = `INFO[0000] COPY busybox /bin/busybox                    
INFO[0000] RUN echo working &&     echo "something broke" >&2 &&     exit 3 
INFO[0000] Running: [/bin/sh -c echo working &&     echo "something broke" >&2 &&     exit 3] 
something broke
error building image: error building stage: failed to execute command: waiting for process to exit: exit status 3
working`;

/** The same program with --log-format=text. */
const TEXT_BUILD = `time="2026-11-21T05:07:33Z" level=info msg="Using caching version of cmd: COPY busybox /bin/busybox"
time="2026-11-21T05:07:33Z" level=info msg="COPY busybox /bin/busybox"
time="2026-11-21T05:07:33Z" level=info msg="RUN echo working &&     echo \\"something broke\\" >&2 &&     exit 3"
something broke
time="2026-11-21T05:07:35Z" level=info msg="CMD [\\"/bin/sh\\"]"
time="2026-11-21T05:07:35Z" level=warning msg="Error uploading layer to cache: connection refused"
time="2026-11-21T05:07:36Z" level=info msg="Pushed 172.30.0.11:30500/examples/ok@sha256:520f963286fbbb35ffdf5b9f621b2464f2717db95da5d362044ac572a8a8d726"`;

/** Of a pod whose packets to the only mirror were dropped. */
const SILENT_MIRROR = `time="2026-11-21T07:48:12Z" level=info msg="Retrieving image manifest busybox:1.36"
time="2026-11-21T07:48:12Z" level=info msg="Retrieving image busybox:1.36 from mapped registry 172.30.0.11:30500"
time="2026-11-21T07:49:43Z" level=warning msg="Retrying operation after 1s due to Get \\"https://172.30.0.11:30500/v2/\\": dial tcp 172.30.0.11:30500: i/o timeout"
time="2026-11-21T07:51:47Z" level=warning msg="Failed to retrieve image busybox:1.36 from remapped registry 172.30.0.11:30500: unable to complete operation after 2 attempts, last error: Get \\"https://172.30.0.11:30500/v2/\\": dial tcp 172.30.0.11:30500: i/o timeout. Will try with the next registry, or fallback to the original registry."
error building image: image not found on any configured mapped registries for busybox:1.36`;

describe("kaniko's log", () => {
  it("shows that a mirror is tried again, and keeps why it gave nothing", () => {
    const { log, events } = replay(SILENT_MIRROR, false);
    expect(events).toContainEqual({
      type: "log",
      step: null,
      line: expect.stringMatching(/^Retrying operation after 1s due to .* i\/o timeout$/),
    });
    expect(log.mirrorErrors).toEqual([expect.stringMatching(/^unable to complete .*: i\/o timeout$/)]);
    expect(log.errorText).toContain("image not found on any configured mapped registries");
  });

  it("is understood in its plain format too", () => {
    const { log, events } = replay(TEXT_BUILD, true);
    expect(
      events.flatMap((event) =>
        event.type === "step" ? [`${event.state} ${event.name.slice(0, 16)} ${event.seconds ?? ""}`] : [],
      ),
    ).toEqual([
      "started COPY busybox /bi ",
      "cached COPY busybox /bi 0",
      "started RUN echo working ",
      "done RUN echo working 2",
      'started CMD ["/bin/sh"] ',
      'done CMD ["/bin/sh"] 1',
    ]);
    expect(events).toContainEqual({ type: "log", step: "2", line: "something broke" });
    expect(log.pushed("172.30.0.11:30500/examples/ok")).toMatch(/^sha256:520f/);
    expect(log.warnings).toEqual(["Error uploading layer to cache: connection refused"]);
  });

  it("tells steps, and which of them came from the cache", () => {
    const { log, events } = replay(CACHED_BUILD, true);
    expect(events.flatMap((event) => (event.type === "step" ? [`${event.state} ${event.name}`] : []))).toEqual([
      "started COPY busybox /bin/busybox",
      "cached COPY busybox /bin/busybox",
      "started RUN echo second > /two",
      "done RUN echo second > /two",
      'started CMD ["/bin/sh"]',
      'done CMD ["/bin/sh"]',
    ]);
    expect([log.steps, log.cachedSteps]).toEqual([2, 1]);
    expect(events.find((event) => event.type === "step" && event.state === "done")).toMatchObject({ seconds: 2 });
  });

  it("knows the digest of the image from those of cache layers", () => {
    const { log } = replay(CACHED_BUILD, true);
    expect(log.pushed("172.30.0.11:30500/g/kok")).toBe(
      "sha256:66f296a45de4be034a8925cca5b67059934edee3b1ba9d0dceea70aa300d0b2e",
    );
    expect(log.pushed("172.30.0.11:30500/g/other")).toBeUndefined();
  });

  it("warns when a layer did not get into the cache", () => {
    expect(replay(CACHED_BUILD, true).log.warnings).toEqual([
      "Layers do not get into the cache repository 172.30.0.11:30999/g/c, so their steps run again in the next build: connection refused",
    ]);
  });

  it("finds the failing step's line, its output and kaniko's last words, in whatever order they arrive", () => {
    const { log, events } = replay(FAILING_BUILD, false);
    expect(log.current).toMatchObject({ line: 4 });
    expect(log.tail).toBe("something broke\nworking");
    expect(log.errorText).toBe(
      "error building image: error building stage: failed to execute command: waiting for process to exit: exit status 3",
    );
    expect(events.at(-1)).toMatchObject({ type: "step", state: "failed" });
  });
});
