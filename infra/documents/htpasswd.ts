/** The password file of the registry's basic auth: bcrypt only (distribution.github.io/distribution/about/configuration, auth.htpasswd). */
import { createHash } from "node:crypto";
import { encodeBase64, hashSync } from "bcryptjs";

/** bcrypt reads no further than this many bytes of a password. */
export const BCRYPT_PASSWORD_BYTES = 72;

/** 2^10 rounds: the least that OWASP's password storage cheat sheet names for bcrypt. The registry pays it per request. */
const COST = 10;

/**
 * One line of an htpasswd file. The same arguments give the same line, so that an update without a change stays without a
 * change: the salt is made of `scope` (stack and registry) and user name.
 *
 * A salt has to differ between users and installations, and may be known; it must not be made of the password, since it
 * stands beside the hash and would let guesses be tested at the speed of the digest.
 *
 * Throws RangeError for a password that bcrypt would cut.
 */
export function htpasswdLine(user: { readonly username: string; readonly password: string }, scope: string): string {
  if (Buffer.byteLength(user.password, "utf8") > BCRYPT_PASSWORD_BYTES) {
    throw new RangeError(`bcrypt takes passwords of at most ${BCRYPT_PASSWORD_BYTES} bytes`);
  }
  const digest = createHash("sha256")
    .update(JSON.stringify(["pergola htpasswd", scope, user.username]))
    .digest();
  const salt = `$2b$${COST}$${encodeBase64([...digest.subarray(0, 16)], 16)}`;
  return `${user.username}:${hashSync(user.password, salt)}`;
}
