/**
 * Tokens that the API server really gives to pods, against the trust document that this program makes for their issuer. EKS's
 * webhook projects such a token into every pod of an account with a role; AWS compares its claims with that document.
 */
import { createPublicKey, type JsonWebKey, verify } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { IRSA_AUDIENCE, irsaTrust } from "../../infra/documents/aws/builderTrust.ts";
import { oidcProviderArnOf } from "../../infra/documents/aws/webIdentity.ts";
import { BUILDER_SERVICE_ACCOUNT } from "../../infra/setup.ts";
import { mayAssume } from "../unit/infra/policyJudge.ts";
import { BUILD_NAMESPACE, kubectl } from "./environment.ts";

const NAMESPACE = BUILD_NAMESPACE["cluster-buildkit"];
const POD = "test-irsa-token";

interface Claims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string[];
}

const decoded = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
const claimsOf = (token: string): Claims => decoded(token.split(".")[1]!);

/** A token of an account, as the API server gives it to whoever may ask for one. */
async function tokenOf(namespace: string, account: string, audience: string): Promise<string> {
  const args = ["create", "token", account, "--namespace", namespace, "--audience", audience, "--duration", "10m"];
  return (await kubectl(args)).trim();
}

/** As the token service sees a token: of several audiences each counts. */
async function assumes(trust: Parameters<typeof mayAssume>[0], token: string): Promise<boolean> {
  const { iss, sub, aud } = claimsOf(token);
  const issuer = iss.replace(/^https:\/\//, "");
  const answers = aud.map((audience) => mayAssume(trust, { issuer, subject: sub, audience }));
  return (await Promise.all(answers)).some(Boolean);
}

let issuer: string;
let trust: ReturnType<typeof irsaTrust>;
let projected: string;

beforeAll(async () => {
  issuer = JSON.parse(await kubectl(["get", "--raw", "/.well-known/openid-configuration"])).issuer;
  trust = irsaTrust({
    providers: [oidcProviderArnOf(issuer, { partition: "aws", account: "123456789012" })],
    namespaces: [NAMESPACE],
    namespacePatterns: ["test-irsa-*"],
  });
  const path = "/var/run/secrets/eks.amazonaws.com/serviceaccount";
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: POD, namespace: NAMESPACE },
    spec: {
      serviceAccountName: BUILDER_SERVICE_ACCOUNT,
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 0,
      nodeSelector: { "garden-build": "true" },
      tolerations: [{ key: "garden-build", operator: "Equal", value: "true", effect: "NoSchedule" }],
      containers: [
        {
          name: "a",
          image: "pergola.local/kaniko:1.25.5",
          command: ["/busybox/cat", `${path}/token`],
          volumeMounts: [{ name: "aws-iam-token", mountPath: path, readOnly: true }],
        },
      ],
      volumes: [
        {
          name: "aws-iam-token",
          projected: {
            sources: [{ serviceAccountToken: { audience: IRSA_AUDIENCE, expirationSeconds: 3600, path: "token" } }],
          },
        },
      ],
    },
  };
  await kubectl(["apply", "--filename", "-"], pod);
  await kubectl([
    "wait",
    `pod/${POD}`,
    "--namespace",
    NAMESPACE,
    "--for=jsonpath={.status.phase}=Succeeded",
    "--timeout=60s",
  ]);
  projected = (await kubectl(["logs", POD, "--namespace", NAMESPACE])).trim();
});

afterAll(async () => {
  await kubectl(["delete", "pod", POD, "--namespace", NAMESPACE, "--ignore-not-found"]);
});

describe("the token in a pod of the builders' account", () => {
  it("has the issuer, subject and audience that the trust document demands", async () => {
    expect(claimsOf(projected)).toMatchObject({
      iss: issuer,
      sub: `system:serviceaccount:${NAMESPACE}:${BUILDER_SERVICE_ACCOUNT}`,
      aud: [IRSA_AUDIENCE],
    });
    expect(await assumes(trust, projected)).toBe(true);
  });

  it("is signed by a key of the issuer, as AWS asks it", async () => {
    const [header, payload, signature] = projected.split(".") as [string, string, string];
    const keys = JSON.parse(await kubectl(["get", "--raw", "/openid/v1/jwks"])).keys as (JsonWebKey & {
      kid: string;
    })[];
    const { kid, alg } = decoded(header);
    expect(alg).toBe("RS256");
    const key = createPublicKey({ key: keys.find((one) => one.kid === kid)!, format: "jwk" });
    const signed = (text: string) => verify("sha256", Buffer.from(text), key, Buffer.from(signature, "base64url"));
    expect(signed(`${header}.${payload}`)).toBe(true);
    expect(signed(`${header}.${payload}x`)).toBe(false);
  });
});

describe("a token", () => {
  it("of the builders' account, asked for, is as good", async () => {
    expect(await assumes(trust, await tokenOf(NAMESPACE, BUILDER_SERVICE_ACCOUNT, IRSA_AUDIENCE))).toBe(true);
  });

  it("of another account of the namespace does not do", async () => {
    expect(await assumes(trust, await tokenOf(NAMESPACE, "default", IRSA_AUDIENCE))).toBe(false);
  });

  it("of the builders' account of another namespace does not do", async () => {
    expect(await assumes(trust, await tokenOf(BUILD_NAMESPACE.kaniko, BUILDER_SERVICE_ACCOUNT, IRSA_AUDIENCE))).toBe(
      false,
    );
  });

  it("of the builders' account for another audience does not do, such as the API server's", async () => {
    expect(await assumes(trust, await tokenOf(NAMESPACE, BUILDER_SERVICE_ACCOUNT, issuer))).toBe(false);
    expect(await assumes(trust, await tokenOf(NAMESPACE, BUILDER_SERVICE_ACCOUNT, `${IRSA_AUDIENCE}.cn`))).toBe(false);
  });

  it("of another cluster does not do: another issuer has another provider", async () => {
    const other = irsaTrust({
      providers: [oidcProviderArnOf(`${issuer}/id/OTHER`, { partition: "aws", account: "123456789012" })],
      namespaces: [NAMESPACE],
      namespacePatterns: [],
    });
    expect(await assumes(other, projected)).toBe(false);
  });

  it("of an account called as the builders' in Kubernetes' own namespaces does not do, whatever the patterns", async () => {
    const provider = oidcProviderArnOf(issuer, { partition: "aws", account: "123456789012" });
    const any = irsaTrust({ providers: [provider], namespaces: [], namespacePatterns: ["*"] });
    expect(await assumes(any, projected)).toBe(true);
    const account = ["serviceaccount", BUILDER_SERVICE_ACCOUNT, "--namespace", "kube-public"];
    await kubectl(["create", ...account]);
    try {
      expect(await assumes(any, await tokenOf("kube-public", BUILDER_SERVICE_ACCOUNT, IRSA_AUDIENCE))).toBe(false);
    } finally {
      await kubectl(["delete", ...account]);
    }
  });
});
