/** Configuration for the tests of Google Cloud environments. */
import { example } from "./exampleConfig.ts";

export const { config: gcpConfig, problems: gcpProblems, cases: gcpCases } = example("gcp-dev");
