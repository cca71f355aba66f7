import { expect, test } from "vitest";
import { refuseReplacedFolder } from "../../../../local/cluster/stateFolder.ts";

test.each(["/var", "/var/lib/ci/cache/kubernetes", "/run/user/0/cache"])(
  "%s would not be seen inside a node",
  (path) => {
    expect(() => refuseReplacedFolder(path, "the toolchain's program", "PERGOLA_CACHE")).toThrow(path);
  },
);

test("folders elsewhere are fine, also with a similar name", () => {
  for (const path of ["/root/.cache/pergola", "/variable/cache", "/home/run/cache"])
    expect(() => refuseReplacedFolder(path, "the toolchain's program", "PERGOLA_CACHE")).not.toThrow();
});
