/** `pergola:access.ci` of access by service accounts of Google Cloud: who CI jobs are, and how they come to be that. */
import { z } from "zod";
import { checked } from "../configValues.ts";
import { identityPoolIdProblem } from "../documents/gcp/names.ts";
import { githubRepository, gitlabProject, gitlabUrl } from "./ciJobs.ts";
import { serviceAccount, serviceAccountEmail } from "./gcpValues.ts";

const reference = checked((name) => {
  if (name.includes("*")) return "has a *, but a principal of Google Cloud has no wildcard: name each one";
  return /^[\w./@+#=,-]+$/.test(name) ? null : "is not the name of a branch or tag";
});

const provider = z
  .union([
    z
      .string()
      .regex(
        /^projects\/\d+\/locations\/global\/workloadIdentityPools\/[a-z0-9-]{4,32}\/providers\/[a-z0-9-]{4,32}$/,
        "is not projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER",
      )
      .describe(
        "one that is there: it has to map google.subject to assertion.sub, and to have a condition. Jobs are subjects of its pool, whichever " +
          "provider they come by: no other one of the pool may take tokens of another issuer with the same subjects",
      ),
    z.strictObject({
      create: z.literal(true),
      pool: checked(identityPoolIdProblem)
        .optional()
        .describe(
          "id of the pool, which is made with it in the cluster's project; default: pergola-<stack>. Google keeps the ids of a deleted " +
            "pool and of a deleted provider, which is github or gitlab, for about 30 days: to be made again, also after one for the other, they " +
            "need another pool until then",
        ),
    }),
  ])
  .describe("provider of Workload Identity Federation that the jobs' tokens come by");

const github = z.strictObject({
  repository: githubRepository,
  branches: z.array(reference).default([]).describe("jobs with an `environment` are of no branch"),
  tags: z.array(reference).default([]),
  provider,
});

const gitlab = z.strictObject({
  project: gitlabProject,
  url: gitlabUrl,
  branches: z.array(reference).default([]),
  tags: z.array(reference).default([]),
  provider: provider.describe("its audience is its own full name (https://iam.googleapis.com/projects/...)"),
});

const jobs = serviceAccount
  .optional()
  .describe(
    "service account of the jobs: an id to make one in the cluster's project (default: <stack>-ci), or one that is there",
  );

export const ci = z
  .union([
    z.strictObject({ serviceAccount: serviceAccountEmail.describe("service account of the jobs, made elsewhere") }),
    z.strictObject({ github, serviceAccount: jobs }),
    z.strictObject({ gitlab, serviceAccount: jobs }),
  ])
  .describe(
    "identity of CI jobs that run builds: it may find the clusters of the cluster's project (roles/container.clusterViewer), and is " +
      "bound to what building needs in this one. It gets no right to the registry, which builders have. A cluster that is only " +
      "reached by its DNS-based endpoint also asks for container.clusters.connect, which is not among this",
  );

export type GcpCiConfig = z.infer<typeof ci>;
