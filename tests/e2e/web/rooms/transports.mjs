// node transports.mjs URL: creates, joins, likes, comments and closes with npm's client, by polling only, with an upgrade,
// and by WebSocket only. Writes one JSON object: what each transport saw.
import { io } from "socket.io-client";

const url = process.argv[2];
const ways = { polling: ["polling"], upgrade: ["polling", "websocket"], websocket: ["websocket"] };
const patience = 10_000;

const connected = (socket) => new Promise((resolve, reject) => {
  socket.on("connect", resolve);
  socket.on("connect_error", reject);
});
const ask = (socket, ...request) => socket.timeout(patience).emitWithAck(...request);
const heard = (socket, event) => new Promise((resolve, reject) => {
  const late = setTimeout(() => reject(new Error(`no ${event}`)), patience);
  socket.once(event, (...what) => {
    clearTimeout(late);
    resolve(what);
  });
});

async function visit(name, transports) {
  const options = { transports, forceNew: true, reconnection: false };
  const [host, viewer] = [io(url, options), io(url, options)];
  const upgraded = name === "upgrade" ? new Promise((resolve) => viewer.io.engine.once("upgrade", () => resolve(true))) : true;
  await Promise.all([connected(host), connected(viewer)]);
  const key = `room-${name}`;
  const created = await ask(host, "create_room", { key, title: "A show" });
  const again = await ask(viewer, "create_room", { key, title: "Mine" });
  const joined = await ask(viewer, "join_room", key);
  const stranger = await ask(viewer, "close_room", key);
  await upgraded;
  const told = [heard(host, "upvote"), heard(host, "comment"), heard(viewer, "comment"), heard(viewer, "gift")];
  const liked = await ask(viewer, "upvote", key);
  const said = await ask(viewer, "comment", { roomKey: key, text: "Hello <b>there</b>", name: "Ada" });
  await ask(viewer, "gift", { roomKey: key, senderId: 7, giftId: 2, giftCount: 3 });
  const [[upvote], [comment], [own], [gift]] = await Promise.all(told);
  const list = await (await fetch(`${url}/rooms`)).json();
  const over = heard(viewer, "room_closed");
  const closed = await ask(host, "close_room", key);
  const [end] = await over;
  const listed = list.find((room) => room.key === key);
  const after = await (await fetch(`${url}/rooms`)).json();
  const transport = viewer.io.engine.transport.name;
  host.close();
  viewer.close();
  return {
    transport, created, again, joined, stranger, liked, said, upvote, comment, own, gift, listed, closed, end,
    gone: !after.some((room) => room.key === key),
    secrets: JSON.stringify([list, upvote, comment, gift, joined, end]).includes(created.token),
  };
}

const seen = {};
for (const [name, transports] of Object.entries(ways)) seen[name] = await visit(name, transports);
console.log(JSON.stringify(seen));
process.exit(0);
