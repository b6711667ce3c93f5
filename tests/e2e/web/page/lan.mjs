// node lan.mjs ONAIR WORDS…: runs `onair WORDS…`, reads the QR code out of what it prints, as a camera would, and fetches what the code
// says; then interrupts it. Writes one JSON object:
//   printed  what was printed
//   read     the code's text
//   status   the HTTP status of that address
//   code     how the command ended, and after how many ms
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';

const jsQR = createRequire(import.meta.url)('jsqr');
const [program, ...words] = process.argv.slice(2);
const MODULE = 6;

const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
let printed = '';
await new Promise((resolve) => {
  child.stdout.on('data', (data) => {
    printed += data;
    if (printed.includes('Ctrl-C')) resolve();
  });
  child.on('exit', resolve);
});

/** What a camera sees of the terminal: two modules in each character, light ones drawn. */
function picture(lines) {
  const rows = lines.flatMap((line) => {
    const letters = [...line.replace(/\x1b\[[0-9;]*m/g, '')];
    return ['█▀', '█▄'].map((light) => letters.map((letter) => light.includes(letter)));
  });
  const [width, height] = [Math.max(...rows.map((row) => row.length)) * MODULE, rows.length * MODULE];
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const value = rows[Math.floor(y / MODULE)][Math.floor(x / MODULE)] ? 255 : 0;
      pixels.set([value, value, value, 255], (y * width + x) * 4);
    }
  }
  return jsQR(pixels, width, height)?.data ?? null;
}

const read = picture(printed.split('\n').filter((line) => line.startsWith('\x1b[97;40m')));
const status = read === null ? 0 : (await fetch(read)).status;
const since = Date.now();
const ended = new Promise((resolve) => { child.on('exit', (code) => resolve({ code, ms: Date.now() - since })); });
child.kill('SIGINT');
console.log(JSON.stringify({ printed, read, status, ...await ended }));
