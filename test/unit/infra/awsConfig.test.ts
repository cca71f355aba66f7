import { expect, test } from "vitest";
import { awsConfig } from "./awsConfig.ts";

test("the example aws-dev has no problem", () => {
  expect(awsConfig().registry.kind).toBe("ecr");
});
