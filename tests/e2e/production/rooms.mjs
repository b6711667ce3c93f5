// The state of all rooms, in Redis: what every server has to agree on. Each change that depends on what stands there is one
// script, so that two servers cannot both win.
//
//   room:KEY       hash: title, token, publish_key, likes, seq, epoch; lives as long as its host comes back in time
//   said:KEY       list: the last comments and gifts as JSON, oldest first
//   mark:MARK      hash: secret, last: whose ids these are, and the last number that was taken
//   publish:PK     the room that a publish key belongs to
//   rooms          set: keys of rooms that were made and not yet told to be over
import { randomBytes, timingSafeEqual } from "node:crypto";

export const HISTORY = 200;
const SESSION_S = 600;

const CREATE = `
if redis.call('EXISTS', KEYS[1]) == 1 then
  if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return {'taken'} end
  redis.call('PERSIST', KEYS[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[6])
  return {'resumed'}
end
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[1], 'title', ARGV[2], 'token', ARGV[1], 'publish_key', ARGV[3], 'epoch', ARGV[4], 'likes', 0, 'seq', 0)
redis.call('PEXPIRE', KEYS[1], ARGV[6])
redis.call('SET', 'publish:' .. ARGV[3], ARGV[5])
redis.call('SADD', 'rooms', ARGV[5])
return {'created'}`;

// An id that was taken is answered with what was said then; a new one gets the room's next number.
const SAY = `
if redis.call('EXISTS', KEYS[1]) == 0 then return {'no_such_room'} end
local number = tonumber(ARGV[2])
if number then
  local last = tonumber(redis.call('HGET', KEYS[3], 'last') or '0')
  if number <= last then
    for _, said in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
      if cjson.decode(said).id == ARGV[3] then return {'duplicate', said} end
    end
    return {'duplicate'}
  end
  redis.call('HSET', KEYS[3], 'last', number)
end
local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
local said = string.sub(ARGV[1], 1, -2) .. ',"seq":' .. seq .. '}'
redis.call('RPUSH', KEYS[2], said)
redis.call('LTRIM', KEYS[2], -${HISTORY}, -1)
return {'said', said}`;

const CLOSE = `
if ARGV[1] ~= '' and redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then
  return redis.call('EXISTS', KEYS[1]) == 1 and 'not_owner' or 'no_such_room'
end
local publish = redis.call('HGET', KEYS[1], 'publish_key')
if publish then redis.call('DEL', 'publish:' .. publish) end
redis.call('DEL', KEYS[1], KEYS[2])
return redis.call('SREM', 'rooms', ARGV[2]) == 1 and 'closed' or 'no_such_room'`;

const LIKE = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
return redis.call('HINCRBY', KEYS[1], 'likes', ARGV[1])`;

const CLAIM = `
local secret = redis.call('HGET', KEYS[1], 'secret')
if secret and secret ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'secret', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1`;

const hex = (bytes) => randomBytes(bytes).toString("hex");
const isHex = (text, length) => typeof text === "string" && text.length === length && /^[0-9a-f]*$/i.test(text);

export class Rooms {
  constructor(redis, graceMs) {
    this.redis = redis;
    this.graceMs = graceMs;
  }

  #run(script, keys, args) {
    return this.redis.eval(script, { keys, arguments: args.map(String) });
  }

  // The mark that a client brings, when nobody else has it; otherwise a new one without numbers of its own.
  async claim(auth) {
    const { mark, secret } = auth?.onair ?? {};
    const isWhole = isHex(mark, 16) && isHex(secret, 32);
    const isOurs = isWhole && (await this.#run(CLAIM, [`mark:${mark}`], [secret, SESSION_S])) === 1;
    return isOurs ? { mark, hasNumbers: true } : { mark: hex(8), hasNumbers: false };
  }

  async create(key, title, token) {
    const mine = isHex(token, 32) ? token : hex(16);
    const fresh = [mine, title, `pk-${hex(16)}`, hex(8), key, this.graceMs];
    const [how] = await this.#run(CREATE, [`room:${key}`, `said:${key}`], fresh);
    if (how === "taken") throw new Error("taken");
    const room = await this.find(key);
    return { ...(await this.snapshot(key)), token: mine, publish_key: room.publish_key, resumed: how === "resumed" };
  }

  async find(key) {
    const room = await this.redis.hGetAll(`room:${key}`);
    if (!room.token) throw new Error("no_such_room");
    return room;
  }

  isOwner(room, token) {
    return isHex(token, 32) && timingSafeEqual(Buffer.from(room.token), Buffer.from(token));
  }

  // What somebody is told who comes in, or who missed something: all after `since`, as far as it is kept.
  async snapshot(key, more) {
    const room = await this.find(key);
    const kept = (await this.redis.lRange(`said:${key}`, 0, -1)).map((said) => JSON.parse(said));
    const since = more?.epoch === room.epoch && Number.isInteger(more.since) ? more.since : 0;
    const seq = Number(room.seq);
    const from = Math.max(kept.at(0)?.seq ?? seq + 1, since + 1);
    const comments = kept.filter((said) => said.seq > since);
    return { title: room.title, likes: Number(room.likes), epoch: room.epoch, seq, from, to: seq, comments };
  }

  // What was said, and whether for the first time.
  async say(key, body, number, mark) {
    const keys = [`room:${key}`, `said:${key}`, `mark:${mark}`];
    const [how, said] = await this.#run(SAY, keys, [JSON.stringify(body), number ?? "", body.id]);
    if (how === "no_such_room") throw new Error(how);
    return { isNew: how === "said", said: said && JSON.parse(said) };
  }

  async like(key, count) {
    return { key, n: count, total: await this.#run(LIKE, [`room:${key}`], [count]) };
  }

  async close(key, token) {
    const how = await this.#run(CLOSE, [`room:${key}`, `said:${key}`], [isHex(token, 32) ? token : "none", key]);
    if (how !== "closed") throw new Error(how);
  }

  // The host is here: the room lives that much longer.
  async keep(key) {
    await this.redis.pExpire(`room:${key}`, this.graceMs);
  }

  // The rooms whose hosts did not come back, each told to one server alone.
  async expired() {
    const over = [];
    for (const key of await this.redis.sMembers("rooms")) {
      if (await this.redis.exists(`room:${key}`)) continue;
      if ((await this.redis.sRem("rooms", key)) === 1) over.push(key);
    }
    return over;
  }

  // The room whose stream a publisher with this key sends; nothing when it is none.
  roomOf(publishKey) {
    return /^pk-[0-9a-f]{32}$/.test(publishKey) ? this.redis.get(`publish:${publishKey}`) : null;
  }
}
