/** Configuration for the tests of AWS environments. */
import { example } from "./exampleConfig.ts";

export const { config: awsConfig, problems: awsProblems, cases: awsCases } = example("aws-dev");
