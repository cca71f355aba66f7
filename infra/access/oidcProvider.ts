/** OIDC providers of IAM. */
import { OpenIdConnectProvider } from "@pulumi/aws/iam/openIdConnectProvider.js";
import type * as pulumi from "@pulumi/pulumi";

/**
 * Makes the OIDC provider of an issuer. Without thumbprints: IAM vouches for the certificates of known issuers by itself, and
 * finds out the thumbprint of others (IAM API reference, CreateOpenIDConnectProvider).
 * @param url of the issuer
 */
export function makeOidcProvider(
  name: string,
  url: string,
  audience: string,
  opts: pulumi.CustomResourceOptions,
): OpenIdConnectProvider {
  return new OpenIdConnectProvider(name, { url, clientIdLists: [audience] }, opts);
}
