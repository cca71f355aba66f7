import { createServer } from "node:http";
import { answer } from "./router.js";

const port = Number(process.env.PORT || 8080);

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  const found = answer(pathname);
  response.writeHead(found ? 200 : 404, { "content-type": "application/json" });
  response.end(`${JSON.stringify(found ?? { error: `nothing at ${pathname}` })}\n`);
});

server.listen(port, () => console.log(`node-service listens on :${port}`));
process.on("SIGTERM", () => server.close());
