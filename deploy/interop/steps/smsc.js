// The eight steps with a foreign SMSC and `tongdai run`.
//
//   node smsc.js NAME TONGDAI FIRST-PORT COMMAND…     (COMMAND starts the SMSC; the port is added to it)
//
// Three binds: a transceiver with a window of one, and a transmitter with its receiver.
'use strict';

const assert = require('node:assert/strict');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { Peer, cut, http, run, start, takeWhole, until, work } = require('./support');

const [name, tongdai, firstPort, command, ...args] = process.argv.slice(2);
const [smppPort, httpPort] = [Number(firstPort), Number(firstPort) + 1];
const api = `http://127.0.0.1:${httpPort}`;
const services = path.join(__dirname, '../../services');
const RTHROTTLED = 0x58;

// What a service's file says in a role, with its places filled.
function said(file, role, values = {}) {
  const pack = fs.readFileSync(file, 'utf8');
  const text = pack.slice(pack.indexOf(`[template."${role}"]`)).match(/^text = (".*")$/m)[1];
  return JSON.parse(text).replace(/\{(\w+)\}/g, (_, place) => values[place]);
}

const probe = path.join(__dirname, 'probe.toml');
const notFound = said(path.join(services, 'hue-xnc.toml'), 'dossier.not_found', { code: '13557009' });
const help = said(path.join(services, 'trutnov.toml'), 'help');

const peer = new Peer(command, [...args, String(smppPort)]);
const links = {};
let daemon;
let tags = 0;

function startDaemon() {
  const file = (called, text) => {
    fs.writeFileSync(path.join(work, called), text, { mode: 0o600 });
    return path.join(work, called);
  };
  fs.mkdirSync(path.join(work, 'services'));
  for (const pack of fs.readdirSync(services).filter((each) => each.endsWith('.toml'))) {
    fs.copyFileSync(path.join(services, pack), path.join(work, 'services', pack));
  }
  fs.copyFileSync(probe, path.join(work, 'services', 'probe.toml'));
  const password = file('password', 'secret');
  const tokens = file('tokens', `steps ${createHash('sha256').update('token').digest('hex')}\n`);
  const key = path.join(work, 'key');
  const smsc = (bind, systemId, window) => [
    '--smsc',
    `name=${bind},host=127.0.0.1,port=${smppPort},bind=${bind},system-id=${systemId},password-file=${password},window=${window}`,
  ];
  return start('key', tongdai, ['key', 'new', key]).ended.then(() =>
    start('tongdai', tongdai, [
      'run', ...smsc('trx', 'alone', 1), ...smsc('tx', 'pair', 10), ...smsc('rx', 'pair', 10),
      '--services', path.join(work, 'services'), '--data', path.join(work, 'data'), '--key-file', key,
      '--http', `127.0.0.1:${httpPort}`, '--http-tokens', tokens,
    ]),
  );
}

// The sum of a metric's samples that hold all the labels.
async function metric(called, ...labels) {
  const page = await http('GET', `${api}/metrics`);
  const lines = page.split('\n').filter((line) => line.startsWith(`${called}{`));
  const held = lines.filter((line) => labels.every((label) => line.includes(label)));
  return held.reduce((sum, line) => sum + Number(line.split(' ').pop()), 0);
}

async function deliver(fields) {
  tags += 1;
  peer.send({ do: 'deliver', link: links.trx, tag: tags, coding: 0, udh: null, ...fields });
  return (await peer.take('deliver_sm_resp', { tag: tags })).status;
}

async function ask(from, to, text, more) {
  assert.equal(await deliver({ from, to, text, ...more }), 0);
}

const answer = (to, more) => takeWhole(peer, 'submit_sm', { to, status: 0, ...more });

async function bound() {
  for (const mode of ['transceiver', 'transmitter', 'receiver']) {
    const systemId = mode === 'transceiver' ? 'alone' : 'pair';
    const bind = await peer.take('bind', { mode, system_id: systemId });
    assert.equal(bind.password, 'secret');
    links[{ transceiver: 'trx', transmitter: 'tx', receiver: 'rx' }[mode]] = bind.link;
  }
  await until('three bound links', async () => (await metric('tongdai_smsc_bound')) === 3);
}

async function bind() {
  await peer.take('listening').then(({ stack }) => console.log(`# ${stack}`));
  daemon = await startDaemon();
  await until('the API', () => http('GET', `${api}/readyz`).then(() => true, () => false));
  await bound();
  for (const link of Object.values(links)) {
    peer.send({ do: 'enquire_link', link });
    await peer.take('enquire_link_resp', { link });
  }
}

async function mo() {
  await ask('84905123456', '8383', 'XNC 13557009');
  await ask('84905123457', '8383', 'XNC 13557009', { link: links.rx });
  await ask('84905123458', '8000', 'LETTERS');
  await ask('VIETTEL', '8383', 'XNC 13557009');
  await until('two look-ups', async () => (await metric('tongdai_messages_total', 'hue-xnc', 'H-ST-NOTFOUND')) === 2);
}

async function reply() {
  const alone = await answer('84905123456', { link: links.trx });
  assert.deepEqual([alone.from, alone.coding, alone.registered_delivery, alone.text], ['8383', 0, 0, notFound]);
  const paired = await answer('84905123457', { link: links.tx });
  assert.deepEqual([paired.from, paired.text], ['8383', notFound]);
  assert.equal((await answer('84905123458')).text, said(probe, 'letters'));
}

