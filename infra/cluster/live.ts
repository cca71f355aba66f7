/** What is read from the cluster before anything is changed in it. */
import * as pulumi from "@pulumi/pulumi";

/**
 * The value of an output, now. Only for what was read from the live cluster (and for secrets of the stack file): a read
 * answers in previews too, so that a check on it stops the program before anything is registered in the cluster.
 * Throws RunError, naming `what`, when the read failed.
 */
export async function liveValue<T>(output: pulumi.Output<T>, what: string): Promise<T> {
  try {
    // Output has this method in every version of the SDK, but hides it from its types to keep people from awaiting what a
    // preview does not know.
    return await (output as unknown as { promise(): Promise<T> }).promise();
  } catch (error) {
    throw new pulumi.RunError(`${what} could not be read, nothing was changed: ${(error as Error).message}`);
  }
}
