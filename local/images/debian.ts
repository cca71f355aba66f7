/**
 * A minimal Debian system from unpacked packages. No maintainer script of the packages has run, so
 * what those would have made is made here: the merged /usr, accounts, the CA bundle. There is no
 * apt and no dpkg in it: it is for building and running programs, not for installing packages.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { directory, type Entry, link, text, tree } from "./entries.ts";

/** Folders that are symbolic links into /usr since Debian 12. */
const MERGED = ["bin", "sbin", "lib", "lib64"];

/** Documentation and translations; nothing runs differently without them. Licences (copyright files) stay. */
const LEFT_OUT = /^usr\/share\/(locale|man|info|lintian|bug)\/|^usr\/share\/doc\/[^/]+\/(?!copyright$)/;

/** Where certificates of the package ca-certificates lie. */
const CERTIFICATES = "usr/share/ca-certificates/mozilla";

/** What Debian's and most other programs read CA certificates from. */
export const CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

/** All trusted CA certificates in one file, as `update-ca-certificates` would write it. */
export function caBundle(baseRoot: string): string {
  const folder = join(baseRoot, CERTIFICATES);
  const names = readdirSync(folder).filter((name) => name.endsWith(".crt"));
  return names
    .sort()
    .map((name) => `${readFileSync(join(folder, name), "latin1").trimEnd()}\n`)
    .join("");
}

/** The files of the minimal system. */
export function debianSystem(baseRoot: string): Entry[] {
  const merged = tree(baseRoot, "/", (path) => LEFT_OUT.test(path)).map(mergeUsr);
  const given = new Set(merged.map((entry) => entry.path));
  const accounts = (name: string) => readFileSync(join(baseRoot, `usr/share/base-passwd/${name}.master`), "utf8");
  const made: Entry[] = [
    ...MERGED.map((name) => link(`/${name}`, `usr/${name}`)),
    text("/etc/passwd", accounts("passwd")),
    text("/etc/group", accounts("group")),
    text(CA_BUNDLE, caBundle(baseRoot)),
    text("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n"),
    ...(given.has("/usr/bin/mawk") ? [link("/usr/bin/awk", "mawk")] : []),
    link("/usr/bin/sh", "dash"),
    link("/var/run", "/run"),
    link("/var/lock", "/run/lock"),
    directory("/run/lock", 0o1777),
  ];
  return [...merged, ...made.filter((entry) => !given.has(entry.path))];
}

/**
 * Moves an entry of /bin, /sbin, /lib or /lib64 below /usr, as the links of the merged /usr would. A
 * relative link of a moved entry that climbs out of its folder is made absolute, since it would climb too little now.
 */
export function mergeUsr(entry: Entry): Entry {
  const top = entry.path.split("/", 2)[1]!;
  if (!MERGED.includes(top)) return entry;
  const path = `/usr${entry.path}`;
  if (entry.kind !== "link" || !entry.target.startsWith("../")) return { ...entry, path };
  return { ...entry, path, target: posix.resolve(posix.dirname(entry.path), entry.target) };
}
