/** What is read from the cluster before anything is changed in it. */
import type * as pulumi from "@pulumi/pulumi";

/**
 * The value of an output, now. Only for what was read from the live cluster: a read answers in previews too, so that a check
 * on it stops the program before the first resource is registered. Rejects when the read failed.
 */
export function liveValue<T>(output: pulumi.Output<T>): Promise<T> {
  // Output has this method in every version of the SDK, but hides it from its types to keep people from awaiting what a
  // preview does not know.
  return (output as unknown as { promise(): Promise<T> }).promise();
}
