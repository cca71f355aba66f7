import { expect, test } from "vitest";
import { caBundle, debianSystem, mergeUsr } from "../../../../local/images/debian.ts";
import { complete, type Entry, link, text } from "../../../../local/images/entries.ts";
import { folderWith } from "./scratch.ts";

const ROOT = {
  "bin/dash": "shell",
  "bin/sh": "-> dash",
  "etc/os-release": "-> ../usr/lib/os-release",
  "lib/x86_64-linux-gnu/libc.so.6": "libc",
  "lib64/ld-linux-x86-64.so.2": "-> /lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
  "usr/bin/env": "env",
  "usr/lib/os-release": "ID=debian\n",
  "usr/share/base-passwd/passwd.master": "root:*:0:0:root:/root:/bin/bash\n",
  "usr/share/base-passwd/group.master": "root:*:0:\n",
  "usr/share/ca-certificates/mozilla/B.crt": "B\n\n",
  "usr/share/ca-certificates/mozilla/A.crt": "A",
  "usr/share/doc/dash/changelog.gz": "words",
  "usr/share/doc/dash/copyright": "licence",
  "usr/share/man/man1/dash.1.gz": "manual",
};

test.each<[string, Entry, Partial<Entry>]>([
  ["a program", text("/bin/ls", ""), { path: "/usr/bin/ls" }],
  ["a library", text("/lib/x86_64-linux-gnu/libc.so.6", ""), { path: "/usr/lib/x86_64-linux-gnu/libc.so.6" }],
  ["what is in /usr already", text("/usr/bin/env", ""), { path: "/usr/bin/env" }],
  ["another folder", text("/libexec/x", ""), { path: "/libexec/x" }],
  ["a link beside its target", link("/bin/sh", "dash"), { path: "/usr/bin/sh", target: "dash" }],
  ["an absolute link", link("/lib64/ld.so", "/lib/ld.so"), { path: "/usr/lib64/ld.so", target: "/lib/ld.so" }],
  ["a link that climbs", link("/lib/a/b", "../../usr/share/b"), { path: "/usr/lib/a/b", target: "/usr/share/b" }],
])("merging /usr: %s", (_, entry, merged) => {
  expect(mergeUsr(entry)).toMatchObject(merged);
});

test("the system has the merged /usr, accounts, certificates and /bin/sh", () => {
  const entries = complete(debianSystem(folderWith(ROOT)));
  const found = new Map(entries.map((entry) => [entry.path, entry]));
  for (const name of ["bin", "sbin", "lib", "lib64"])
    expect(found.get(`/${name}`)).toEqual(link(`/${name}`, `usr/${name}`));
  expect(found.get("/usr/bin/dash")).toMatchObject({ kind: "file", mode: 0o755 });
  expect(found.get("/usr/bin/sh")).toMatchObject({ target: "dash" });
  expect(found.get("/etc/passwd")).toEqual(text("/etc/passwd", ROOT["usr/share/base-passwd/passwd.master"]));
  expect(found.get("/etc/ssl/certs/ca-certificates.crt")).toMatchObject({ from: { text: "A\nB\n" } });
  expect(found.get("/etc/os-release")).toMatchObject({ target: "../usr/lib/os-release" });
});

test("licences stay, manuals and change logs do not", () => {
  const paths = debianSystem(folderWith(ROOT)).map((entry) => entry.path);
  expect(paths).toContain("/usr/share/doc/dash/copyright");
  expect(paths).not.toContain("/usr/share/doc/dash/changelog.gz");
  expect(paths).not.toContain("/usr/share/man/man1/dash.1.gz");
});

test("certificates are separated by exactly one line end", () => {
  expect(caBundle(folderWith(ROOT))).toBe("A\nB\n");
});
