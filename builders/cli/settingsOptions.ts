/** Flags of `pergola build` that hold for every image of a run: labels, annotations, network, hosts, attestations, caches. */
import { isIP } from "node:net";
import { PergolaError } from "../errors.ts";
import { type Annotation, type ImageSettings, SBOM_GENERATOR } from "../images/settings.ts";
import { CACHE_MODES, type CacheMode, type CacheRequest } from "../plan/cache.ts";
import { TAG } from "../plan/destination.ts";

/** Flags as typed. */
export interface SettingsFlags {
  readonly label?: readonly string[];
  readonly annotation?: readonly string[];
  readonly network?: string;
  readonly addHost?: readonly string[];
  readonly provenance?: string;
  readonly sbom?: string;
}

export interface CacheFlags {
  readonly cacheTo?: readonly string[];
  readonly cacheFrom?: readonly string[];
}

/** @throws PergolaError usage */
export function parseSettings(flags: SettingsFlags): Omit<ImageSettings, "ssh"> {
  return {
    labels: Object.fromEntries((flags.label ?? []).map((text) => keyValue("--label", text))),
    annotations: (flags.annotation ?? []).map(parseAnnotation),
    network: parseNetwork(flags.network ?? "default"),
    addHosts: (flags.addHost ?? []).map(parseHost),
    provenance: parseProvenance(flags.provenance),
    sbom: parseSbom(flags.sbom),
  };
}

/**
 * `--cache-to TAG[,mode=MODE]` and `--cache-from TAG`.
 * @throws PergolaError usage
 */
export function parseCacheRequest({ cacheTo = [], cacheFrom = [] }: CacheFlags): CacheRequest {
  const to = cacheTo.map((text) => {
    const [tag = "", ...fields] = text.split(",");
    const mode = fields.length === 0 ? "auto" : /^mode=(.*)$/.exec(fields.join(","))?.[1];
    if (!CACHE_MODES.includes(mode as CacheMode)) {
      throw misread("--cache-to", text, `Write --cache-to TAG or --cache-to TAG,mode=${CACHE_MODES.join("|")}.`);
    }
    return { tag: checkTag("--cache-to", tag, text), mode: mode as CacheMode };
  });
  return { to, from: cacheFrom.map((text) => checkTag("--cache-from", text, text)) };
}

function checkTag(flag: string, tag: string, text: string): string {
  if (TAG.test(tag)) return tag;
  throw misread(
    flag,
    text,
    `It takes a tag in the image's cache repository: letters, digits, _ . - (not first). Of a branch: ${flag} "_buildcache-\${BRANCH//\\//-}"`,
  );
}

function keyValue(flag: string, text: string): [key: string, value: string] {
  const equals = text.indexOf("=");
  if (equals < 1 || /\s/.test(text.slice(0, equals))) throw misread(flag, text, `Write ${flag} KEY=VALUE.`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}

function parseAnnotation(text: string): Annotation {
  const [, level = "manifest", rest = text] = /^(manifest|index):(.*)$/s.exec(text) ?? [];
  const [key, value] = keyValue("--annotation", rest);
  if (key !== key.toLowerCase()) {
    // buildctl reads the keys of --output without regard to case (cmd/buildctl/build/output.go).
    throw misread("--annotation", text, "Write the key in lowercase letters: buildctl makes it so in any case.");
  }
  return { level: level as Annotation["level"], key, value };
}

function parseNetwork(text: string): ImageSettings["network"] {
  if (text === "default" || text === "none" || text === "host") return text;
  throw misread(
    "--network",
    text,
    "Write --network none or --network host, or leave it out: RUN steps then use the network of the builder's pod.",
  );
}

/** `name=address` or `name:address`, as docker build has it. */
function parseHost(text: string): ImageSettings["addHosts"][number] {
  const [, name = "", given = ""] = /^([^=:]+)[=:](.+)$/.exec(text) ?? [];
  const address = given.replace(/^\[(.*)\]$/, "$1");
  if (!/^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(name) || isIP(address) === 0) {
    throw misread("--add-host", text, "Write --add-host NAME=ADDRESS with an IP address.");
  }
  return { name: name.toLowerCase(), address };
}

/** The forms of docker buildx build. */
function parseProvenance(text: string | undefined): ImageSettings["provenance"] {
  const [, mode] = /^(?:mode=)?(min|max)$/.exec(text ?? "") ?? [];
  if (mode !== undefined) return mode as "min" | "max";
  if (text === undefined || text === "false") return null;
  if (text === "true") return "min";
  throw misread("--provenance", text, "Write --provenance min or --provenance max.");
}

function parseSbom(text: string | undefined): string | null {
  if (text === undefined || text === "false") return null;
  if (text === "true") return SBOM_GENERATOR;
  const [, generator] = /^generator=([^\s,"]+)$/.exec(text) ?? [];
  if (generator !== undefined) return generator;
  throw misread("--sbom", text, "Write --sbom true, or --sbom generator=IMAGE.");
}

function misread(flag: string, text: string, hint: string): PergolaError {
  return new PergolaError({ code: "usage", message: `${flag} ${JSON.stringify(text)} is not understood.`, hint });
}
