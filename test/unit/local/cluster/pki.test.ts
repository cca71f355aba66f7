import { describe, expect, test } from "vitest";
import { CERTIFICATES, opensslArguments, opensslConfiguration } from "../../../../local/cluster/pki.ts";

const named = (name: string) => CERTIFICATES.find((certificate) => certificate.name === name)!;

describe("certificates", () => {
  test.each(["apps", "builder"])("node %s is a node to Kubernetes and serves under its address", (name) => {
    const text = opensslConfiguration(named(name));
    expect(text).toContain("0.O = system:nodes");
    expect(text).toContain(`CN = system:node:${name}`);
    expect(text).toMatch(/subjectAltName = .*IP:172\.30\.0\.1[12]/);
    expect(text).toContain("extendedKeyUsage = clientAuth, serverAuth");
  });

  test("the API server is known by its Service, its address and loopback, where the forwarder is", () => {
    const text = opensslConfiguration(named("apiserver"));
    for (const name of ["DNS:kubernetes.default.svc.cluster.local", "IP:10.96.0.1", "IP:172.30.0.1", "IP:127.0.0.1"])
      expect(text).toContain(name);
    expect(text).not.toContain("clientAuth");
  });

  test("only who has to is a master", () => {
    const masters = CERTIFICATES.filter((certificate) => certificate.groups?.includes("system:masters"));
    expect(masters.map(({ name }) => name)).toEqual(["apiserver-kubelet-client", "admin", "controller-manager"]);
  });

  test("only the authority may sign, and only it signs itself", () => {
    expect(opensslConfiguration("authority")).toContain("CA:TRUE");
    expect(opensslConfiguration(named("admin"))).toContain("CA:FALSE");
    expect(opensslArguments("/pki", "ca", 1)).not.toContain("-CAkey");
    expect(opensslArguments("/pki", "admin", 2)).toEqual(expect.arrayContaining(["-CAkey", "/pki/ca.key"]));
  });
});
