/**
 * Parts of Pulumi's SDK that it loads for every program, which are most of what it loads, and which this program has no use for:
 * the compiler of TypeScript and npm's package trees (both for functions that are sent to a cloud), and the Automation API. Each
 * is loaded when something of it is used, and then is what it always was. Has to be imported before the SDK is.
 */
import { createRequire, Module } from "node:module";

/** As the SDK names them, from its own folder. */
const PARTS = ["./typescript-shim.js", "@npmcli/arborist", "./automation/index.js"];

const fromSdk = createRequire(createRequire(import.meta.url).resolve("@pulumi/pulumi/package.json"));

for (const part of PARTS) loadWhenUsed(part);

/** Puts something in the place of a CommonJS module that loads it when a property is asked for. */
function loadWhenUsed(part: string): void {
  const file = fileOf(part);
  if (file === null || fromSdk.cache[file] !== undefined) return;
  const standIn = new Module(file);
  const load = (): object => {
    if (fromSdk.cache[file] === standIn) delete fromSdk.cache[file];
    return fromSdk(file);
  };
  standIn.filename = file;
  standIn.loaded = true;
  standIn.exports = new Proxy(
    {},
    {
      // How compiled imports ask whether a module may be taken as it is; else they would copy it, and load it for that.
      get: (_, key) => key === "__esModule" || Reflect.get(load(), key),
      has: (_, key) => Reflect.has(load(), key),
    },
  );
  fromSdk.cache[file] = standIn;
}

/** null where another version of the SDK has no such part: it is only slower then. */
function fileOf(part: string): string | null {
  try {
    return fromSdk.resolve(part);
  } catch {
    return null;
  }
}
