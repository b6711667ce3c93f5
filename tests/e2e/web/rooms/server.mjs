// node server.mjs PORT: rooms with answers and owners on npm's socket.io, as docs/rooms.md has them, without numbers for
// what is said. With `pass` as a third word, only who says auth.token "pass" is let in.
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { Server } from "socket.io";

const rooms = new Map();
const http = createServer((_, response) => response.end("[]"));
const io = new Server(http, { pingInterval: 2000, pingTimeout: 1500, connectionStateRecovery: {} });
const word = process.argv[3];
io.use((socket, next) => (!word || socket.handshake.auth?.token === word ? next() : next(new Error("not authorized"))));

io.on("connection", (socket) => {
  // A handler answers with what it returns; what it throws is a refusal.
  const on = (event, handle) => socket.on(event, (...words) => {
    const answer = typeof words.at(-1) === "function" ? words.pop() : () => {};
    try {
      answer({ ok: true, ...handle(...words) });
    } catch (error) {
      answer({ ok: false, error: error.message });
    }
  });
  const room = (key) => {
    if (!rooms.has(key)) throw new Error("no_such_room");
    return rooms.get(key);
  };
  const about = (it) => ({ title: it.title, likes: it.likes, viewers: io.sockets.adapter.rooms.get(it.key)?.size ?? 0 });
  on("create_room", ({ key, title, token }) => {
    const known = rooms.get(key);
    if (known && known.token !== token) throw new Error("taken");
    const it = known ?? { key, title, likes: 0, token: token ?? randomBytes(16).toString("hex") };
    rooms.set(key, it);
    socket.join(key);
    return { key, token: it.token, resumed: Boolean(known), ...about(it) };
  });
  on("join_room", (key) => {
    const it = room(key);
    socket.join(key);
    return { ...about(it), comments: [] };
  });
  on("upvote", (key, more) => {
    const [it, n] = [room(key), more?.n ?? 1];
    it.likes += n;
    io.to(key).emit("upvote", { key, n, total: it.likes });
  });
  on("comment", (comment) => {
    room(comment.roomKey);
    io.to(comment.roomKey).emit("comment", comment);
  });
  on("close_room", (key, more) => {
    if (room(key).token !== more?.token) throw new Error("not_owner");
    rooms.delete(key);
    io.to(key).emit("room_closed", { key, reason: "closed" });
  });
});
http.listen(Number(process.argv[2]), "127.0.0.1", () => console.log("listening"));
