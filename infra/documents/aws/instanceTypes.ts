/** Names of EC2 instance types (Amazon EC2 instance types guide, "Amazon EC2 instance type naming conventions"). */

/** Families older than the naming conventions, or outside of them, whose processors are ARM's. */
const ARM_EXCEPTIONS = /^(a1|mac2.*|[a-z]+\d+[a-z]*-gb\d+)$/;

/**
 * Architecture of an instance type's processors, by its name: after the family's letters and the generation come letters for
 * what is special about it, of which the first stands for the processor's maker, and `g` for AWS Graviton (`c7g`, `r8gd`,
 * `is4gen`; but not `g5`, where it is the family).
 */
export function architectureOf(instanceType: string): "amd64" | "arm64" {
  const [family = ""] = instanceType.split(".");
  return ARM_EXCEPTIONS.test(family) || /^[a-z]+\d+g/.test(family) ? "arm64" : "amd64";
}
