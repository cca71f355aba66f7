/** A small Debian archive on disk and an apt that knows no other: what the real ones do, without a network. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface DebianArchive {
  /** file for the variable APT_CONFIG, under which apt-get has this archive as its only source */
  readonly aptConfig: string;
  /** where apt-get update puts its lists */
  readonly lists: string;
  /** Makes a package (path -> content; programs are executable) and lists it in the place of its other versions. */
  publish(name: string, version: string, files: Readonly<Record<string, string>>): void;
  /** `apt-get update`, as a machine does it daily. */
  update(): void;
  /** Takes every package file away and leaves the lists: what a mirror looks like that cannot be reached. */
  removePackages(): void;
}

/** An empty archive below `folder`. */
export function debianArchive(folder: string): DebianArchive {
  const pool = join(folder, "pool");
  const apt = join(folder, "apt");
  const lists = join(apt, "lists");
  const aptConfig = join(apt, "apt.conf");
  for (const path of [pool, join(lists, "partial"), join(apt, "cache/archives/partial"), join(apt, "parts")]) {
    mkdirSync(path, { recursive: true });
  }
  writeFileSync(join(apt, "status"), "");
  writeFileSync(join(apt, "sources.list"), `deb [trusted=yes] copy:${pool} ./\n`);
  const settings = {
    "Dir::Etc::Parts": join(apt, "parts"),
    "Dir::Etc::PreferencesParts": join(apt, "parts"),
    "Dir::Etc::SourceList": join(apt, "sources.list"),
    "Dir::Etc::SourceParts": join(apt, "parts"),
    "Dir::State": apt,
    "Dir::State::Lists": lists,
    "Dir::State::status": join(apt, "status"),
    "Dir::Cache": join(apt, "cache"),
    "APT::Architecture": "amd64",
    "APT::Sandbox::User": "root",
  };
  writeFileSync(
    aptConfig,
    Object.entries(settings)
      .map(([name, value]) => `${name} "${value}";\n`)
      .join(""),
  );
  const packages = new Map<string, string>();
  writeIndex(pool, packages);
  return {
    aptConfig,
    lists,
    publish(name, version, files) {
      for (const file of readdirSync(pool)) if (file.startsWith(`${name}_`)) rmSync(join(pool, file));
      packages.set(name, makePackage(folder, pool, name, version, files));
      writeIndex(pool, packages);
    },
    update() {
      execFileSync("apt-get", ["-qq", "update"], { env: { ...process.env, APT_CONFIG: aptConfig } });
    },
    removePackages() {
      for (const file of readdirSync(pool)) rmSync(join(pool, file));
    },
  };
}

/** Builds the .deb and returns its paragraph of the index. */
function makePackage(
  folder: string,
  pool: string,
  name: string,
  version: string,
  files: Readonly<Record<string, string>>,
): string {
  const root = join(folder, "package");
  rmSync(root, { recursive: true, force: true });
  const control = [
    `Package: ${name}`,
    `Version: ${version}`,
    "Architecture: amd64",
    "Maintainer: Nobody <nobody@example.org>",
    `Description: ${name} of a test`,
  ].join("\n");
  for (const [path, content] of Object.entries({ ...files, "DEBIAN/control": `${control}\n` })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
    if (/(^|\/)s?bin\//.test(path)) chmodSync(join(root, path), 0o755);
  }
  const file = `${name}_${version.replace(":", "%3a")}_amd64.deb`;
  execFileSync("dpkg-deb", ["-Znone", "--root-owner-group", "--build", root, join(pool, file)], { stdio: "ignore" });
  const content = readFileSync(join(pool, file));
  return `${control}\nFilename: ./${file}\nSize: ${content.length}\nSHA256: ${sha256(content)}\n`;
}

function writeIndex(pool: string, packages: ReadonlyMap<string, string>): void {
  const index = [...packages.values()].join("\n");
  writeFileSync(join(pool, "Packages"), index);
  const date = new Date().toUTCString();
  const sums = `SHA256:\n ${sha256(Buffer.from(index))} ${Buffer.byteLength(index)} Packages\n`;
  writeFileSync(join(pool, "Release"), `Date: ${date}\n${sums}`);
}

function sha256(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
