/**
 * Keys and certificates of the cluster: which there are and for whom (pure), and their making with the
 * toolchain's openssl. Elliptic curve keys, because they are quick to make; the service account key is RSA,
 * because consumers of OpenID Connect tokens expect RS256.
 */
import { execFile } from "node:child_process";
import { generateKeyPair } from "node:crypto";
import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { ADDRESSES, API_SERVICE_ADDRESS, DNS_DOMAIN } from "./layout.ts";
import type { StateFolder } from "./stateFolder.ts";
import type { ClusterTools } from "./tools.ts";

/** A certificate that the cluster's authority signs. Who its holder is to Kubernetes: CN is the user, O the groups. */
export interface Certificate {
  /** name of the files NAME.crt and NAME.key */
  readonly name: string;
  readonly user: string;
  readonly groups?: readonly string[];
  readonly usages: readonly ("clientAuth" | "serverAuth")[];
  /** alternative names in openssl's form: `DNS:...`, `IP:...` */
  readonly names?: readonly string[];
}

/** Days that everything is valid for; an embedded environment lives for hours. */
const VALID_DAYS = 365;

const MASTERS = ["system:masters"];
const node = (name: "apps" | "builder"): Certificate => ({
  name,
  user: `system:node:${name}`,
  groups: ["system:nodes"],
  usages: ["clientAuth", "serverAuth"],
  names: [`DNS:${name}`, `IP:${ADDRESSES[name]}`],
});

/**
 * All certificates. User and group names are those that Kubernetes binds its default roles to
 * (kubernetes.io/docs/setup/best-practices/certificates). The controller manager is a master because it runs
 * without a service account per controller: with them, the default service accounts come seconds later.
 */
export const CERTIFICATES: readonly Certificate[] = [
  {
    name: "apiserver",
    user: "kube-apiserver",
    usages: ["serverAuth"],
    names: [
      "DNS:localhost",
      "DNS:kubernetes",
      "DNS:kubernetes.default",
      "DNS:kubernetes.default.svc",
      `DNS:kubernetes.default.svc.${DNS_DOMAIN}`,
      "IP:127.0.0.1",
      `IP:${ADDRESSES.ctl}`,
      `IP:${API_SERVICE_ADDRESS}`,
    ],
  },
  { name: "apiserver-kubelet-client", user: "kube-apiserver-kubelet-client", groups: MASTERS, usages: ["clientAuth"] },
  { name: "admin", user: "pergola-admin", groups: MASTERS, usages: ["clientAuth"] },
  { name: "controller-manager", user: "system:kube-controller-manager", groups: MASTERS, usages: ["clientAuth"] },
  { name: "scheduler", user: "system:kube-scheduler", usages: ["clientAuth"] },
  { name: "proxy", user: "system:kube-proxy", usages: ["clientAuth"] },
  { name: "network-policies", user: "pergola:network-policies", usages: ["clientAuth"] },
  node("apps"),
  node("builder"),
];

/** Text of an openssl configuration that makes this certificate; complete, because the unpacked openssl has none of its own. */
export function opensslConfiguration(certificate: Certificate | "authority"): string {
  const common = ["[req]", "prompt = no", "distinguished_name = subject", "x509_extensions = extensions", "[subject]"];
  if (certificate === "authority")
    return [
      ...common,
      "CN = pergola-local-authority",
      "[extensions]",
      "basicConstraints = critical, CA:TRUE",
      "keyUsage = critical, keyCertSign, digitalSignature",
      "subjectKeyIdentifier = hash",
      "",
    ].join("\n");
  return [
    ...common,
    ...(certificate.groups ?? []).map((group, index) => `${index}.O = ${group}`),
    `CN = ${certificate.user}`,
    "[extensions]",
    "basicConstraints = critical, CA:FALSE",
    "keyUsage = critical, digitalSignature",
    `extendedKeyUsage = ${certificate.usages.join(", ")}`,
    ...(certificate.names ? [`subjectAltName = ${certificate.names.join(", ")}`] : []),
    "",
  ].join("\n");
}

/** Arguments of the openssl call that makes NAME.key and NAME.crt in the folder, signed by ca.crt unless it is that. */
export function opensslArguments(folder: string, name: string, serial: number): string[] {
  const file = (suffix: string) => join(folder, name + suffix);
  const signer = name === "ca" ? [] : ["-CA", join(folder, "ca.crt"), "-CAkey", join(folder, "ca.key")];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout", file(".key")];
  const made = ["-out", file(".crt"), "-days", String(VALID_DAYS), "-set_serial", String(serial)];
  return ["req", "-x509", "-config", file(".cnf"), ...key, ...made, ...signer];
}

/** Makes everything in {@link StateFolder.pki} and, last, the file that says so. */
export async function createPki(state: StateFolder, tools: ClusterTools): Promise<void> {
  await mkdir(state.pki, { recursive: true, mode: 0o700 });
  const make = async (certificate: Certificate | "authority", serial: number) => {
    const name = certificate === "authority" ? "ca" : certificate.name;
    const configuration = join(state.pki, `${name}.cnf`);
    await writeFile(configuration, opensslConfiguration(certificate));
    await promisify(execFile)(tools.openssl, opensslArguments(state.pki, name, serial), { env: tools.environment });
    await rm(configuration);
  };
  const signing = serviceAccountKey(state);
  await make("authority", 1);
  await Promise.all([signing, ...CERTIFICATES.map((certificate, index) => make(certificate, index + 2))]);
  await Promise.all(
    CERTIFICATES.map(async ({ name }) =>
      writeFile(join(state.pki, `${name}.kubeconfig`), await memberConfig(state, name), { mode: 0o600 }),
    ),
  );
  await writeFile(state.pkiDone, "");
}

async function serviceAccountKey(state: StateFolder): Promise<void> {
  const pair = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  const key = join(state.pki, "service-account.key");
  await writeFile(key, pair.privateKey.export({ type: "pkcs8", format: "pem" }));
  await chmod(key, 0o600);
  await writeFile(join(state.pki, "service-account.pub"), pair.publicKey.export({ type: "spki", format: "pem" }));
}

/** kubeconfig of a component inside the cluster. */
async function memberConfig(state: StateFolder, name: string): Promise<string> {
  const { kubeconfigText } = await import("./kubeconfig.ts");
  return kubeconfigText({
    server: `https://${ADDRESSES.ctl}:6443`,
    authority: await readFile(join(state.pki, "ca.crt")),
    certificate: await readFile(join(state.pki, `${name}.crt`)),
    key: await readFile(join(state.pki, `${name}.key`)),
    user: name,
  });
}
