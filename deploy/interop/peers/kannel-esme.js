// An ESME that is Debian's Kannel, driven over its HTTP interfaces:   node kannel-esme.js PORT
//
// Four ports from the second behind PORT on are Kannel's and this script's own. Kannel joins and splits long texts,
// submits again what is throttled, and says in its log which PDUs it gets.
'use strict';

const { execFileSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');
const { print, obey } = require('./lines');

const smpp = Number(process.argv[2]);
const [admin, smsbox, sendsms, service] = [2, 3, 4, 5].map((offset) => smpp + offset);
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'tongdai-kannel-'));
const LINKS = ['trx', 'tx', 'rx']; // Kannel's smsc-id.
const DELIVERED = 1; // Kannel's types of reports.
const FAILED = 2;
const ACCEPTED = 8;
const REFUSED = 16;
const boxes = [];

function box(program) {
  const child = spawn(program, [conf], { stdio: ['ignore', 'ignore', 'pipe'] });
  child.ended = new Promise((resolve) => child.on('exit', resolve));
  boxes.push(child);
  const log = fs.createWriteStream(path.join(work, `${program}.log`));
  child.stderr.pipe(log);
  return readline.createInterface({ input: child.stderr });
}

function configure() {
  const ports = { ADMIN: admin, SMSBOX: smsbox, SMPP: smpp, SENDSMS: sendsms, SERVICE: service };
  const template = fs.readFileSync(path.join(__dirname, 'kannel.conf'), 'utf8');
  const file = path.join(work, 'kannel.conf');
  fs.writeFileSync(file, template.replace(/@(\w+)@/g, (_, name) => ports[name]));
  return file;
}

// The log dumps each PDU over several lines: whose it is, then its type.
function watch(lines) {
  let link = null;
  lines.on('line', (line) => {
    const dump = /SMPP\[(\w+)\]: (Got|Sending) PDU/.exec(line);
    if (dump) link = dump[2] === 'Got' ? dump[1] : null;
    const type = /type_name: (unbind|unbind_resp)$/.exec(line)?.[1];
    if (type && link) print(type, { link, status: 0 });
  });
}

// Kannel gives a text of GSM-7 in UTF-8, one in UCS-2 as it came.
function decode(raw, coding) {
  const octets = Buffer.from(unescape(raw.replaceAll('+', ' ')), 'latin1');
  return coding === 8 ? octets.swap16().toString('utf16le') : octets.toString('utf8');
}

// What Kannel tells: texts, and what became of those that were submitted.
const server = http.createServer((request, response) => {
  const query = Object.fromEntries(new URL(request.url, 'http://localhost').searchParams);
  response.end();
  if (query.type === undefined) {
    const coding = query.coding === '2' ? 8 : 0;
    const text = decode(/[?&]text=([^&]*)/.exec(request.url)[1], coding);
    return print('deliver_sm', { link: query.link, from: query.from, to: query.to, coding, udh: null, text });
  }
  const type = Number(query.type);
  if (type === ACCEPTED || type === REFUSED) {
    return print('submit_sm_resp', { tag: query.tag, status: type === ACCEPTED ? 0 : 0x45, id: query.id });
  }
  return print('receipt', { text: query.text, state: type === DELIVERED ? 2 : null });
});

async function ask(port, page, query = {}) {
  const response = await fetch(`http://127.0.0.1:${port}/${page}?${new URLSearchParams(query)}`);
  return response.text();
}

async function until(ready) {
  while (!(await ready().catch(() => false))) await new Promise((resolve) => setTimeout(resolve, 50));
}

const status = () => ask(admin, 'status.txt', { password: 'local' });

async function online() {
  if (boxes.length === 0) {
    watch(box('bearerbox'));
    await until(status); // Smsbox ends where it finds no bearerbox.
    box('smsbox');
  }
  await until(async () => (await status()).match(/\(online /g).length === LINKS.length);
  await until(() => ask(sendsms, 'cgi-bin/sendsms'));
  for (const link of LINKS) print('bind_resp', { link, status: 0 });
}

async function leave() {
  const patience = new Promise((resolve) => setTimeout(resolve, 3000));
  for (const child of boxes.reverse()) child.kill('SIGTERM');
  await Promise.race([Promise.all(boxes.map((child) => child.ended)), patience]);
  for (const child of boxes) child.kill('SIGKILL');
  fs.rmSync(work, { recursive: true });
  process.exit(0);
}

const conf = configure();
server.listen(service, '127.0.0.1');
obey({
  bind: online,
  submit({ link, tag, from, to, text, coding, receipt }) {
    const told = `http://127.0.0.1:${service}/told?tag=${tag}&type=%d&id=%F&text=%A`;
    const mask = ACCEPTED + REFUSED + (receipt ? DELIVERED + FAILED : 0);
    const unicode = coding === 8 ? { coding: 2 } : {};
    const query = { username: 'tester', password: 'local', from, to, text, charset: 'UTF-8', smsc: link };
    ask(sendsms, 'cgi-bin/sendsms', { ...query, ...unicode, 'dlr-mask': mask, 'dlr-url': told });
  },
  unbind: ({ link }) => ask(admin, 'stop-smsc', { password: 'local', smsc: link }),
}, leave);

const version = execFileSync('bearerbox', ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
print('ready', { stack: `Kannel ${/version .?([\d.]+)/.exec(version)?.[1]}`, splits: true });
