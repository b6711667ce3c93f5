// node locator.mjs PORT URL...: names the first of the servers that did not just fail.
import { createServer } from "node:http";

const [port, ...servers] = process.argv.slice(2);
createServer((request, response) => {
  const failed = new URL(request.url, "http://here").searchParams.get("not");
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ url: servers.find((server) => server !== failed) }));
}).listen(Number(port), "127.0.0.1", () => console.log("listening"));
