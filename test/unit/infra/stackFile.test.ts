// Bad stack files: keys, purpose, access and secrets, with the exact message; registry, cluster, builder and cache have files
// of their own.
import { expect, test } from "vitest";
import { stackFileMessage } from "../../../infra/stackFile.ts";
import { type Case, cases, problemsAfter } from "./config.ts";

test("the stack file of the embedded environment has no problem", () => {
  expect(problemsAfter(() => {})).toEqual([]);
});

cases("keys", [
  [
    "a misspelt key of ours",
    (config) => {
      config["pergola:regstry"] = 1;
    },
    [
      'pergola:regstry: unknown key "regstry"; allowed: purpose, allowProduction, registry, access, cluster, builder, cache, secrets; did you mean registry?',
    ],
  ],
  [
    "a section that is text",
    (config) => {
      config["pergola:access"] = "none";
    },
    ['pergola:access: is "none"; allowed is an object'],
  ],
  [
    "missing sections",
    (config) => {
      for (const key of ["purpose", "registry", "access", "cluster", "builder"]) delete config[`pergola:${key}`];
    },
    [
      "pergola:purpose: is missing; allowed: development, test, production",
      "pergola:registry: is missing (where images go: { kind, ... })",
      "pergola:access: is missing (by what identity builders push: { kind, ... }; { kind: none } where they log in with a password, or need no login)",
      "pergola:cluster: is missing (the cluster that builds run in: { context, builderNodes })",
      "pergola:builder: is missing (how images are built: { default, modes })",
    ],
  ],
  [
    "default providers left on",
    (config) => {
      delete config["pulumi:disable-default-providers"];
    },
    [
      'pulumi:disable-default-providers: is missing; it has to be ["*"], so that nothing is ever created through an ambient kubeconfig or cloud login; add the line pulumi:disable-default-providers: ["*"]',
    ],
  ],
  [
    "only one default provider off",
    (config) => {
      config["pulumi:disable-default-providers"] = ["aws"];
    },
    [
      'pulumi:disable-default-providers: is ["aws"]; it has to be ["*"], so that nothing is ever created through an ambient kubeconfig or cloud login; add the line pulumi:disable-default-providers: ["*"]',
    ],
  ],
]);

cases("purpose", [
  [
    "a misspelt purpose",
    (config) => {
      config["pergola:purpose"] = "developmnt";
    },
    ['pergola:purpose: is "developmnt"; allowed: development, test, production; did you mean development?'],
  ],
  [
    "production without a yes",
    (config) => {
      config["pergola:purpose"] = "production";
    },
    [
      'pergola:purpose: is "production": in-cluster building belongs in development and testing clusters. Builders take memory and disk from services, a rootful BuildKit container is root on its node, and whoever can run code beside a builder can use its push rights: not for clusters where deployed code or tenants are not trusted. If that is accepted, add pergola:allowProduction: true',
    ],
  ],
  [
    "a yes without production",
    (config) => {
      config["pergola:allowProduction"] = true;
    },
    ['pergola:allowProduction: is true, but pergola:purpose is "development"; remove it'],
  ],
  [
    "a yes that is no truth value",
    (config) => {
      config["pergola:allowProduction"] = "maybe";
    },
    ['pergola:allowProduction: is "maybe"; allowed is true or false'],
  ],
]);

test("production with a yes is accepted", () => {
  const problems = problemsAfter((config) => {
    config["pergola:purpose"] = "production";
    config["pergola:allowProduction"] = true;
  });
  expect(problems).toEqual([]);
});

