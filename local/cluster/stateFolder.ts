/** Where the environment keeps its files. Pure: paths only. */
import { join } from "node:path";
import type { Member } from "./layout.ts";

/** Paths below the state folder of one environment. */
export interface StateFolder {
  readonly root: string;
  /** who the environment belongs to, and what stop compares with */
  readonly record: string;
  /** logs of a start that failed; the next start or stop removes them */
  readonly failedLogs: string;
  readonly kubeconfig: string;
  readonly pki: string;
  /** its presence says that {@link pki} is complete */
  readonly pkiDone: string;
  /** its presence says that the links between the members are there */
  readonly networkDone: string;
  /** a linker cache with the unpacked packages' libraries */
  readonly linkerCache: string;
  member(name: Member): MemberFolder;
}

/** Paths of one member: its processes' files and logs. */
export interface MemberFolder {
  readonly root: string;
  readonly specification: string;
  readonly status: string;
  readonly logs: string;
  /** output of the member's PID 1 */
  readonly initLog: string;
  /** the member's own /var */
  readonly var: string;
  readonly temporary: string;
  file(name: string): string;
}

export function stateFolder(root: string): StateFolder {
  return {
    root,
    record: join(root, "owner.json"),
    failedLogs: join(root, "failed-start"),
    kubeconfig: join(root, "kubeconfig"),
    pki: join(root, "pki"),
    pkiDone: join(root, "pki", "done"),
    networkDone: join(root, "network.done"),
    linkerCache: join(root, "ld.so.cache"),
    member: (name) => memberFolder(join(root, name)),
  };
}

function memberFolder(root: string): MemberFolder {
  return {
    root,
    specification: join(root, "specification.json"),
    status: join(root, "status.json"),
    logs: join(root, "log"),
    initLog: join(root, "log", "init.log"),
    var: join(root, "var"),
    temporary: join(root, "tmp"),
    file: (name) => join(root, name),
  };
}
