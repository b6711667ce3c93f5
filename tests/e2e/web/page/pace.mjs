// node pace.mjs PACE.js: the watch page's `Pace` beside a live edge that goes on by a second each second, on figures alone.
// Writes one JSON object: for each show, how late it is at its end, its jumps, and its fastest and slowest speed.
import { readFileSync } from 'node:fs';

const source = readFileSync(process.argv[2]);
const { Pace } = await import(`data:text/javascript;base64,${source.toString('base64')}`);

/** `ahead` of data is what lies between the player and the newest part, three parts behind which is its place. */
const PARTS_BEHIND = 0.75;
const STEP = 0.1;

/** `late` at first; `stalls` are `[at, seconds]`; `buffered(late)` is what is in hand. */
function show(late, seconds, stalls = [], buffered = (by) => by + PARTS_BEHIND) {
  const pace = new Pace();
  const seen = { jumps: [], fastest: 1, slowest: 1, rate: 1 };
  for (let step = 0; step * STEP < seconds; step += 1) {
    const now = step * STEP;
    for (const [at, of] of stalls) if (Math.abs(now - at) < STEP / 2) late += of;
    const { jump, rate } = pace.look(now, late, buffered(late));
    if (jump > 0) seen.jumps.push(Number(now.toFixed(1)));
    late -= jump + (rate - 1) * STEP;
    seen.rate = rate;
    seen.fastest = Math.max(seen.fastest, rate);
    seen.slowest = Math.min(seen.slowest, rate);
  }
  return { ...seen, late };
}

console.log(JSON.stringify({
  onTime: show(0.12, 60),
  joinedLate: show(1.5, 10),
  joinedLateWithNothingInHand: show(1.5, 2, [], () => 0.3),
  stumbled: show(0.12, 20, [[10, 0.4]]),
  stumbledWithNothingInHand: show(0.12, 20, [[10, 0.4]], () => 0.2),
  stoodStill: show(0.12, 20, [[10, 2]]),
  stoodStillTwice: show(0.12, 20, [[10, 2], [10.5, 2]]),
  tooSoon: show(-0.2, 20),
}));
