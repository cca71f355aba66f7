/** What minikube's program prints: its profiles, and why an image was not loaded. */
import { lastLine } from "./program.ts";
import { StoreError } from "./storeError.ts";

export interface Profile {
  readonly name: string;
  /** as minikube has it: Running, OK, Stopped, Paused, Unknown ... */
  readonly status: string;
  /** the one that minikube's own commands take when they are told none */
  readonly active: boolean;
}

/** Reads `minikube profile list --output json` (minikube, cmd/config/profile_list.go). @throws StoreError */
export function parseProfiles(text: string): Profile[] {
  let raw: { valid?: { Name?: string; Status?: string; Active?: boolean }[] | null };
  try {
    raw = JSON.parse(text);
  } catch {
    throw new StoreError(`minikube's list of profiles is not JSON: ${lastLine(text) || "(nothing)"}`, null);
  }
  return (raw.valid ?? []).flatMap(({ Name: name, Status: status, Active: active }) =>
    name ? [{ name, status: status ?? "", active: active === true }] : [],
  );
}

/** @throws StoreError when there is no such profile, or it is stopped */
export function checkProfile(profiles: readonly Profile[], wanted: string): void {
  const found = profiles.find(({ name }) => name === wanted);
  if (found === undefined) {
    const others = profiles.map(({ name }) => name);
    throw new StoreError(
      `there is no such profile${others.length > 0 ? `; there are: ${others.join(", ")}` : ", and no other"}`,
      others.length > 0 ? "Name one: --load=minikube,profile=PROFILE" : `Start it: minikube start --profile ${wanted}`,
    );
  }
  // What the API server does is not looked at: an image can be loaded while that is paused or away.
  if (/^(Stopped|Stopping|Nonexistent|Saved)$/.test(found.status)) {
    throw new StoreError(`it is ${found.status.toLowerCase()}`, `Start it: minikube start --profile ${wanted}`);
  }
}

/** A load that failed in nodes is told by minikube's log alone: the exit code is 0 (kubernetes/minikube issue 23471). */
export function notLoaded(said: string): boolean {
  return FAILED_NODES.test(said) || FAILED_LOAD.test(said);
}

const FAILED_NODES = /failed pushing to: (\S.*)/;
/** The entry goes on until the next one begins: with what the program in the node printed. */
const FAILED_LOAD =
  /Failed to load cached images for (?:profile )?(?:"[^"]*":?|[^\s.]+\.?) ((?:.*\n?)(?:(?![IWEF]\d{4} ).*\n?)*)/;

/** Why it failed, out of its log. */
export function minikubeReason(said: string): string {
  const entry = FAILED_LOAD.exec(said)?.[1]?.replace(/^make sure the profile is running\. /, "");
  const why = /Exiting due to [A-Z0-9_]+: (.*)/.exec(said)?.[1] ?? (entry === undefined ? undefined : lastLine(entry));
  const nodes = FAILED_NODES.exec(said)?.[1];
  if (nodes !== undefined) return `not loaded into ${nodes.trim()}${why === undefined ? "" : `: ${why}`}`;
  return why ?? lastLine(said);
}
