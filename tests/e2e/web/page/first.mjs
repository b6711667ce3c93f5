// node first.mjs CHROMIUM URL: says "ready" with a browser at hand, waits until somebody serves the page, and tells in one JSON object:
//   first    ms from navigation to the first picture
//   audio    decoded bytes of sound by the time that there was some
//   state    what the page said then
import { DESK, launch, noting } from './browser.mjs';

const [executablePath, url] = process.argv.slice(2);
const browser = await launch(executablePath);
const seen = { foreign: [], complaints: [] };
try {
  const page = await browser.newPage(DESK);
  await page.addInitScript(() => addEventListener('DOMContentLoaded', () => {
    document.getElementById('video').requestVideoFrameCallback((now) => { window.firstByTest = now; });
  }));
  console.log('ready');
  const { origin } = new URL(url);
  for (let live = false; !live;) {
    const answer = await fetch(`${origin}/api/streams`).then((it) => it.json()).catch(() => null);
    live = answer?.streams.some((stream) => stream.state === 'live' && stream.video && stream.audio) ?? false;
    if (!live) await page.waitForTimeout(50);
  }
  noting(page, new URL(url).host, seen);
  await page.goto(url, { waitUntil: 'domcontentloaded' });
  await page.waitForFunction(() => window.firstByTest && window.onairStats().audioBytes > 0, null, { timeout: 15_000, polling: 20 });
  const { audioBytes, state } = await page.evaluate(() => window.onairStats());
  const first = await page.evaluate(() => window.firstByTest);
  console.log(JSON.stringify({ first, audio: audioBytes, state, ...seen }));
} finally {
  await browser.close();
}
