/** Certificates of a test's own registry, made by the environment's openssl. */
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import { context } from "./environment.ts";

/** An authority, its certificate for an address or a name, and another authority. */
export async function certificates(address: string): Promise<{
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
  readonly otherAuthority: string;
}> {
  const folder = await context({
    extensions: `subjectAltName=${isIP(address) ? "IP" : "DNS"}:${address}\nbasicConstraints=CA:FALSE\n`,
  });
  const root = process.env.PERGOLA_TEST_DEBIAN;
  if (!root) throw new Error('PERGOLA_TEST_DEBIAN is not set: run this tier by "npm test -- cluster"');
  const env = { LD_LIBRARY_PATH: `${root}/usr/lib/x86_64-linux-gnu`, OPENSSL_CONF: `${root}/etc/ssl/openssl.cnf` };
  const openssl = (...args: string[]) => execa(join(root, "usr/bin/openssl"), args, { cwd: folder, env });
  const pair = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const read = (name: string): Promise<string> => readFile(join(folder, name), "utf8");
  for (const name of ["authority", "other"]) {
    const files = ["-keyout", `${name}.key`, "-out", `${name}.pem`];
    await openssl("req", "-x509", ...pair, "-days", "2", "-subj", `/CN=test ${name}`, ...files);
  }
  await openssl("req", ...pair, "-subj", "/CN=registry", "-keyout", "tls.key", "-out", "tls.csr");
  const by = ["-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial", "-extfile", "extensions"];
  await openssl("x509", "-req", "-in", "tls.csr", ...by, "-days", "2", "-out", "tls.pem");
  const [certificate, key] = [await read("tls.pem"), await read("tls.key")];
  return { certificate, key, authority: await read("authority.pem"), otherAuthority: await read("other.pem") };
}
