import { describe, expect, it } from "vitest";
import { type KanikoFailure, verdict } from "../../../../../builders/run/kaniko/verdict.ts";

const judge = (more: Partial<KanikoFailure>) =>
  verdict({
    end: { phrase: "ended with exit code 1", outOfMemory: false },
    exitCode: 1,
    errorText: "",
    mirrorErrors: [],
    tail: "",
    step: null,
    dockerfile: "Dockerfile",
    pod: "pergola-x-1",
    namespace: "g-kn",
    reference: "172.30.0.11:30500/g/x:1",
    memoryLimit: undefined,
    diskLimit: undefined,
    ...more,
  });
const step = { id: "2", name: "RUN make all", line: 5 };
const PUSH =
  "error checking push permissions -- make sure you entered the correct tag name, and that you are authenticated correctly, and try again: ";

/** Left: what the executor of chainguard-dev/kaniko 1.25.5 wrote, or how its pod ended. Right: what the user is told. */
const CASES: [name: string, failure: Partial<KanikoFailure>, expected: object][] = [
  [
    "a credential helper that its image lacks, which is no repository that is missing",
    {
      errorText: `${PUSH}checking push permission for "eu.gcr.io/shop/x:1": resolving authorization for eu.gcr.io failed: error getting credentials - err: exec: "docker-credential-gcr": executable file not found in $PATH, out: \`\``,
    },
    {
      code: "credential-helper",
      message:
        'The credentials for the registry cannot be had: exec: "docker-credential-gcr": executable file not found in $PATH',
      hint: "Check kaniko's image and the identity of its service account.",
    },
  ],
  [
    "a credential helper that fails, in its own words",
    {
      errorText: `${PUSH}resolving authorization for eu.gcr.io failed: error getting credentials - err: exit status 1, out: \`could not find default credentials\``,
    },
    {
      code: "credential-helper",
      message: "The credentials for the registry cannot be had: could not find default credentials",
    },
  ],
  [
    "a RUN that fails",
    {
      errorText:
        "error building image: error building stage: failed to execute command: waiting for process to exit: exit status 3",
      step,
      tail: "cc: no input",
      exitCode: 3,
    },
    {
      code: "build-failed",
      message: "A step failed with exit code 3 (Dockerfile:5): RUN make all",
      file: "Dockerfile",
      line: 5,
      logTail: "cc: no input",
    },
  ],
  [
    "a RUN that was killed for memory",
    {
      end: { phrase: "was killed for using more memory than its limit of 128Mi", outOfMemory: true },
      exitCode: 137,
      step,
      memoryLimit: "128Mi",
    },
    { code: "out-of-memory", message: "A step ran out of memory (limit 128Mi) (Dockerfile:5): RUN make all", line: 5 },
  ],
  [
    "kaniko itself without memory",
    { end: { phrase: "", outOfMemory: true }, exitCode: 137, memoryLimit: "64Mi" },
    { code: "out-of-memory", message: "kaniko ran out of memory (limit 64Mi) before the first step" },
  ],
  [
    "an unknown instruction",
    {
      errorText:
        "error building image: parsing dockerfile: dockerfile parse error on line 2: unknown instruction: COPPY (did you mean COPY?)",
    },
    { code: "build-failed", line: 2, message: expect.stringContaining("COPPY (did you mean COPY?)") },
  ],
  [
    "a base image that does not exist",
    {
      errorText:
        "error building image: unable to complete operation after 0 attempts, last error: GET http://172.30.0.11:30500/v2/library/nothing/manifests/1: MANIFEST_UNKNOWN: manifest unknown; map[Tag:1]",
    },
    {
      code: "base-image-missing",
      message: expect.stringMatching(/^There is no base image 172\.30\.0\.11:30500\/library\/nothing:1: /),
    },
  ],
  [
    "a base image that no mirror has",
    {
      errorText: "error building image: image not found on any configured mapped registries for nothing:1",
      mirrorErrors: [
        "unable to complete operation after 2 attempts, last error: GET http://172.30.0.11:30500/v2/library/nothing/manifests/1: MANIFEST_UNKNOWN: manifest unknown",
      ],
    },
    { code: "base-image-missing", message: "There is no base image nothing:1 in the mirrors of this environment." },
  ],
  [
    "a mirror that does not answer, although kaniko speaks of an image that was not found",
    {
      errorText: "error building image: image not found on any configured mapped registries for busybox:1.36",
      mirrorErrors: [
        'unable to complete operation after 2 attempts, last error: Get "https://172.30.0.11:30500/v2/": dial tcp 172.30.0.11:30500: i/o timeout; Get "http://172.30.0.11:30500/v2/": dial tcp 172.30.0.11:30500: i/o timeout',
      ],
    },
    {
      code: "registry-unreachable",
      message: expect.stringMatching(
        /^The registry 172\.30\.0\.11:30500, which has the base image busybox:1\.36, cannot be reached from the builder: .*i\/o timeout$/,
      ),
    },
  ],
  [
    "a file that the context lacks",
    {
      errorText:
        "error building image: error building stage: failed to optimize instructions: failed to get files used from context: failed to get fileinfo for /pergola/context/missing.txt: lstat /pergola/context/missing.txt: no such file or directory",
    },
    { code: "build-failed", message: "The build context has no /missing.txt." },
  ],
  [
    "a registry that refuses connections",
    {
      errorText: `${PUSH}checking push permission for "172.30.0.11:30999/g/x:1": creating push check transport for 172.30.0.11:30999 failed: Get "https://172.30.0.11:30999/v2/": dial tcp 172.30.0.11:30999: connect: connection refused`,
    },
    {
      code: "registry-unreachable",
      message: expect.stringMatching(
        /^The registry 172\.30\.0\.11:30999, which .*, cannot be reached from the builder/,
      ),
    },
  ],
  [
    "a push without the right credentials",
    {
      errorText: `${PUSH}checking push permission for "172.30.0.11:30501/g/x:1": POST http://172.30.0.11:30501/v2/g/x/blobs/uploads/: UNAUTHORIZED: authentication required; [map[Action:pull]]`,
    },
    { code: "push-denied" },
  ],
  [
    "a name that no registry takes",
    { errorText: `${PUSH}getting tag for destination: repository can only contain the characters \`abc\`: g/X` },
    { code: "build-failed", message: expect.stringContaining("repository can only contain") },
  ],
  [
    "an unknown stage",
    { errorText: "error building image: Error finding target stage: zz is not a valid target build stage" },
    { code: "build-failed", message: "Error finding target stage: zz is not a valid target build stage" },
  ],
  [
    "an evicted pod",
    { end: { phrase: "was evicted: low on ephemeral-storage", outOfMemory: false }, exitCode: null },
    {
      code: "builder-gone",
      message: "Pod pergola-x-1 in namespace g-kn, which ran the build, was evicted: low on ephemeral-storage.",
    },
  ],
  [
    "a deleted pod",
    { end: null, exitCode: null },
    { code: "builder-gone", message: expect.stringContaining("was deleted") },
  ],
  [
    "a pod past its deadline",
    {
      end: { phrase: "was ended by the cluster (DeadlineExceeded): Pod was active too long", outOfMemory: false },
      exitCode: null,
    },
    { code: "timeout" },
  ],
  [
    "no word at all",
    { exitCode: 2 },
    { code: "build-failed", message: "kaniko ended with exit code 2 without a message." },
  ],
];

describe("verdict on kaniko", () => {
  it.each(CASES)("names %s", (_, failure, expected) => {
    expect(judge(failure)).toMatchObject(expected);
  });
});
