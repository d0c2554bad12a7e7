// Makes the pictures of the README from a real run of the sample: the tree while it runs, and the report. Needs tmux and Chrome.
//   node bin/setup.js --for test -- node bin/pictures.js
'use strict';

const { execFileSync } = require('node:child_process');
const { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');

const tool = join(__dirname, 'run.js');
const pictures = join(__dirname, '..', 'docs', 'pictures');
const size = { columns: 92, rows: 24 };
/** A run of the sample takes a minute and a half on two cores (README); a shared machine may need several times that. */
const runWithinMs = 15 * 60_000;

async function main() {
  mkdirSync(pictures, { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), 'jv-pictures-'));
  const socket = join(folder, 'tmux');
  const tmux = (...args) => execFileSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], { encoding: 'utf8', cwd: folder });
  const run = (...args) => execFileSync(process.execPath, [tool, ...args], { cwd: folder, stdio: 'ignore' });
  try {
    run('init', '--sample');
    const command = `'${process.execPath}' '${tool}' up; sleep 3600`;
    tmux('new-session', '-d', '-x', String(size.columns), '-y', String(size.rows), `env -u CI -u NO_COLOR TERM=screen-256color ${command}`);
    writeFileSync(join(pictures, 'progress.svg'), svgOf(await frameOf(tmux)));
    const [report] = globSync('.jv-staging/reports/*/report.html', { cwd: folder });
    photograph(join(folder, report));
    run('local', 'stop');
  } finally {
    try {
      tmux('kill-server');
    } catch {
      // It has ended by itself.
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Returns the screen as it stood while load was running, once the run has ended. */
async function frameOf(tmux) {
  let kept = '';
  for (const until = Date.now() + runWithinMs; Date.now() < until; await sleep(300)) {
    const frame = tmux('capture-pane', '-e', '-p');
    if (/staging is (?:green|red|inconclusive)/.test(frame)) return kept;
    if (/users/.test(frame) || (kept === '' && /Smoke/.test(frame))) kept = frame;
  }
  throw new Error(`The run did not end within ${runWithinMs / 60_000} minutes.`);
}

/** Colours of the picture: those of a dark terminal. */
const palette = ['#484f58', '#ff7b72', '#3fb950', '#d29922', '#58a6ff', '#bc8cff', '#39c5cf', '#b1bac4'];
const cell = { width: 8.4, height: 18 };

/** Returns a screen with its colours (SGR sequences) as an SVG. */
function svgOf(screen) {
  const lines = screen.trimEnd().split('\n');
  const style = { color: '#e6edf3', bold: false };
  const texts = lines.flatMap((line, row) => {
    let column = 0;
    // eslint-disable-next-line no-control-regex -- escape sequences are what is read
    return line.split(/(\u001B\[[0-9;]*m)/).flatMap((part) => {
      if (part.startsWith('\u001B[')) {
        part
          .slice(2, -1)
          .split(';')
          .forEach((code) => applyCode(style, Number(code)));
        return [];
      }
      const x = 14 + column * cell.width;
      column += [...part].length;
      if (part.trim() === '') return [];
      const weight = style.bold ? ' font-weight="bold"' : '';
      const length = ([...part].length * cell.width).toFixed(1);
      return [
        `<text x="${x.toFixed(1)}" y="${30 + row * cell.height}" textLength="${length}" fill="${style.color}"${weight}>${escaped(part)}</text>`,
      ];
    });
  });
  const width = Math.round(28 + size.columns * cell.width);
  const height = 28 + lines.length * cell.height;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14">`,
    '<title>jv-staging up, while load runs</title>',
    `<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>`,
    ...texts,
    '</svg>',
  ].join('\n')}\n`;
}

function applyCode(style, code) {
  if (code === 0) Object.assign(style, { color: '#e6edf3', bold: false });
  else if (code === 1) style.bold = true;
  else if (code === 22) style.bold = false;
  else if (code === 39) style.color = '#e6edf3';
  else if (code === 90) style.color = '#8b949e';
  else if (code >= 30 && code <= 37) style.color = palette[code - 30];
  else if (code >= 91 && code <= 97) style.color = palette[code - 90];
}

function escaped(text) {
  // Plain spaces side by side would be drawn as one.
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll(' ', '\u00A0');
}

function photograph(page) {
  const chrome = process.env.CHROME_PATH || '/usr/bin/chromium';
  const look = ['--headless', '--no-sandbox', '--hide-scrollbars', '--window-size=1000,1150'];
  execFileSync(chrome, [...look, `--screenshot=${join(pictures, 'report.png')}`, `file://${page}`], { stdio: 'ignore' });
}

void main();
