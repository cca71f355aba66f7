// Members of allow policies: builders of one namespace each, and jobs of one subject each.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  builderMember,
  federatedMember,
  serviceAccountMember,
  serviceAccountName,
} from "../../../../../infra/documents/gcp/members.ts";

const POOL = "projects/123/locations/global/workloadIdentityPools/jobs";

test.each([
  [
    serviceAccountMember("a@shop-registry.iam.gserviceaccount.com"),
    "serviceAccount:a@shop-registry.iam.gserviceaccount.com",
  ],
  [
    builderMember("shop-clusters", "shop-dev"),
    "serviceAccount:shop-clusters.svc.id.goog[shop-dev/garden-in-cluster-builder]",
  ],
  [
    builderMember("example.com:clusters", "a"),
    "serviceAccount:example.com:clusters.svc.id.goog[a/garden-in-cluster-builder]",
  ],
  [
    federatedMember(POOL, "repo:shop/monorepo:ref:refs/heads/main"),
    `principal://iam.googleapis.com/${POOL}/subject/repo:shop/monorepo:ref:refs/heads/main`,
  ],
  [
    serviceAccountName("a@shop-registry.iam.gserviceaccount.com", "shop-registry"),
    "projects/shop-registry/serviceAccounts/a@shop-registry.iam.gserviceaccount.com",
  ],
])("%s", (member, expected) => {
  expect(member).toBe(expected);
});

test("no two namespaces or projects have one member, and none is of more than one namespace", () => {
  const name = fc.stringMatching(/^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$/);
  fc.assert(
    fc.property(name, name, name, name, (project, namespace, otherProject, otherNamespace) => {
      const member = builderMember(project, namespace);
      const same = project === otherProject && namespace === otherNamespace;
      expect(member === builderMember(otherProject, otherNamespace)).toBe(same);
      expect(member).not.toMatch(/[*?]|principalSet|allUsers|allAuthenticatedUsers/);
    }),
  );
});
