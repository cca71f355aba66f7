/** Certificates of authorities, as text in PEM form (RFC 7468). */
import { X509Certificate } from "node:crypto";

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** What is wrong with a bundle of certificates, as the end of a sentence that begins with it; null when nothing is. */
export function caBundleProblem(text: string): string | null {
  if (text.includes("PRIVATE KEY")) return "holds a private key, which would be published: keep the certificates alone";
  const certificates = text.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) {
    return "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----); put the text itself there, not a file's name";
  }
  for (const [index, pem] of certificates.entries()) {
    try {
      new X509Certificate(pem);
    } catch {
      return `cannot be read: certificate ${index + 1} of ${certificates.length} is damaged`;
    }
  }
  return null;
}
