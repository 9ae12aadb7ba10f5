// Starts `tongdai sim` and Kannel, and lets them talk: bind, deliver_sm to HTTP, the answer as submit_sm, long and
// UCS-2 texts both ways, a message of our own with its receipt, a cut link. Needs nothing but node.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');

const [tongdai, firstPort] = [process.argv[2], Number(process.argv[3])];
const [smpp, api, admin, smsbox, sendsms, service] = [0, 1, 2, 3, 4, 5].map((offset) => firstPort + offset);
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'tongdai-kannel-'));
const started = [];
const seen = { mo: [], receipts: [] };

function start(name, command, args) {
  const log = fs.openSync(path.join(work, `${name}.log`), 'w');
  const child = spawn(command, args, { stdio: ['ignore', log, log] });
  child.on('error', (error) => console.error(`${name}: ${error.message}`));
  started.push({ name, child });
  return child;
}

function configure() {
  const ports = { ADMIN: admin, SMSBOX: smsbox, SMPP: smpp, SENDSMS: sendsms, SERVICE: service };
  const template = fs.readFileSync(path.join(__dirname, 'kannel.conf'), 'utf8');
  const file = path.join(work, 'kannel.conf');
  fs.writeFileSync(file, template.replace(/@(\w+)@/g, (_, name) => ports[name]));
  return file;
}

// The service behind Kannel: says what it was told, and notes receipts.
const server = http.createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  const query = Object.fromEntries(url.searchParams);
  if (url.pathname === '/receipt') {
    seen.receipts.push(query);
    response.end();
    return;
  }
  seen.mo.push(query);
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.end(`Da nhan: ${query.text}`);
});

async function call(method, route, body) {
  const options = { method };
  if (body) Object.assign(options, { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  const response = await fetch(`http://127.0.0.1:${api}${route}`, options);
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

// Asks until there is an answer, for 20 seconds at most.
async function until(what, ask) {
  for (let left = 200; left > 0; left -= 1) {
    const found = await ask().catch(() => null);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`waited in vain for ${what}`);
}

const bound = (after) => async () =>
  (await call('GET', '/binds')).find((bind) => bind.mode === 'transceiver' && bind.id > after);

const phone = '84905123456';
const send = (text, more) =>
  call('POST', `/phones/${phone}/send`, { to: '8383', text, wait_s: 10, ...more });

async function talk() {
  const bind = await until('the bind', bound(0));
  assert.equal(bind.system_id, 'kannel');
  console.log('ok bind_transceiver');

  const short = await send('XNC 13557009');
  assert.equal(short.outcome, 'acknowledged');
  assert.deepEqual(short.replies.map((reply) => reply.text), ['Da nhan: XNC 13557009']);
  assert.equal(seen.mo[0].from.replace('+', ''), phone);
  assert.equal(seen.mo[0].to, '8383');
  console.log('ok deliver_sm to HTTP, the answer by submit_sm');

  const long = 'Toi muon hoi ve ho so cua toi. '.repeat(10).trim();
  const joined = await send(long);
  assert.equal(seen.mo.at(-1).text, long);
  assert.equal(joined.replies[0].text, `Da nhan: ${long}`);
  assert.ok(joined.replies[0].parts > 1);
  console.log('ok long texts in parts, both ways');

  await send('Đăng ký tạm trú');
  assert.equal(seen.mo.at(-1).coding, '2');
  console.log('ok UCS-2');

  const cursor = (await call('GET', `/phones/${phone}/messages/latest`)).cursor;
  const query = new URLSearchParams({
    username: 'tester',
    password: 'local',
    from: '8383',
    to: phone,
    text: 'Ma cua ban: 123456',
    'dlr-mask': '31',
    'dlr-url': `http://127.0.0.1:${service}/receipt?type=%d`,
  });
  const accepted = await fetch(`http://127.0.0.1:${sendsms}/cgi-bin/sendsms?${query}`);
  assert.equal(accepted.status, 202);
  const notice = await call('GET', `/phones/${phone}/messages/latest?wait=10s&after=${cursor}`);
  assert.equal(notice.text, 'Ma cua ban: 123456');
  assert.equal(notice.registered_delivery, true);
  await until('the receipt', async () => seen.receipts.some((receipt) => receipt.type === '1'));
  console.log('ok submit_sm and its receipt');

  await call('POST', `/binds/${bind.id}/drop`);
  await until('the second bind', bound(bind.id));
  assert.equal((await send('XNC 13557009')).outcome, 'acknowledged');
  console.log('ok a cut link is bound again');

  const stats = await call('GET', '/stats');
  assert.equal(stats.odd, 0, 'Kannel sent something that we could not place');
}

async function main() {
  await new Promise((resolve) => server.listen(service, '127.0.0.1', resolve));
  const conf = configure();
  start('sim', tongdai, ['sim', '--listen', `127.0.0.1:${smpp}`, '--http', `127.0.0.1:${api}`]);
  await until('the simulator', () => call('GET', '/stats'));
  start('bearerbox', 'bearerbox', [conf]);
  await until('bearerbox', async () => (await fetch(`http://127.0.0.1:${admin}/status.txt?password=local`)).ok);
  start('smsbox', 'smsbox', [conf]);
  await until('smsbox', async () => (await fetch(`http://127.0.0.1:${sendsms}/cgi-bin/sendsms`)).status > 0);
  await talk();
}

function stop() {
  for (const { child } of started.reverse()) child.kill('SIGTERM');
  server.close();
  server.closeAllConnections();
}

main()
  .then(() => {
    stop();
    fs.rmSync(work, { recursive: true });
    console.log('ok foreign-esme: kannel has bound, received, answered, and got its receipt');
  })
  .catch((error) => {
    stop();
    console.error(`FAIL foreign-esme: ${error.message}; logs in ${work}`);
    process.exitCode = 1;
  })
  .finally(() => setTimeout(() => process.exit(), 2000).unref());
