// How far behind its server a watch page shows a stream. Reads the frame number off the pictures as they are presented, and
// takes the same stream as FLV beside the page to know when each picture came to the server. Writes one JSON object:
//   arrived  [timestamp, wall clock] of each picture of the FLV stream, ms
//   shown    [frame number, wall clock] of each picture that the page presented, ms
//   stalls   how often the picture stood still for want of data after it had begun
//   first    ms from navigation to the first picture
//   player   what played it
// Usage: node latency.mjs CHROMIUM PAGE FLV SECONDS FILE.flv; the file gets what the FLV stream began with.
import { writeFileSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { numbers } from './numbers.mjs';

const [executablePath, url, flv, seconds, file] = process.argv.slice(2);
const arrived = [];
/** Enough of the stream to read a few numbers from. */
const kept = { bytes: [], until: 0 };

/** Follows an FLV stream tag by tag: 11 bytes of header, the body, 4 bytes of size. */
async function follow(signal) {
  const answer = await fetch(flv, { signal });
  let rest = Buffer.alloc(0);
  let begun = false;
  for await (const chunk of answer.body) {
    const now = performance.timeOrigin + performance.now();
    kept.until ||= now + 1500;
    if (now < kept.until) kept.bytes.push(chunk);
    rest = Buffer.concat([rest, chunk]);
    if (!begun && rest.length >= 13) { rest = rest.subarray(13); begun = true; }
    while (begun && rest.length >= 11 && rest.length >= 15 + rest.readUIntBE(1, 3)) {
      const size = rest.readUIntBE(1, 3);
      const isPicture = rest[0] === 9 && rest[12] === 1;
      if (isPicture) arrived.push([rest.readUIntBE(4, 3) + rest[7] * 2 ** 24, now]);
      rest = rest.subarray(15 + size);
    }
  }
}

const browser = await chromium.launch({
  executablePath,
  headless: true,
  args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', '--disable-gpu', '--mute-audio'],
});
const ending = new AbortController();
const following = follow(ending.signal).catch(() => {});
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.addInitScript(numbers);
  await page.addInitScript(() => {
    const seen = { shown: [], stalls: 0 };
    window.seenByTest = seen;
    addEventListener('DOMContentLoaded', () => {
      const video = document.getElementById('video');
      video.addEventListener('waiting', () => { if (seen.shown.length && !video.seeking) seen.stalls += 1; });
      const each = (now, { expectedDisplayTime }) => {
        const number = window.readNumber(video);
        if (number !== null) seen.shown.push([number, performance.timeOrigin + Math.max(now, expectedDisplayTime)]);
        seen.first ??= now;
        video.requestVideoFrameCallback(each);
      };
      video.requestVideoFrameCallback(each);
    });
  });
  await page.goto(url, { waitUntil: 'domcontentloaded', timeout: 20_000 });
  await page.waitForFunction(() => window.seenByTest.shown.length > 0, null, { timeout: 20_000 });
  await page.waitForTimeout(Number(seconds) * 1000);
  const seen = await page.evaluate(() => window.seenByTest);
  const player = await page.evaluate(() => window.onairStats().player);
  writeFileSync(file, Buffer.concat(kept.bytes));
  console.log(JSON.stringify({ arrived, player, ...seen }));
} finally {
  ending.abort();
  await following;
  await browser.close();
}