// Each way to write a receipt ends in an account that its password opens. The last is of the pair: what its transmitter
// submitted is told to its receiver.
async function receipt() {
  const body = (id) => `id:${id} sub:001 dlvrd:001 submit date:2601010000 done date:2601010000 stat:DELIVRD err:000 text:`;
  const forms = [(id) => ({ text: body(id) }), (id) => ({ text: '', tlv: id }), (id) => ({ text: body(id), tlv: id })];
  for (const [index, form] of forms.entries()) {
    const [from, id] = [`8498765432${index}`, `20123456${index}`];
    const [by, back] = index === 2 ? [links.rx, links.tx] : [links.trx, links.trx];
    await ask(from, '8188', `TK,Nguyen Van An,${id},01.02.1990`, { link: by });
    const issued = await answer(from, { link: back });
    assert.equal(issued.registered_delivery & 3, 1);
    peer.send({ do: 'receipt', link: by, tag: `receipt ${index}`, from, to: '8188', ...form(issued.id) });
    assert.equal((await peer.take('deliver_sm_resp', { tag: `receipt ${index}` })).status, 0);
    await until('the receipt', async () => (await metric('tongdai_receipts_total', '"matched"')) === index + 1);
    const password = /MK: (\S{10}) /.exec(issued.text)?.[1];
    const login = { service: 'danang', username: id, password };
    const entered = await http('POST', `${api}/login`, { body: login, headers: { authorization: 'Bearer token' } });
    assert.equal(JSON.parse(entered).result, 'logged_in');
  }
  peer.send({ do: 'receipt', link: links.trx, tag: 'stray', from: '84987654320', to: '8188', text: body('ffff') });
  assert.equal((await peer.take('deliver_sm_resp', { tag: 'stray' })).status, 0);
}

// By header, by parameters, and in one piece. The code is cut by a border of parts, and the last part comes first.
async function long() {
  const parts = ['Xin chao. '.repeat(15), 'Xin chao. '.repeat(10) + 'XNC 1355', '7009 ' + 'cam on '.repeat(15)];
  for (const number of [3, 1, 2]) {
    await ask('84911222333', '8383', parts[number - 1], { udh: [77, 3, number] });
  }
  assert.equal((await answer('84911222333')).text, notFound);
  for (const number of [3, 1, 2]) {
    await ask('84911222333', '8383', parts[number - 1], { sar: [0x1234, 3, number] });
  }
  assert.equal((await answer('84911222333')).text, notFound);
  await ask('84911222333', '8383', parts.join(''), { payload: true });
  assert.equal((await answer('84911222333')).text, notFound);
  await ask('84911222333', '8000', 'LONG');
  const joined = await answer('84911222333');
  assert.equal(joined.text, said(probe, 'long'));
  assert.equal(joined.parts, 3);
}

async function ucs2() {
  await ask('84911222444', '8383', 'XNC mã hồ sơ 13557009, cảm ơn 🙏', { coding: 8 });
  assert.equal((await answer('84911222444')).text, notFound);
  await ask('420602123456', '420739547765', 'Děkuji, POMOC, děkuji', { coding: 8 });
  assert.equal((await answer('420602123456')).text, help);
  const parts = cut('Xin chào. '.repeat(12) + 'XNC mã hồ sơ 13557009', 67);
  for (const [index, text] of parts.entries()) {
    await ask('84911222444', '8383', text, { coding: 8, udh: [78, parts.length, index + 1] });
  }
  assert.equal((await answer('84911222444')).text, notFound);
}

async function throttle() {
  peer.send({ do: 'answer', status: RTHROTTLED, times: 2 });
  const phones = ['84905000001', '84905000002', '84905000003'];
  for (const phone of phones) await ask(phone, '8383', 'XNC 13557009');
  const submits = [];
  for (let left = phones.length + 2; left > 0; left -= 1) submits.push(await peer.take('submit_sm'));
  assert.deepEqual(submits.map((submit) => submit.status), [RTHROTTLED, RTHROTTLED, 0, 0, 0]);
  assert.deepEqual(submits.map((submit) => submit.to), [phones[0], phones[0], ...phones]);
  assert.equal(await metric('tongdai_submits_total', '"throttled"'), 2);
  assert.equal(await metric('tongdai_resent_total'), 0);
}

// Ours answers and binds again; then it leaves by itself.
async function unbind() {
  for (const link of Object.values(links)) {
    peer.send({ do: 'unbind', link });
    await peer.take('unbind_resp', { link, status: 0 });
  }
  await bound();
  await ask('84905123459', '8383', 'XNC 13557009');
  assert.equal((await answer('84905123459')).text, notFound);
  daemon.kill('SIGTERM');
  for (const link of Object.values(links)) await peer.take('unbind', { link });
  assert.equal(await daemon.ended, 0);
  const answered = peer.events.filter((event) => ['submit_sm', 'deliver_sm_resp', 'error'].includes(event.on));
  assert.deepEqual(answered, [], 'nobody asked for these');
}

run(`${name} as SMSC, tongdai run`, { bind, MO: mo, reply, receipt, 'long message': long, 'UCS-2': ucs2, throttle, unbind });
