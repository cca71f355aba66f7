/** Machine types of Compute Engine: what follows from the series, which a type's name begins with. */

/** Series whose processors are ARM's (Compute Engine, "Arm VMs on Compute"): Tau T2A, Axion, and Grace of the A4X. */
const ARM_SERIES = ["t2a", "c4a", "n4a", "a4x"];

/** Series that take no Persistent Disk (Compute Engine, "General-purpose machine family": supported disk types). */
const HYPERDISK_SERIES = ["c4", "c4a", "c4d", "n4", "n4a", "n4d"];

/**
 * Series that take no Hyperdisk Balanced (Compute Engine, "Hyperdisk Balanced": machine series support). A type without a series
 * ("custom-8-16384") is of N1, and f1 and g1 are its small ones. Of what is in neither list, Google judges.
 */
const PERSISTENT_DISK_SERIES = ["c2", "c2d", "custom", "e2", "f1", "g1", "n1", "n2", "n2d", "t2a", "t2d"];

/** Disks that nodes begin from (GKE, "Configuring a custom boot disk"). */
export type GkeDiskType = "pd-standard" | "pd-balanced" | "pd-ssd" | "hyperdisk-balanced";

/** Architecture of a machine type's processors. */
export function machineArchitecture(machineType: string): "amd64" | "arm64" {
  return ARM_SERIES.includes(seriesOf(machineType)) ? "arm64" : "amd64";
}

/** The disk that nodes have where nobody chose one: GKE's own default, and what takes its place where there is none. */
export function defaultDiskType(machineType: string): GkeDiskType {
  return HYPERDISK_SERIES.includes(seriesOf(machineType)) ? "hyperdisk-balanced" : "pd-balanced";
}

/** Why machines of a type have no such disk, as the end of a sentence that begins with the disk; null where they may. */
export function diskTypeProblem(machineType: string, diskType: GkeDiskType): string | null {
  const series = seriesOf(machineType);
  const hyperdisk = diskType === "hyperdisk-balanced";
  if (!hyperdisk && HYPERDISK_SERIES.includes(series)) {
    return `is not for ${machineType}: machines of the series ${series} take Hyperdisk alone; write hyperdisk-balanced`;
  }
  if (hyperdisk && PERSISTENT_DISK_SERIES.includes(series)) {
    return `is not for ${machineType}: machines of the series ${series} take Persistent Disk alone; write pd-balanced`;
  }
  return null;
}

function seriesOf(machineType: string): string {
  return machineType.slice(0, machineType.indexOf("-"));
}
