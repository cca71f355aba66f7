/** A toolchain of tiny files, enough to describe every image. */
import { join } from "node:path";
import type { BaseInputs } from "../../../../local/images/bases.ts";
import { folderWith } from "./scratch.ts";

const LIBRARIES = "usr/lib/x86_64-linux-gnu";

export function imageInputs(): BaseInputs {
  const programs = folderWith(
    Object.fromEntries(
      ["buildkitd", "buildctl", "kaniko", "coredns", "registry", "node-init"].map((name) => [`bin/${name}`, name]),
    ),
  );
  return {
    path: (name) => join(programs, "bin", name),
    debianRoot: folderWith({
      "bin/busybox": "#!/bin/sh\nprintf '[\\nbusybox\\ncat\\nhead\\nsh\\nsha256sum\\ntar\\n'\n",
      "usr/sbin/runc": "runc",
      [`${LIBRARIES}/libseccomp.so.2`]: "-> libseccomp.so.2.5.4",
      [`${LIBRARIES}/libseccomp.so.2.5.4`]: "seccomp",
    }),
    baseRoot: folderWith({
      "bin/bash": "bash",
      "bin/dash": "dash",
      "lib/x86_64-linux-gnu/libc.so.6": "libc",
      "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2": "loader",
      "usr/share/base-passwd/passwd.master": "root:*:0:0:root:/root:/bin/bash\n",
      "usr/share/base-passwd/group.master": "root:*:0:\n",
      "usr/share/ca-certificates/mozilla/A.crt": "A\n",
    }),
    goRoot: folderWith({ VERSION: "go1.26.8\ntime 2026\n", "bin/go": "go", "src/fmt/print.go": "x", "test/a.go": "x" }),
    node: join(folderWith({ "package.json": '{"version":"24.21.0"}', "bin/node": "node" }), "bin/node"),
    npm: folderWith({ "bin/npm-cli.js": "npm", "bin/npx-cli.js": "npx", "docs/a.md": "words", "lib/docs.js": "code" }),
  };
}
