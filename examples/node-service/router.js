import ms from "ms";
import { inject, parse } from "regexparam";

const started = Date.now();
const version = process.env.VERSION || "development";

/** Path pattern -> what it answers, given the values in the path. */
const routes = {
  "/": () => ({ message: "Hello from node-service", version }),
  "/hello/:name": ({ name }) => ({ message: `Hello, ${name}`, version, self: inject("/hello/:name", { name }) }),
  "/uptime": () => ({ uptime: ms(Date.now() - started, { long: true }) }),
  "/healthz": () => ({ ok: true }),
};

const patterns = Object.entries(routes).map(([path, answer]) => ({ ...parse(path), answer }));

/** The answer to `GET path`, or null. */
export function answer(path) {
  for (const { pattern, keys, answer } of patterns) {
    const match = pattern.exec(path);
    if (match) return answer(Object.fromEntries(keys.map((key, index) => [key, match[index + 1]])));
  }
  return null;
}
