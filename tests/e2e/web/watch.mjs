// Opens a page in Chromium, watches its <video>, and prints one JSON object:
//   samples          currentTime and decoded frames, twice a second
//   video            size, error and decoded bytes at the end
//   foreignRequests  requests that left the page's host
//   failedRequests   requests of the page that failed, and why
//   consoleErrors    what the page complained of
//   webSockets       the paths of the WebSockets that it opened
// Usage: node watch.mjs CHROMIUM URL SECONDS [SCREENSHOT.png]
import { chromium } from 'playwright-core';

const [executablePath, url, seconds, screenshot] = process.argv.slice(2);
const host = new URL(url).host;

const browser = await chromium.launch({
  executablePath,
  headless: true,
  args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', '--disable-gpu', '--mute-audio'],
});
const seen = { samples: [], video: null, foreignRequests: [], failedRequests: [], consoleErrors: [], webSockets: [] };
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.on('console', (message) => message.type() === 'error' && seen.consoleErrors.push(message.text()));
  page.on('pageerror', (error) => seen.consoleErrors.push(String(error)));
  page.on('request', (request) => {
    const to = new URL(request.url());
    if (to.protocol.startsWith('http') || to.protocol.startsWith('ws')) {
      if (to.host !== host) seen.foreignRequests.push(request.url());
    }
  });
  page.on('websocket', (socket) => seen.webSockets.push(new URL(socket.url()).pathname));
  page.on('requestfailed', (request) => seen.failedRequests.push(`${request.url()} ${request.failure()?.errorText}`));

  await page.goto(url, { waitUntil: 'domcontentloaded', timeout: 20_000 });
  await page.waitForSelector('video', { state: 'attached', timeout: 20_000 });
  const look = () => page.evaluate(() => {
    const video = document.querySelector('video');
    const quality = video.getVideoPlaybackQuality();
    return {
      time: video.currentTime,
      frames: quality.totalVideoFrames,
      dropped: quality.droppedVideoFrames,
      audioBytes: video.webkitAudioDecodedByteCount,
      width: video.videoWidth,
      height: video.videoHeight,
      paused: video.paused,
      error: video.error?.message ?? null,
    };
  });
  for (let i = 0; i < Number(seconds) * 2; i += 1) {
    await page.waitForTimeout(500);
    const { time, frames } = await look();
    seen.samples.push({ time, frames });
  }
  seen.video = await look();
  if (screenshot) await page.screenshot({ path: screenshot });
} finally {
  await browser.close();
}
console.log(JSON.stringify(seen));
