// What minikube prints: its profiles, and the failures that its exit code does not tell.
import { describe, expect, it } from "vitest";
import { checkProfile, minikubeReason, notLoaded, parseProfiles } from "../../../../../builders/run/load/minikube.ts";

/** Shaped as minikube's own list (cmd/config/profile_list.go; config.Profile). */
const listing = JSON.stringify({
  invalid: [],
  valid: [
    { Name: "minikube", Status: "OK", Config: { Name: "minikube", Driver: "docker" }, Active: true },
    { Name: "old", Status: "Stopped", Config: {} },
    { Name: "still", Status: "Paused", Config: {} },
  ],
});

describe("minikube's profiles", () => {
  it("are read", () => {
    expect(parseProfiles(listing)).toEqual([
      { name: "minikube", status: "OK", active: true },
      { name: "old", status: "Stopped", active: false },
      { name: "still", status: "Paused", active: false },
    ]);
    expect(parseProfiles('{"invalid":[],"valid":null}')).toEqual([]);
    expect(() => parseProfiles("* note\nX Exiting")).toThrow("minikube's list of profiles is not JSON: X Exiting");
  });

  it.each(["minikube", "still"])("%s can take images", (name) => {
    checkProfile(parseProfiles(listing), name);
  });

  it.each([
    ["old", "it is stopped", "Start it: minikube start --profile old"],
    ["new", "there is no such profile; there are: minikube, old, still", "Name one: --load=minikube,profile=PROFILE"],
  ])("%s cannot", (name, message, hint) => {
    expect(() => checkProfile(parseProfiles(listing), name)).toThrow(expect.objectContaining({ message, hint }));
  });
});

/** As kubernetes/minikube issue 23471 has it: exit code 0, and the log says why. */
const SILENT = `I0810 ssh_runner.go:191] Run: /bin/bash -c "sudo cat /var/lib/minikube/images/a.tar | docker load"
W0810 cache_images.go:253] Failed to load cached images for "exitcode": loading images: Docker load /var/lib/minikube/images/a.tar: Process exited with status 1
I0810 cache_images.go:265] failed pushing to: exitcode`;

describe("a load by minikube", () => {
  it.each<[string, string, string]>([
    [
      "a node that took nothing",
      SILENT,
      "not loaded into exitcode: loading images: Docker load /var/lib/minikube/images/a.tar: Process exited with status 1",
    ],
    [
      "what the program in the node said",
      `W1 cache_images.go:255] Failed to load cached images for "p": loading images: ctr images import: sudo ctr: Process exited with status 1\nstdout:\n\nstderr:\nctr: write /x: no space left on device\nI0810 12:00 cache_images.go:265] failed pushing to: p`,
      "not loaded into p: ctr: write /x: no space left on device",
    ],
    [
      "older words",
      "W0930 cache_images.go:255] Failed to load cached images for profile p. make sure the profile is running. loading images: CRI\n",
      "loading images: CRI",
    ],
    [
      "one of two nodes",
      "I0930 cache_images.go:262] succeeded pushing to: p\nI0930 cache_images.go:265] failed pushing to: p-m02\n",
      "not loaded into p-m02",
    ],
  ])("failed with %s", (_, said, reason) => {
    expect(notLoaded(said)).toBe(true);
    expect(minikubeReason(said)).toBe(reason);
  });

  it("succeeded where its log names no node after all (older versions print the line always)", () => {
    expect(
      notLoaded("I0930 cache_images.go:262] succeeded pushing to: p\nI0930 cache_images.go:265] failed pushing to: \n"),
    ).toBe(false);
  });

  it("is told in minikube's words when it exits with another code than 0, without the box below them", () => {
    const said =
      "\nX Exiting due to GUEST_IMAGE_LOAD: Failed to load image: save: no space left on device\n* \n╭───╮\n│ x │\n╰───╯\n";
    expect(minikubeReason(said)).toBe("Failed to load image: save: no space left on device");
  });
});
