// How a low-latency player stays beside its live edge: from where it is to what it does about it. It touches no
// player and reads no clock, so that a test can run it on figures alone. Seconds throughout.

/** So far behind where the playlist lets it be: what a picture takes from there to the screen, and a little in hand. */
const AIM = 0.12;
/** So far off, the speed is changed, until there is next to nothing left. */
const OFF = 0.08;
const THERE = 0.02;
/** Sound keeps its pitch, and nobody hears so much. */
const FASTEST = 1.1;
const SLOWEST = 0.95;
const SPEED_PER_SECOND_OFF = 0.4;
/** Playing faster, and a jump, leave so much in hand. */
const IN_HAND = 0.4;
/** At first, while the page is silent, a jump is not heard: old pictures are skipped at once. */
const BEGINNING = 3;
const JUMP_AT_FIRST = 0.2;
const BETWEEN_FIRST_JUMPS = 0.5;
/** Later a jump is a hiccup, and playing faster does for anything less. */
const JUMP_LATER = 0.6;
const BETWEEN_LATER_JUMPS = 2;

export class Pace {
  constructor() {
    this.begun = null;
    this.jumped = -Infinity;
    this.isCorrecting = false;
  }

  /**
   * What to do at `now`, playing `late` behind where the playlist lets a player be, with `ahead` of data in hand: a jump
   * forward (0 for none) and a speed.
   */
  look(now, late, ahead) {
    this.begun ??= now;
    const isBeginning = now - this.begun < BEGINNING;
    const off = late - AIM;
    const most = isBeginning ? JUMP_AT_FIRST : JUMP_LATER;
    const between = isBeginning ? BETWEEN_FIRST_JUMPS : BETWEEN_LATER_JUMPS;
    if (late > most && now - this.jumped >= between && ahead - off >= IN_HAND) {
      this.jumped = now;
      this.isCorrecting = false;
      return { jump: off, rate: 1 };
    }
    this.isCorrecting = Math.abs(off) > (this.isCorrecting ? THERE : OFF);
    if (!this.isCorrecting || (off > 0 && ahead < IN_HAND)) return { jump: 0, rate: 1 };
    return { jump: 0, rate: Math.min(FASTEST, Math.max(SLOWEST, 1 + SPEED_PER_SECOND_OFF * off)) };
  }
}
