// node locator.mjs PORT REDIS_PORT: tells clients which server of rooms to go to. Servers say each second how many clients
// they have; one that is silent for three is gone. What was handed out since counts too, or all would go to one.
import { createServer } from "node:http";
import { createClient } from "redis";

const [port, redisPort] = process.argv.slice(2).map(Number);
const redis = createClient({ url: `redis://127.0.0.1:${redisPort}` });
redis.on("error", (error) => console.error("redis:", error.message));
await redis.connect();
const handedOut = new Map();
setInterval(() => handedOut.clear(), 1_000);

createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://here");
  if (pathname !== "/servers/least-loaded") return response.writeHead(404).end();
  try {
    const keys = await redis.keys("server:*");
    const known = keys.length ? await redis.mGet(keys) : [];
    const servers = known.filter(Boolean).map((server) => JSON.parse(server));
    const load = (server) => server.clients + (handedOut.get(server.url) ?? 0);
    const free = servers.filter((server) => server.url !== searchParams.get("not"));
    const [best] = (free.length ? free : servers).sort((a, b) => load(a) - load(b));
    if (!best) return response.writeHead(503).end();
    handedOut.set(best.url, (handedOut.get(best.url) ?? 0) + 1);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ url: best.url }));
  } catch {
    response.writeHead(503).end();
  }
}).listen(port, "127.0.0.1", () => console.log("listening"));
