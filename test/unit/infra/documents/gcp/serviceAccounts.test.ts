// Names of service accounts and pools in Google Cloud.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  identityPoolIdProblem,
  projectOfServiceAccount,
  serviceAccountEmail,
  serviceAccountEmailProblem,
  serviceAccountIdProblem,
  sharedAccount,
} from "../../../../../infra/documents/gcp/names.ts";

describe("ids of service accounts", () => {
  test.each([
    ["gar-access", null],
    ["a23456", null],
    ["a".repeat(30), null],
    ["short", "has 5 characters; ids of service accounts have 6 to 30"],
    ["a".repeat(31), "has 31 characters; ids of service accounts have 6 to 30"],
  ])("%s: %s", (id, problem) => expect(serviceAccountIdProblem(id)).toBe(problem));

  test.each(["1-access", "gar_access", "Gar-access", "gar-access-", "gar.access", "<gar-access>"])(
    "%s is not of their grammar",
    (id) => expect(serviceAccountIdProblem(id)).toContain("is not the id of a service account"),
  );

  test("are those that IAM takes, and no others", () => {
    const id = fc.oneof(fc.stringMatching(/^[a-z0-9-]{1,34}$/), fc.string({ maxLength: 34 }));
    fc.assert(
      fc.property(id, (text) => {
        const taken = /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/.test(text);
        expect(serviceAccountIdProblem(text) === null).toBe(taken);
      }),
    );
  });
});

test("an address tells the project that it was made of, also of a domain", () => {
  const id = fc.stringMatching(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/);
  const domain = fc.constantFrom("", "example.com:", "a.example.org:");
  fc.assert(
    fc.property(id, domain, id, (account, prefix, project) => {
      const email = serviceAccountEmail(account, `${prefix}${project}`);
      expect(serviceAccountEmailProblem(email)).toBeNull();
      expect(projectOfServiceAccount(email)).toBe(`${prefix}${project}`);
    }),
  );
});

test.each([
  ["123-compute@developer.gserviceaccount.com", "the default account of Compute Engine, also of GKE's nodes"],
  ["shop@appspot.gserviceaccount.com", "the default account of App Engine"],
  ["123-compute@shop.iam.gserviceaccount.com", null],
  ["service-123@compute-system.iam.gserviceaccount.com", null],
])("whatever has no account of its own is %s: %s", (email, whose) => expect(sharedAccount(email)).toBe(whose));

test.each(["123-compute@developer.gserviceaccount.com", "project@appspot.gserviceaccount.com"])(
  "%s, which is Google's own, tells none",
  (email) => {
    expect(serviceAccountEmailProblem(email)).toBeNull();
    expect(projectOfServiceAccount(email)).toBeNull();
  },
);

test.each([
  ["jobs", null],
  ["a".repeat(32), null],
  ["abc", "has 3 characters; ids of pools have 4 to 32"],
  ["a".repeat(33), "has 33 characters; ids of pools have 4 to 32"],
  ["gcp-jobs", "begins with gcp-, which Google keeps for itself"],
  ["Jobs", "is not the id of a pool: lower-case letters, digits and hyphens"],
])("the pool %s: %s", (id, problem) => expect(identityPoolIdProblem(id)).toBe(problem));
