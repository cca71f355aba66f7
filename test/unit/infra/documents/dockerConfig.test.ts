import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type DockerConfig,
  DockerConfigError,
  dockerConfigOf,
  dockerConfigText,
  mergeDockerConfigs,
  type RegistryLogin,
} from "../../../../infra/documents/dockerConfig.ts";

const password = (host: string, username = "u", secret = "p"): RegistryLogin => ({ host, username, password: secret });
const helper = (host: string, name = "helper"): RegistryLogin => ({ host, helper: name });
const merged = (...logins: RegistryLogin[]) => mergeDockerConfigs(logins.map(dockerConfigOf));

describe("one login", () => {
  test("a password becomes an auth under the host", () => {
    expect(dockerConfigOf(password("r.example:5000", "me", "öß:x"))).toEqual({
      auths: { "r.example:5000": { auth: Buffer.from("me:öß:x").toString("base64") } },
      credHelpers: {},
    });
  });

  test.each(["docker.io", "index.docker.io"])("%s is known to clients by a URL", (host) => {
    expect(Object.keys(dockerConfigOf(password(host)).auths)).toEqual(["https://index.docker.io/v1/"]);
  });

  test.each([
    [password("https://r.example"), 'the registry "https://r.example" has a scheme; write host or host:port'],
    [
      password("docker.pkg.dev"),
      'the registry "docker.pkg.dev" names no location; Artifact Registry hosts are LOCATION-docker.pkg.dev',
    ],
    [
      password("r.example", "a:b"),
      "the user name for r.example is empty or has a colon, which basic auth cannot carry",
    ],
    [
      helper("r.example", "ecr-login"),
      'the credential helper "ecr-login" only knows Amazon ECR registries, and r.example is none',
    ],
    [helper("r.example", "gcr"), 'the credential helper "gcr" only knows Google\'s registries, and r.example is none'],
    [
      helper("gcr.io", "docker-credential-gcr"),
      'the credential helper "docker-credential-gcr" is written without the prefix docker-credential-: gcr',
    ],
  ])("%j is refused", (login, message) => {
    expect(() => dockerConfigOf(login)).toThrow(new DockerConfigError(message));
  });

  test.each([
    "123456789012.dkr.ecr.eu-central-1.amazonaws.com",
    "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
    "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
    "123456789012.dkr-ecr.eu-west-1.on.aws",
    "public.ecr.aws",
  ])("the ECR helper knows %s", (host) => {
    expect(dockerConfigOf(helper(host, "ecr-login")).credHelpers).toEqual({ [host]: "ecr-login" });
  });
});

describe("several logins", () => {
  test("are one config, in the order of hosts", () => {
    expect(dockerConfigText(merged(password("b.example"), helper("c.example"), password("a.example")))).toBe(
      '{"auths":{"a.example":{"auth":"dTpw"},"b.example":{"auth":"dTpw"}},"credHelpers":{"c.example":"helper"}}',
    );
  });

  test("the same twice is once", () => {
    expect(merged(password("a.example"), password("a.example"))).toEqual(merged(password("a.example")));
  });

  test.each([
    [[password("a.example"), password("a.example", "u", "q")], "two different logins for the registry a.example"],
    [
      [helper("a.example", "x"), helper("a.example", "y")],
      "two credential helpers for the registry a.example: x and y",
    ],
    [
      [password("a.example"), helper("a.example")],
      "a login and the credential helper helper for the registry a.example",
    ],
    [
      [password("docker.io"), password("index.docker.io", "v")],
      "two different logins for the registry https://index.docker.io/v1/",
    ],
  ])("that contradict each other are refused, without a word about credentials", (logins, message) => {
    expect(() => merged(...(logins as RegistryLogin[]))).toThrow(new DockerConfigError(message));
  });
});

describe("merging, for any logins of different hosts", () => {
  const logins = fc.uniqueArray(
    fc.record({
      host: fc.stringMatching(/^[a-z][a-z0-9]{0,8}\.example$/),
      login: fc.oneof(
        fc.record({ username: fc.stringMatching(/^[a-z]{1,8}$/), password: fc.string() }),
        fc.record({ helper: fc.stringMatching(/^x[a-z]{1,8}$/) }),
      ),
    }),
    { selector: ({ host }) => host },
  );
  const configs = logins.map((all) =>
    all.map(({ host, login }) => dockerConfigOf({ host, ...login } as RegistryLogin)),
  );

  test("does not depend on the order", () => {
    fc.assert(
      fc.property(configs, (parts) => {
        expect(dockerConfigText(mergeDockerConfigs([...parts].reverse()))).toBe(
          dockerConfigText(mergeDockerConfigs(parts)),
        );
      }),
    );
  });

  test("loses and adds nothing, and merging the result again changes nothing", () => {
    fc.assert(
      fc.property(configs, (parts) => {
        const once = mergeDockerConfigs(parts);
        const count = (config: DockerConfig) =>
          Object.keys(config.auths).length + Object.keys(config.credHelpers).length;
        expect(count(once)).toBe(parts.reduce((sum, part) => sum + count(part), 0));
        for (const part of parts) expect(once).toMatchObject(part);
        expect(mergeDockerConfigs([once, ...parts])).toEqual(once);
      }),
    );
  });
});

describe("merging, for any logins of a few hosts", () => {
  const hosts = ["a.example", "b.example:5000", "docker.io", "index.docker.io"];
  const login = fc.oneof(
    fc.record({
      host: fc.constantFrom(...hosts),
      username: fc.constantFrom("u", "v"),
      password: fc.constantFrom("p1", "p2"),
    }),
    fc.record({ host: fc.constantFrom(...hosts), helper: fc.constantFrom("x", "y") }),
  );
  const parts = fc.array(login, { maxLength: 6 }).map((all) => all.map(dockerConfigOf));

  /** Why they are refused. */
  const refusal = (all: readonly DockerConfig[]): string => {
    try {
      mergeDockerConfigs(all);
    } catch (error) {
      if (error instanceof DockerConfigError) return error.message;
      throw error;
    }
    return "";
  };

  /** The registries that more than one thing is said about. */
  const contested = (all: readonly DockerConfig[]) => {
    const said = all.flatMap(({ auths, credHelpers }) => [
      ...Object.entries(auths).map(([host, { auth }]) => [host, `auth ${auth}`] as const),
      ...Object.entries(credHelpers).map(([host, name]) => [host, `helper ${name}`] as const),
    ]);
    const byHost = Map.groupBy(said, ([host]) => host);
    return [...byHost].flatMap(([host, all]) => (new Set(all.map(([, what]) => what)).size > 1 ? [host] : []));
  };

  test("either a contested registry is named, and no credential, or none is in both maps and merging again changes nothing", () => {
    const seen = { refused: 0, merged: 0 };
    fc.assert(
      fc.property(parts, (all) => {
        const hosts = contested(all);
        if (hosts.length > 0) {
          seen.refused += 1;
          const message = refusal(all);
          expect(hosts.filter((host) => message.includes(`the registry ${host}`))).toHaveLength(1);
          for (const { auths } of all) {
            for (const { auth } of Object.values(auths)) expect(message).not.toContain(auth);
          }
          expect(message).not.toMatch(/p[12]/);
          return;
        }
        seen.merged += 1;
        const once = mergeDockerConfigs(all);
        expect(Object.keys(once.auths).filter((host) => host in once.credHelpers)).toEqual([]);
        expect(mergeDockerConfigs([once, once])).toEqual(once);
      }),
      { numRuns: 500 },
    );
    expect(Math.min(seen.refused, seen.merged)).toBeGreaterThan(50);
  });
});
