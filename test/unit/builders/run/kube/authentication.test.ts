import { describe, expect, it } from "vitest";
import { Authentication } from "../../../../../builders/run/kube/authentication.ts";
import type { KubeTarget, UserEntry } from "../../../../../builders/run/kube/kubeconfig.ts";
import { folder, rejectionOf } from "../../samples.ts";

function credentials(user: UserEntry) {
  const target: KubeTarget = {
    context: "dev",
    namespace: "default",
    server: "https://127.0.0.1:6443",
    cluster: {},
    user,
    registryEndpoints: {},
  };
  return new Authentication(target, {}).credentials();
}

describe("credentials of a kubeconfig", () => {
  it("act as the user and groups that it names, not with one's own rights", async () => {
    const user = { token: "t", as: "ci", "as-groups": ["one", "two"], "as-user-extra": { "example.com/scope": ["a"] } };
    expect((await credentials(user)).headers).toEqual({
      Authorization: "Bearer t",
      "Impersonate-User": "ci",
      "Impersonate-Group": ["one", "two"],
      "Impersonate-Extra-example.com%2Fscope": ["a"],
    });
  });

  it("with a broken client certificate are refused by the file's name", async () => {
    const pem = "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n";
    const file = `${folder({ "broken.crt": pem })}/broken.crt`;
    expect(await rejectionOf(credentials({ "client-certificate": file }))).toMatchObject({
      code: "kubeconfig",
      message: expect.stringContaining(`certificate or key of context dev (${file}) cannot be used: `),
    });
  });

  it("that are no PEM at all are refused too", async () => {
    expect(await rejectionOf(credentials({ "client-certificate-data": "bm9uZQ==" }))).toMatchObject({
      code: "kubeconfig",
    });
  });
});
