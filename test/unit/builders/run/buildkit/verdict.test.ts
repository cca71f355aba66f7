import { describe, expect, it } from "vitest";
import { verdict } from "../../../../../builders/run/buildkit/verdict.ts";

const box = (line: number, source: string) =>
  `Dockerfile:${line}\n--------------------\n   1 |     FROM scratch\n   ${line} | >>> ${source}\n   9 |     \n--------------------\n`;
const judge = (text: string, more: { logTail?: string; memoryLimit?: string } = {}) =>
  verdict({
    text,
    step: more.logTail === undefined ? null : { name: "[3/3] RUN make", error: "", logTail: more.logTail },
    dockerfile: "app/Dockerfile",
    reference: "172.30.0.11:30500/g/x:1",
    memoryLimit: more.memoryLimit,
  });

/** Left: what buildctl v0.33.1 wrote. Right: what the user is told. */
const CASES: [name: string, text: string, expected: object][] = [
  [
    "a RUN that fails",
    `Dockerfile:5
--------------------
   4 |     # comment
   5 | >>> RUN echo working && \\
   6 | >>>     echo "something broke" >&2 && \\
   7 | >>>     exit 3
   8 |     CMD ["/bin/sh"]
--------------------
error: failed to solve: process "/bin/sh -c echo working &&     echo \\"something broke\\" >&2 &&     exit 3" did not complete successfully: exit code: 3`,
    {
      code: "build-failed",
      file: "app/Dockerfile",
      line: 5,
      message:
        'A step failed with exit code 3 (app/Dockerfile:5): RUN echo working && echo "something broke" >&2 && exit 3',
    },
  ],
  [
    "a RUN that was killed",
    `${box(3, "RUN make")}error: failed to solve: process "/bin/sh -c make" did not complete successfully: exit code: 137`,
    { code: "out-of-memory", line: 3, hint: expect.stringContaining("2Gi") },
  ],
  [
    "a Dockerfile that cannot be parsed",
    `${box(2, "COPPY busybox /bin/busybox")}error: failed to solve: dockerfile parse error on line 2: unknown instruction: COPPY (did you mean COPY?)`,
    {
      code: "build-failed",
      line: 2,
      message: expect.stringContaining("unknown instruction: COPPY (did you mean COPY?)"),
    },
  ],
  [
    "a base image that does not exist",
    `${box(1, "FROM 172.30.0.11:30500/library/nothing:1")}error: failed to solve: 172.30.0.11:30500/library/nothing:1: failed to resolve source metadata for 172.30.0.11:30500/library/nothing:1: 172.30.0.11:30500/library/nothing:1: not found`,
    {
      code: "base-image-missing",
      line: 1,
      message: expect.stringContaining("There is no base image 172.30.0.11:30500/library/nothing:1"),
    },
  ],
  [
    "a base image's registry without an answer",
    `${box(1, "FROM golang:1.26")}error: failed to solve: DeadlineExceeded: golang:1.26: failed to resolve source metadata for docker.io/library/golang:1.26: failed to do request: Head "https://registry-1.docker.io/v2/library/golang/manifests/1.26": dial tcp: lookup registry-1.docker.io: i/o timeout`,
    {
      code: "registry-unreachable",
      message: expect.stringMatching(
        /^The registry registry-1\.docker\.io, which has the base image docker\.io\/library\/golang:1\.26 \(app\/Dockerfile:1\), cannot be reached/,
      ),
    },
  ],
  [
    "a file that the context lacks",
    `${box(3, "COPY missing.txt /x")}error: failed to solve: failed to compute cache key: failed to calculate checksum of ref ijyi4b7cejay0x3imdsz1jsx0::lk1tjhp4zfavt8ksm4suo8cow: "/missing.txt": not found`,
    { code: "build-failed", line: 3, message: "The build context has no /missing.txt (app/Dockerfile:3)." },
  ],
  [
    "a registry that refuses connections",
    'error: failed to solve: failed to push 172.30.0.11:30999/g/x:1: failed to do request: Head "https://172.30.0.11:30999/v2/g/x/blobs/sha256:6bb5": dial tcp 172.30.0.11:30999: connect: connection refused',
    {
      code: "registry-unreachable",
      message: expect.stringMatching(
        /^The registry 172\.30\.0\.11:30999, which 172\.30\.0\.11:30999\/g\/x:1 is pushed to, cannot be reached from the builder/,
      ),
    },
  ],
  [
    "a cache registry that refuses connections",
    'error: failed to solve: error writing layer blob: failed to do request: Head "https://172.30.0.11:30999/v2/g/cache/blobs/sha256:f883": dial tcp 172.30.0.11:30999: connect: connection refused',
    { code: "registry-unreachable" },
  ],
  [
    "a push without the right credentials",
    "error: failed to solve: failed to push 172.30.0.11:30501/g/x:1: unexpected status from HEAD request to http://172.30.0.11:30501/v2/g/x/blobs/sha256:6d60: 401 Unauthorized",
    { code: "push-denied", message: expect.stringContaining("172.30.0.11:30501/g/x:1") },
  ],
  [
    "a credential helper that fails",
    "error: failed to solve: error getting credentials - err: exit status 1, out: `AccessDenied: role arn:x may not call ecr:GetAuthorizationToken`",
    { code: "credential-helper", message: expect.stringContaining("AccessDenied: role arn:x") },
  ],
  [
    "a name that no registry takes",
    "error: failed to solve: failed to push 172.30.0.11:30500/g/X:1: invalid reference format: repository name (g/X) must be lowercase",
    { code: "build-failed", message: expect.stringContaining("must be lowercase") },
  ],
  [
    "an unknown stage",
    'error: failed to solve: target stage "zz" could not be found (did you mean a?)',
    { code: "build-failed", message: 'target stage "zz" could not be found (did you mean a?)' },
  ],
  [
    "an empty Dockerfile",
    "error: failed to solve: the Dockerfile cannot be empty",
    { code: "build-failed", message: "the Dockerfile cannot be empty" },
  ],
  ["no word at all", "", { code: "build-failed", message: "buildctl failed without a message." }],
];

describe("verdict on buildctl", () => {
  it.each(CASES)("names %s", (_, text, expected) => {
    expect(judge(text, { memoryLimit: "2Gi" })).toMatchObject(expected);
  });

  it("shows the failing step's last lines", () => {
    expect(
      judge(`${box(3, "RUN make")}error: failed to solve: process "make" did not complete successfully: exit code: 2`, {
        logTail: "cc: no input",
      }).logTail,
    ).toBe("cc: no input");
  });
});
