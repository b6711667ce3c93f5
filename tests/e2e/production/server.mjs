// node server.mjs PORT REDIS_PORT: one of several servers of rooms, as docs/rooms.md has them. What they share is in Redis;
// what is said to a room goes through socket.io's Redis adapter. It also answers nginx-rtmp's on_publish.
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";
import { Rooms } from "./rooms.mjs";

const [port, redisPort] = process.argv.slice(2).map(Number);
const GRACE_MS = 30_000;
const url = `ws://127.0.0.1:${port}`;
const redis = createClient({ url: `redis://127.0.0.1:${redisPort}` });
const subscriber = redis.duplicate();
for (const client of [redis, subscriber]) client.on("error", (error) => console.error("redis:", error.message));
await Promise.all([redis.connect(), subscriber.connect()]);
const rooms = new Rooms(redis, GRACE_MS);

const http = createServer(async (request, response) => {
  if (request.method === "POST" && request.url === "/on_publish") {
    let body = "";
    for await (const part of request) if (body.length < 4096) body += part;
    const room = await rooms.roomOf(new URLSearchParams(body).get("name") ?? "");
    // A name of its own: viewers never learn the key.
    response.writeHead(room ? 302 : 403, room ? { location: room } : {}).end();
  } else {
    response.writeHead(404).end();
  }
});
const io = new Server(http, {
  adapter: createAdapter(redis, subscriber), transports: ["websocket"], maxHttpBufferSize: 16_384, pingInterval: 10_000,
  pingTimeout: 10_000,
});

class Bucket {
  constructor(burst, everyMs) {
    Object.assign(this, { burst, everyMs, fullAt: 0 });
  }
  take(wanted = 1) {
    const now = Date.now();
    const used = Math.ceil(Math.max(0, this.fullAt - now) / this.everyMs);
    const taken = Math.max(0, Math.min(wanted, this.burst - used));
    this.fullAt = Math.max(this.fullAt, now) + taken * this.everyMs;
    return taken;
  }
}

const CONTROLS = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const text = (value, most, least = 0) => {
  if (typeof value !== "string") throw new Error("bad_request");
  const clean = value.replace(CONTROLS, "").trim();
  if ([...clean].length > most || clean.length < least) throw new Error("bad_length");
  return clean;
};
const keyOf = (value) => {
  if (typeof value !== "string" || !/^[A-Za-z0-9_-]{1,64}$/.test(value)) throw new Error("bad_key");
  return value;
};
const likes = new Map();

// Claimed before anybody is let in, and handlers stand before the first event can come.
io.use(async (socket, next) => {
  try {
    Object.assign(socket.data, await rooms.claim(socket.handshake.auth));
    next();
  } catch {
    next(new Error("try again"));
  }
});

io.on("connection", (socket) => {
  const { mark, hasNumbers } = socket.data;
  const [comments, hearts, requests] = [new Bucket(20, 100), new Bucket(20, 100), new Bucket(30, 200)];
  socket.data.owns = new Set();
  let own = 0;

  // A handler answers with what it returns; what it throws is a refusal, and ends nothing.
  const on = (event, bucket, handle) => socket.on(event, async (...words) => {
    const answer = typeof words.at(-1) === "function" ? words.pop() : () => {};
    try {
      if (!bucket.take()) throw new Error("rate_limited");
      answer({ ok: true, ...(await handle(words[0] ?? {}, words[1] ?? {})) });
    } catch (error) {
      const known = /^[a-z_]+$/.test(error.message) ? error.message : "bad_request";
      answer({ ok: false, error: known, retry_ms: known === "rate_limited" ? 200 : undefined });
    }
  });
  const here = (key) => {
    if (!socket.rooms.has(keyOf(key))) throw new Error("not_in_room");
    return key;
  };
  const viewers = (key) => io.sockets.adapter.rooms.get(key)?.size ?? 0;

  on("create_room", requests, async ({ key, title, token }) => {
    const made = await rooms.create(keyOf(key), text(title, 100), token);
    socket.data.owns.add(key);
    socket.join(key);
    return { key, viewers: viewers(key), host: true, ...made };
  });
  on("join_room", requests, async (key, more) => {
    // In first, then told what there was: nothing is said between.
    await rooms.find(keyOf(key));
    socket.join(key);
    return { key, viewers: viewers(key), ...(await rooms.snapshot(key, more)) };
  });
  on("history", requests, (key, more) => rooms.snapshot(here(key), more));
  on("leave_room", requests, (key) => socket.leave(here(key)));
  on("close_room", requests, async (key, { token }) => {
    const room = await rooms.find(keyOf(key));
    const proof = socket.data.owns.has(key) ? room.token : token;
    if (!rooms.isOwner(room, proof)) throw new Error("not_owner");
    await rooms.close(key, proof);
    socket.data.owns.delete(key);
    io.to(key).emit("room_closed", { key, reason: "closed" });
  });
  on("upvote", requests, (key, more) => {
    const n = hearts.take(Math.min(1000, Math.max(1, Number(more.n) || 1)));
    likes.set(here(key), (likes.get(key) ?? 0) + n);
    return { n };
  });
  const say = (event, read) => on(event, comments, async (body) => {
    const key = here(body.roomKey);
    const number = hasNumbers && String(body.id).startsWith(`${mark}-`) ? Number(body.id.slice(mark.length + 1)) : NaN;
    const isNumbered = Number.isSafeInteger(number) && number > 0;
    const id = isNumbered ? `${mark}-${number}` : `${mark}-${(own += 1)}`;
    const name = body.name === undefined ? "" : text(body.name, 32);
    const told = { roomKey: key, ...read(body), id, ...(name && { name }), ...(Number.isSafeInteger(body.at) && { at: body.at }) };
    const { said } = await rooms.say(key, told, isNumbered ? number : undefined, mark);
    // Again too when it is a repetition: the server that took it first may not have come so far. Who has it drops it.
    if (said) io.to(key).emit(event, said);
    return { id, seq: said?.seq };
  });
  say("comment", (body) => ({ text: text(body.text, 200, 1) }));
  say("gift", ({ senderId, giftId, giftCount }) => {
    const small = (value) => {
      if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) throw new Error("bad_request");
      return value;
    };
    return { senderId: small(senderId ?? 0), giftId: small(giftId), giftCount: Math.min(1000, small(giftCount ?? 1)) };
  });
});

// Whatever this server owes the others goes on although Redis is away for a while.
const every = (ms, work) => setInterval(() => work().catch((error) => console.error(error.message)), ms);
every(100, async () => {
  for (const [key, count] of [...likes]) {
    likes.delete(key);
    if (count > 0) io.to(key).emit("upvote", await rooms.like(key, count));
  }
});
every(1_000, async () => {
  const load = JSON.stringify({ url, clients: io.engine.clientsCount });
  await redis.set(`server:${url}`, load, { PX: 3_000 });
  for (const socket of io.sockets.sockets.values()) for (const key of socket.data.owns) await rooms.keep(key);
  for (const key of await rooms.expired()) io.to(key).emit("room_closed", { key, reason: "owner_lost" });
});
await redis.set(`server:${url}`, JSON.stringify({ url, clients: 0 }), { PX: 3_000 });
http.listen(port, "127.0.0.1", () => console.log("listening"));
