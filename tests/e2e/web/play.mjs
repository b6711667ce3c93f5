// Plays files in Chromium at four times their speed, and prints one JSON object for each:
//   file, ended, error    whether it came to its end, and what the browser said
//   time, frames          the last currentTime, and the pictures that were decoded
//   wide, high            the size that was seen
// Usage: node play.mjs CHROMIUM FILE...
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { chromium } from 'playwright-core';

const [executablePath, ...files] = process.argv.slice(2);

// Ranges, since a player looks for tables at the end.
const server = createServer((request, response) => {
  const file = files[Number(request.url.slice(1))];
  if (file === undefined) return response.writeHead(request.url === '/' ? 200 : 404, { 'content-type': 'text/html' }).end();
  const size = statSync(file).size;
  const asked = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const from = asked ? Number(asked[1]) : 0;
  const to = asked?.[2] ? Math.min(Number(asked[2]), size - 1) : size - 1;
  if (from > to) return response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
  const headers = { 'content-type': 'video/mp4', 'accept-ranges': 'bytes', 'content-length': to - from + 1 };
  if (asked) headers['content-range'] = `bytes ${from}-${to}/${size}`;
  response.writeHead(asked ? 206 : 200, headers);
  createReadStream(file, { start: from, end: to }).pipe(response);
});
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));

const browser = await chromium.launch({
  executablePath,
  headless: true,
  args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', '--disable-gpu', '--mute-audio'],
});
const played = [];
try {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  for (let number = 0; number < files.length; number += 1) {
    const seen = await page.evaluate(
      (url) =>
        new Promise((tell) => {
          const video = document.createElement('video');
          const done = () => {
            const { videoWidth: wide, videoHeight: high, currentTime: time, ended } = video;
            const frames = video.getVideoPlaybackQuality().totalVideoFrames;
            tell({ ended, error: video.error?.message ?? null, time, frames, wide, high });
            video.remove();
          };
          video.onended = done;
          video.onerror = done;
          setTimeout(done, 20_000);
          video.src = url;
          video.playbackRate = 4;
          document.body.append(video);
          video.play().catch(() => {});
        }),
      `/${number}`,
    );
    played.push({ file: files[number], ...seen });
  }
} finally {
  await browser.close();
  server.close();
}
console.log(JSON.stringify(played));