cases("access", [
  [
    "an annotation that is no text",
    (config) => (config["pergola:access"].annotations = { a: 1 }),
    ['pergola:access.annotations.a: is 1; allowed is a string: "1"'],
  ],
  ...["a b", "", "-a", "/a", "a/", "a/b/c", "a_b/c", `${"a".repeat(64)}`].map(
    (key): Case => [
      `an annotation by the key ${JSON.stringify(key)}`,
      (config) => (config["pergola:access"].annotations = { [key]: "x" }),
      [
        `pergola:access.annotations${/^[\w-]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`}: the key ${JSON.stringify(key)} is not the key of an annotation: a name of at most 63 letters, digits, -, _ and ., after a DNS name and / if at all`,
      ],
    ],
  ),
  [
    "an unknown key",
    (config) => (config["pergola:access"].anotations = {}),
    [
      'pergola:access: unknown key "anotations"; allowed: kind, annotations, namespacePatterns, allowAnyNamespace; did you mean annotations?',
    ],
  ],
  ...(
    [
      ["", "is empty"],
      ["team", "has neither * nor ?; list a single namespace under pergola:builder.modes.<mode>.namespaces"],
      ["-team*", "matches no namespace: their names neither begin nor end with a hyphen"],
      ["team*-", "matches no namespace: their names neither begin nor end with a hyphen"],
      [`${"a".repeat(64)}*`, "matches no namespace: it asks for 64 characters, and their names have at most 63"],
      ["kube-*", "belongs to Kubernetes (kube-*), whose namespaces builders never get"],
      ...["Team-*", "team_*", "team.*", "team-[ab]", "team-*/x", "${aws:x}*"].map((pattern) => [
        pattern,
        "is no pattern of namespaces: lower-case letters, digits, hyphens, * (any characters, also none) and ? (one)",
      ]),
    ] as [string, string][]
  ).map(
    ([pattern, problem]): Case => [
      `the pattern ${JSON.stringify(pattern)}`,
      (config) => (config["pergola:access"].namespacePatterns = ["ok-*", pattern]),
      [`pergola:access.namespacePatterns[1]: ${JSON.stringify(pattern)} ${problem}`],
    ],
  ),
  ...["*", "**", "?*", "*-*"].map(
    (pattern): Case => [
      `the pattern ${pattern} without a yes`,
      (config) => (config["pergola:access"].namespacePatterns = [pattern]),
      [
        `pergola:access.namespacePatterns[0]: "${pattern}" has no letter or digit: whoever has a namespace could push images. Name a common part ("team-*"); if any namespace is meant, add allowAnyNamespace: true`,
      ],
    ],
  ),
  [
    "a yes without such a pattern",
    (config) => (config["pergola:access"].allowAnyNamespace = true),
    [
      "pergola:access.allowAnyNamespace: is true, but no entry of namespacePatterns is without letters and digits; remove it",
    ],
  ],
  [
    "a pattern twice",
    (config) => (config["pergola:access"].namespacePatterns = ["a*", "a*"]),
    ['pergola:access.namespacePatterns[1]: "a*" is listed twice'],
  ],
]);

test.each(["team-*", "*-preview", "a?", "*x*"])("the pattern %s is accepted", (pattern) => {
  expect(problemsAfter((config) => (config["pergola:access"].namespacePatterns = [pattern]))).toEqual([]);
});

test("any namespace is accepted when it is asked for in so many words", () => {
  const any = { kind: "none", namespacePatterns: ["*", "??*"], allowAnyNamespace: true };
  expect(problemsAfter((config) => (config["pergola:access"] = any))).toEqual([]);
});

cases("secrets", [
  [
    "a name that is none",
    (config) => (config["pergola:secrets"] = { "a b": "hush" }),
    ['pergola:secrets["a b"]: the key "a b" is not a name of a secret: a letter, then letters, digits, _ and -'],
  ],
  [
    "a value that is no text, which is not repeated",
    (config) => (config["pergola:secrets"] = { a: ["hush"] }),
    ["pergola:secrets.a: is the value (not shown); allowed is a string"],
  ],
  [
    "an empty value",
    (config) => (config["pergola:secrets"] = { a: "" }),
    ["pergola:secrets.a: the value (not shown) is empty"],
  ],
  [
    "text, which is not repeated",
    (config) => (config["pergola:secrets"] = "hush"),
    ["pergola:secrets: is text; allowed is an object"],
  ],
]);

test.each(["purpose", "registry", "access", "cluster", "builder", "cache"])(
  "an encrypted value in %s is refused, and nothing of that section is shown",
  (section) => {
    const problems = problemsAfter(
      (config) => (config[`pergola:${section}`] = { canary: "hush" }),
      [`pergola:${section}`],
    );
    expect(problems).toEqual([
      `pergola:${section}: has an encrypted value, but all of this section is published in clear text (in the stack's output and in ConfigMaps); keep the value in pergola:secrets (pulumi config set --secret --path 'pergola:secrets.NAME') and name it where a secret is used, or write this section without encryption`,
    ]);
  },
);

test("all problems are said at once, in one message that names the file", () => {
  const problems = problemsAfter((config) => {
    config["pergola:purpose"] = "tst";
    config["pergola:registry"].host = "172.30.0.11";
    config["pergola:cache"] = [{ tag: "a:b" }];
  });
  expect(problems).toHaveLength(3);
  const list = [
    { path: "pergola:a", message: "is wrong" },
    { path: "pergola:b", message: "is missing" },
  ];
  expect(stackFileMessage("dev", list)).toBe(
    "stacks/Pulumi.dev.yaml has 2 problems; nothing was changed\n  pergola:a: is wrong\n  pergola:b: is missing",
  );
});
