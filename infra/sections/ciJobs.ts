/** What `pergola:access.ci` says of the repository or project whose jobs it is about, in any cloud. */
import { z } from "zod";

export const githubRepository = z
  .string()
  .regex(/^(?:[\w.-]+\/[\w.-]+|[\w.-]+@\d+\/[\w.-]+@\d+)$/, "is neither OWNER/REPOSITORY nor OWNER@ID/REPOSITORY@ID")
  .describe(
    "OWNER/REPOSITORY as GitHub spells it; OWNER@ID/REPOSITORY@ID where GitHub's tokens have ids in their subject, as those of " +
      "repositories do that were made or renamed since July 15, 2026",
  );

export const gitlabProject = z.string().regex(/^[\w.-]+(?:\/[\w.-]+)+$/, "is not GROUP/PROJECT");

export const gitlabUrl = z
  .string()
  .regex(/^https:\/\/[a-z0-9.-]+(?::\d+)?$/, "is not an https URL without a path")
  .default("https://gitlab.com");
