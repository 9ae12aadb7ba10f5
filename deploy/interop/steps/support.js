// What both lists of steps need: processes, a peer that speaks JSON lines, HTTP, waiting for a condition, TAP.
'use strict';

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');

const DEADLINE_MS = 30_000;
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'tongdai-interop-'));
const started = [];

function start(name, command, args, stdio = ['ignore', 'log', 'log']) {
  const log = fs.openSync(path.join(work, `${name}.log`), 'w');
  const child = spawn(command, args, { stdio: stdio.map((way) => (way === 'log' ? log : way)) });
  child.ended = new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code, signal) => resolve(signal ?? code));
  });
  started.push(child);
  return child;
}

// Asks until there is an answer.
async function until(what, ask) {
  const end = Date.now() + DEADLINE_MS;
  for (;;) {
    const found = await ask();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function read(line) {
  try {
    return JSON.parse(line);
  } catch {
    return { on: 'error', message: line };
  }
}

// A foreign program: commands go in and events come out, one JSON object a line. Each event is taken once.
class Peer {
  constructor(command, args) {
    this.events = [];
    this.child = start('peer', command, args, ['pipe', 'pipe', 'log']);
    this.child.stdin.on('error', () => {}); // It has died; the next event waits in vain and says so.
    readline.createInterface({ input: this.child.stdout }).on('line', (line) => this.events.push(read(line)));
  }

  send(command) {
    this.child.stdin.write(`${JSON.stringify(command)}\n`);
  }

  async take(on, fields = {}) {
    const fits = (event) => event.on === on && Object.entries(fields).every(([name, value]) => event[name] === value);
    const what = `${on} ${JSON.stringify(fields)}`;
    const index = await until(what, () => {
      const at = this.events.findIndex(fits) + 1;
      if (at === 0 && this.child.exitCode !== null) throw new Error(`the peer has ended before ${what}`);
      return at;
    }).catch((error) => {
      throw new Error(`${error.message}; the events at hand are ${JSON.stringify(this.events)}`);
    });
    return this.events.splice(index - 1, 1)[0];
  }
}

async function http(method, url, { body, headers, status = 200 } = {}) {
  const json = body === undefined ? {} : { 'content-type': 'application/json' };
  const response = await fetch(url, { method, headers: { ...headers, ...json }, body: JSON.stringify(body) });
  const text = await response.text();
  if (response.status !== status) throw new Error(`${method} ${url}: ${response.status} ${text}`);
  return text;
}

// Cuts a text after so many UTF-16 units, for a stack that leaves that to its caller.
function cut(text, size) {
  return Array.from({ length: Math.ceil(text.length / size) }, (_, part) => text.slice(part * size, (part + 1) * size));
}

// Takes the parts of one message from the peer, in whatever order, and joins what the peer read in them.
async function takeWhole(peer, on, fields) {
  const first = await peer.take(on, fields);
  if (!first.udh) return { ...first, parts: 1 };
  const [reference, total, number] = first.udh;
  const texts = { [number]: first.text };
  for (let left = total - 1; left > 0; left -= 1) {
    const part = await peer.take(on, fields);
    if (part.udh[0] !== reference || part.udh[1] !== total) throw new Error(`a part of another message: ${part.udh}`);
    texts[part.udh[2]] = part.text;
  }
  const text = Array.from({ length: total }, (_, part) => texts[part + 1]).join('');
  return { ...first, text, parts: total };
}

async function end() {
  for (const child of started.reverse()) child.stdin ? child.stdin.end() : child.kill('SIGTERM');
  const patience = new Promise((resolve) => setTimeout(resolve, 5000).unref());
  await Promise.race([Promise.all(started.map((child) => child.ended)), patience]);
}

// Runs the steps in their order and prints TAP; after a miss the rest is not tried.
async function run(title, steps) {
  const names = Object.keys(steps);
  console.log(`1..${names.length} # ${title}`);
  let code = 0;
  for (const [index, name] of names.entries()) {
    const before = Date.now();
    try {
      await steps[name]();
      console.log(`ok ${index + 1} ${name} # ${title}, ${Date.now() - before} ms`);
    } catch (error) {
      console.log(`not ok ${index + 1} ${name} # ${title}`);
      console.log(`${error.stack}\nlogs in ${work}`.replace(/^/gm, '# '));
      code = 1;
      break;
    }
  }
  await end();
  if (code === 0) fs.rmSync(work, { recursive: true });
  process.exit(code);
}

process.on('exit', () => started.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => end().then(() => process.exit(1)));

module.exports = { Peer, cut, http, run, start, takeWhole, until, work };
