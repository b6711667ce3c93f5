// node studio.mjs CHROMIUM ORIGIN: the broadcaster's panel by the keyboard alone: switches beauty off and mutes, slows the network down
// and waits until the adaptation gives a reason. Writes one JSON object.
import { DESK, launch, noting } from './browser.mjs';

const [executablePath, origin] = process.argv.slice(2);
const browser = await launch(executablePath);
const seen = { foreign: [], complaints: [] };
try {
  const page = await browser.newPage(DESK);
  noting(page, new URL(origin).host, seen);
  const answer = await page.goto(`${origin}/studio`, { waitUntil: 'domcontentloaded' });
  seen.policy = answer.headers()['content-security-policy'];
  await page.waitForSelector('#beauty[aria-checked=true]');
  await page.waitForFunction(() => document.getElementById('state').textContent === 'Live', null, { timeout: 15_000 });
  for (const [id, value] of [['beauty', false], ['overlay', false], ['text', false], ['muted', true]]) {
    await page.focus(`#${id}`);
    await page.keyboard.press(' ');
    await page.waitForSelector(`#${id}[aria-checked=${value}]`);
  }
  await page.focus('#throttle');
  await page.keyboard.type('200');
  await page.waitForFunction(() => document.getElementById('throttle').value === '200000');
  await page.waitForSelector('#reasons li', { timeout: 20_000 });
  seen.reasons = await page.$$eval('#reasons li', (items) => items.map((item) => item.textContent));
  seen.state = await page.evaluate(async () => (await fetch('/api/studio')).json());
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}
