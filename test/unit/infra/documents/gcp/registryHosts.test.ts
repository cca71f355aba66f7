import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  projectProblem,
  registryLocationProblem,
  repositoryIdProblem,
} from "../../../../../infra/documents/gcp/names.ts";
import {
  artifactRegistryHost,
  artifactRegistryNamespace,
  GCR_LOCATIONS,
  locationOfHost,
  projectPath,
} from "../../../../../infra/documents/gcp/registryHosts.ts";
import { helperProblem, hostProblem } from "../../../../../infra/documents/registryHost.ts";
import { locations, projectIds, repositoryIds } from "./legalNames.ts";

describe("hosts of Artifact Registry", () => {
  test.each([
    ["europe-central2", "europe-central2-docker.pkg.dev"],
    ["us", "us-docker.pkg.dev"],
    ["europe", "europe-docker.pkg.dev"],
  ])("%s: %s", (location, host) => {
    expect(artifactRegistryHost(location)).toBe(host);
    expect(locationOfHost(host)).toBe(location);
  });

  test.each([
    ["gcr.io", "us"],
    ["us.gcr.io", "us"],
    ["eu.gcr.io", "europe"],
    ["asia.gcr.io", "asia"],
  ] as const)("%s is a repository in %s", (host, location) => {
    expect(GCR_LOCATIONS[host]).toBe(location);
    expect(locationOfHost(host)).toBe(location);
    expect(registryLocationProblem(location)).toBeNull();
  });

  test.each(["ghcr.io", "k8s.gcr.io", "docker.pkg.dev", "europe-west3-python.pkg.dev", "toString"])(
    "%s is none",
    (host) => {
      expect(locationOfHost(host)).toBeNull();
    },
  );

  test("are told for every location, and are hosts that docker and its helper know", () => {
    fc.assert(
      fc.property(locations, (location) => {
        const host = artifactRegistryHost(location);
        expect(registryLocationProblem(location)).toBeNull();
        expect(hostProblem(host)).toBeNull();
        expect(helperProblem("gcr", host)).toBeNull();
        expect(locationOfHost(host)).toBe(location);
      }),
    );
  });

  test("have the project and the repository behind them, so that both can be read off again", () => {
    fc.assert(
      fc.property(projectIds, repositoryIds, (project, repository) => {
        expect([projectProblem(project), repositoryIdProblem(repository)]).toEqual([null, null]);
        const namespace = artifactRegistryNamespace({ project, repository });
        const parts = namespace.split("/");
        expect(parts.at(-1)).toBe(repository);
        expect(parts.slice(0, -1).join(":")).toBe(project);
        expect(namespace).toMatch(/^[a-z0-9.-]+(\/[a-z0-9.-]+)+$/);
        expect(projectPath(project)).toBe(parts.slice(0, -1).join("/"));
      }),
    );
  });
});

test("an id of a repository with anything else in it is refused, and the message shows what", () => {
  fc.assert(
    fc.property(repositoryIds, fc.constantFrom("_", "A", " ", "é", "<", ":", "@"), fc.nat(), (id, strange, at) => {
      const place = at % (id.length + 1);
      const wrong = `${id.slice(0, place)}${strange}${id.slice(place)}`.slice(0, 63);
      fc.pre(wrong.includes(strange));
      expect(repositoryIdProblem(wrong)).toContain(JSON.stringify(strange));
    }),
  );
});
