// node first.mjs PORT [ADDRESS]: the rooms of 2016, written again from their table of messages, on a present socket.io: no answers, no
// owners, no rules.
import { createServer } from "node:http";
import { Server } from "socket.io";

const rooms = new Map();
const http = createServer((request, response) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify([...rooms.values()]));
});
const io = new Server(http, { allowEIO3: true });
io.on("connection", (socket) => {
  let own;
  socket.on("create_room", (room) => {
    if (!room.key) return;
    own = room.key;
    rooms.set(own, room);
    socket.join(own);
  });
  socket.on("close_room", (key) => rooms.delete(key));
  socket.on("join_room", (key) => socket.join(key));
  socket.on("upvote", (key) => io.to(key).emit("upvote"));
  socket.on("comment", (comment) => io.to(comment.roomKey).emit("comment", comment));
  socket.on("gift", (gift) => io.to(gift.roomKey).emit("gift", gift));
  socket.on("disconnect", () => own && rooms.delete(own));
});
http.listen(Number(process.argv[2]), process.argv[3] ?? "127.0.0.1", () => console.log("listening"));
