import assert from "node:assert/strict";
import { test } from "node:test";
import { answer } from "./router.js";

test("answers its routes, and nothing else", () => {
  assert.equal(answer("/").message, "Hello from node-service");
  assert.equal(answer("/hello/pergola").message, "Hello, pergola");
  assert.match(answer("/uptime").uptime, /^\d+ (ms|seconds?)$/);
  assert.equal(answer("/elsewhere"), null);
});
