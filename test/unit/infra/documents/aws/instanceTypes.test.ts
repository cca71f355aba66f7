import { expect, test } from "vitest";
import { architectureOf } from "../../../../../infra/documents/aws/instanceTypes.ts";

// Types of EC2 as its guide lists them.
const ARM = `a1.large t4g.micro m6g.large m6gd.metal m7g.large m8g.xlarge c6gn.large c7g.large c7gd.16xlarge c8gn.large r7gd.large
  r8g.48xlarge x2gd.large x8g.large im4gn.large is4gen.medium i4g.large i8g.large i8ge.large g5g.xlarge hpc7g.4xlarge
  mac2.metal mac2-m2pro.metal p6e-gb200.36xlarge`;
const INTEL_OR_AMD = `t2.micro t3a.large m4.large m5dn.large m6i.large m7i-flex.large m7a.large c5ad.large c6in.large c7a.2xlarge
  c7i-flex.large c8i.large r5b.large r6idn.large r7iz.large x1e.large x2iedn.large x2idn.large u-6tb1.metal u7i-12tb.224xlarge
  i3en.large i4i.large d3en.large g4dn.xlarge g4ad.xlarge g5.xlarge g6.xlarge g6e.xlarge gr6.4xlarge p3dn.24xlarge p4d.24xlarge
  p5en.48xlarge p6-b200.48xlarge trn1n.32xlarge inf2.xlarge dl1.24xlarge vt1.3xlarge f2.6xlarge hpc6a.48xlarge hpc7a.96xlarge
  z1d.large mac1.metal`;

const words = (text: string) => text.split(/\s+/);

test.each(words(ARM))("%s is an ARM machine", (type) => expect(architectureOf(type)).toBe("arm64"));

test.each(words(INTEL_OR_AMD))("%s is none", (type) => expect(architectureOf(type)).toBe("amd64"));
