/** What runs in a kaniko pod: waits for the context, and for what the build needs of the node, then runs kaniko. */
import type { BuilderNamespace, BuildSetup } from "../../infra/setup.ts";
import { GOOGLE_HELPER, GSA_ANNOTATION } from "../../infra/setupNames.ts";

/** Programs that the context is brought in with, and kaniko itself: only its debug images have them all. */
const TOOLS = ["cat", "gzip", "mkfifo", "rm", "sha256sum", "sleep", "tar", "tee", "wc", "/kaniko/executor"];

/** Where clients of Google Cloud get a token for whoever they are (Compute Engine, "View and query VM metadata"). */
const TOKEN = "http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token";

/** Seconds that a pod may take to become somebody; GKE's own advice is to wait for at most twice as long. */
const IDENTITY_SECONDS = 30;

/**
 * Shell: waits until the node knows who its pod is. GKE's metadata server does a few seconds after the pod began, and refuses it until
 * then (GKE, "Troubleshoot Workload Identity": pods "rejected at startup"); kaniko and its helpers ask once and at once, and would be
 * nobody. What does not come is theirs to say: an image may have another way to log in.
 */
export const UNTIL_SOMEBODY =
  `end=$(($(date +%s) + ${IDENTITY_SECONDS})); ` +
  `until timeout 2 wget -q -O /dev/null --header "Metadata-Flavor: Google" ${TOKEN} < /dev/null > /dev/null 2>&1 ` +
  `|| [ "$(date +%s)" -ge "$end" ]; do sleep 0.2; done`;

/**
 * Whether builders of a namespace log in as whoever the node says that their pod is: by a helper, or by what kaniko has built in for
 * Google's registries, which are somebody where the account has GKE's annotation (infra's asksMetadata opens the way for the same).
 */
export function asksNode(
  { credHelpers }: Pick<BuildSetup, "credHelpers">,
  { annotations }: Pick<BuilderNamespace, "annotations">,
): boolean {
  return Object.values(credHelpers).includes(GOOGLE_HELPER) || Object.hasOwn(annotations, GSA_ANNOTATION);
}

/**
 * The script, for `sh -c` with kaniko's arguments.
 *
 * It waits at the marker, a pipe, for a line that says that the context is there: the process that wrote it, and a word. When that
 * process has ended kaniko runs; in one container, as the kubelet looks but once a second whether one has ended and the next can
 * start. For the same reason the log tells the end: both of its streams, which may change places, end with the word, kaniko's exit
 * code and the digest. kaniko does not run in the background of the shell, as all steps would ignore SIGINT then. Exit code 127 and a
 * termination message say what the image lacks.
 * @param marker path of the pipe
 * @param asks see {@link asksNode}
 */
export function kanikoScript(marker: string, asks: boolean): string {
  const tools = asks ? [...TOOLS, "date", "timeout", "wget"] : TOOLS;
  return (
    `for tool in ${tools.join(" ")}; do ` +
    `command -v "$tool" > /dev/null || { echo "missing $tool" > /dev/termination-log; exit 127; }; done; ` +
    `trap 'exit 143' TERM INT; ` +
    // From the pod's first moment, so mostly it is over when the context is there.
    (asks ? `{ ${UNTIL_SOMEBODY}; } & identity=$!; ` : "") +
    `mkfifo ${marker} 2>/dev/null; ` +
    `until read -r sender word < ${marker}; do sleep 0.05 & wait $!; done 2>/dev/null; ` +
    `while kill -0 "$sender" 2>/dev/null; do sleep 0.01; done; ` +
    (asks ? `wait "$identity"; ` : "") +
    `/kaniko/executor "$@"; code=$?; ` +
    `read -r digest < /dev/termination-log; echo "$word $code $digest"; echo "$word $code $digest" >&2; exit $code`
  );
}
