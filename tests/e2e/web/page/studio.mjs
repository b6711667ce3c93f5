// node studio.mjs CHROMIUM URL: the broadcaster's panel by the keyboard alone, at first without the token that stands behind the
// URL's `#`: switches beauty off and mutes, slows the network down and waits until the adaptation gives a reason. Writes one JSON
// object.
import { DESK, launch, noting } from './browser.mjs';

const [executablePath, url] = process.argv.slice(2);
const { origin, hash } = new URL(url);
const browser = await launch(executablePath);
const seen = { foreign: [], complaints: [] };
try {
  const page = await browser.newPage(DESK);
  noting(page, new URL(origin).host, seen);
  const answer = await page.goto(`${origin}/studio`, { waitUntil: 'domcontentloaded' });
  seen.policy = answer.headers()['content-security-policy'];
  await page.waitForSelector('#token-form:not([hidden])');
  // That it was refused is all there is to complain of.
  seen.complaints = seen.complaints.filter((complaint) => !complaint.includes('403'));
  await page.focus('#token');
  await page.keyboard.type(new URLSearchParams(hash.slice(1)).get('token'));
  await page.keyboard.press('Enter');
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
  // Another tab with the printed address needs to be asked nothing, and does not show the token.
  const other = await browser.newPage(DESK);
  noting(other, new URL(origin).host, seen);
  await other.goto(url, { waitUntil: 'domcontentloaded' });
  await other.waitForSelector('#muted[aria-checked=true]');
  seen.address = other.url();
  const headers = { Authorization: `Bearer ${new URLSearchParams(hash.slice(1)).get('token')}` };
  seen.state = await page.evaluate(async (given) => (await fetch('/api/studio', { headers: given })).json(), headers);
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}
