// One set-up at a time in a folder: two at once would write over one another.
'use strict';

const { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { say } = require('./run-quietly.js');

const lock = join(__dirname, '..', '..', '.jv-staging', 'setup.lock');
const pollMs = 200;
const beatMs = 5_000;
/** A holder that has not touched its lock for so long is gone, even if its process number lives on as another program. */
const staleMs = 60_000;

/** Runs `work` while no other set-up of this folder works; waits for one that does. */
async function locked(work) {
  mkdirSync(dirname(lock), { recursive: true, mode: 0o700 });
  let told = false;
  while (!claim()) {
    const holder = liveHolder(lock);
    if (holder === undefined) {
      removeStale();
      continue;
    }
    if (!told) say(`waiting for another set-up of this folder (process ${holder}) …`);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  const release = () => rmSync(lock, { force: true });
  const beat = setInterval(() => utimesSync(lock, new Date(), new Date()), beatMs);
  process.on('exit', release);
  try {
    await work();
  } finally {
    clearInterval(beat);
    release();
    process.off('exit', release);
  }
}

/** Puts our process number in place, whole or not at all. */
function claim() {
  const own = `${lock}.${process.pid}`;
  writeFileSync(own, String(process.pid), { mode: 0o600 });
  try {
    linkSync(own, lock);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

/** The process that holds a lock file, or undefined when it is gone. */
function liveHolder(file) {
  try {
    if (Date.now() - statSync(file).mtimeMs > staleMs) return undefined;
    const pid = Number(readFileSync(file, 'utf8'));
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return error.code === 'EPERM' ? 'of another user' : undefined;
  }
}

/** Takes a stale lock away; gives it back when somebody has put a live one in its place meanwhile. */
function removeStale() {
  const aside = `${lock}.stale-${process.pid}`;
  try {
    renameSync(lock, aside);
    if (liveHolder(aside) !== undefined) linkSync(aside, lock);
  } catch {
    // Another one took it away first.
  }
  rmSync(aside, { force: true });
}

module.exports = { locked };
