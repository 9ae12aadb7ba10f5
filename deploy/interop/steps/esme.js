// The eight steps with a foreign ESME and `tongdai sim`.
//
//   node esme.js NAME TONGDAI FIRST-PORT COMMAND…     (COMMAND starts the ESME; the simulator's port is added to it)
//
// Three binds: a transceiver, and a transmitter with its receiver. What comes by one of the receiving links is answered
// by its sister.
'use strict';

const assert = require('node:assert/strict');
const { Peer, cut, http, run, start, takeWhole, until } = require('./support');

const [name, tongdai, firstPort, command, ...args] = process.argv.slice(2);
const [smppPort, httpPort] = [Number(firstPort), Number(firstPort) + 1];
const RTHROTTLED = 0x58;
const LINKS = { trx: ['transceiver', 'alone'], tx: ['transmitter', 'pair'], rx: ['receiver', 'pair'] };
const SISTER = { trx: 'trx', rx: 'tx' };
const PHONE = '84905123456';
const VIETNAMESE = 'Đăng ký tạm trú, cảm ơn: ạ ữ ộ 🙏';
const CZECH = 'Příliš žluťoučký kůň úpěl ďábelské ódy';
const LETTERS = 'Größe à la carte: ñandù, 5 € [~] @_^ \\ | ¿ΔΩ?';

let peer;
let splits;
let tags = 0;

async function sim(method, page, body) {
  const status = page.startsWith('/binds/') ? 204 : 200;
  const text = await http(method, `http://127.0.0.1:${httpPort}${page}`, { body, status });
  return text ? JSON.parse(text) : null;
}
const binds = () => sim('GET', '/binds');

// Submits a text as one or, where the stack leaves that to its caller, in parts; gives the responses.
async function submit(text, { coding = 0, to = PHONE, link = 'trx', receipt = false } = {}) {
  const size = coding === 8 ? 67 : 153;
  const whole = splits || text.length <= (coding === 8 ? 70 : 160);
  const parts = whole ? [text] : cut(text, size);
  tags += 1;
  const sent = parts.map((part, index) => {
    const udh = whole ? null : [tags, parts.length, index + 1];
    const tag = `${tags}.${index}`;
    peer.send({ do: 'submit', link, tag, from: '8383', to, text: part, coding, udh, receipt });
    return tag;
  });
  const responses = [];
  for (const tag of sent) responses.push(await peer.take('submit_sm_resp', { tag }));
  return responses;
}

// A citizen asks, the peer reads it, and answers; gives what either of them got.
async function converse(asked, answered, { coding = 0, ...more } = {}) {
  const sent = sim('POST', `/phones/${PHONE}/send`, { to: '8383', text: asked, wait_s: 20, ...more });
  const got = await takeWhole(peer, 'deliver_sm', { to: '8383' });
  for (const response of await submit(answered, { coding, link: SISTER[got.link] })) assert.equal(response.status, 0);
  const { outcome, replies } = await sent;
  assert.equal(outcome, 'acknowledged');
  assert.equal(replies.length, 1);
  return { got, reply: replies[0] };
}

async function bound() {
  peer.send({ do: 'bind' });
  for (const link of Object.keys(LINKS)) await peer.take('bind_resp', { link, status: 0 });
  const wanted = Object.values(LINKS).map(String).sort();
  const held = async () => String((await binds()).map((each) => `${each.mode},${each.system_id}`).sort()) === String(wanted);
  await until('three binds', held);
}

async function bind() {
  start('sim', tongdai, ['sim', '--listen', `127.0.0.1:${smppPort}`, '--http', `127.0.0.1:${httpPort}`]);
  await until('the simulator', () => sim('GET', '/stats').catch(() => null));
  peer = new Peer(command, [...args, String(smppPort)]);
  const ready = await peer.take('ready');
  console.log(`# ${ready.stack}`);
  splits = ready.splits;
  await bound();
}

// Both receiving links get one, for messages take turns.
const seen = [];
async function mo() {
  for (const text of ['XNC 13557009', LETTERS]) {
    const { got, reply } = await converse(text, `Da nhan: ${text}`);
    assert.equal(got.from.replace('+', ''), PHONE);
    assert.deepEqual([got.text, got.coding], [text, 0]);
    seen.push({ link: got.link, asked: text, reply });
  }
  assert.deepEqual(seen.map((each) => each.link).sort(), ['rx', 'trx']);
}

async function reply() {
  for (const { asked, reply: got } of seen) {
    assert.equal(got.text, `Da nhan: ${asked}`);
    assert.deepEqual([got.from, got.parts, got.data_coding, got.registered_delivery], ['8383', 1, 0, false]);
  }
}

async function receipt() {
  const known = (form, id, event) => {
    const written = /^id:(\S+) .* stat:DELIVRD/.exec(event.text)?.[1];
    assert.equal(written, form === 'tlv' ? undefined : id);
    // Kannel shows no parameters, only what it made of them.
    if (event.tlv === undefined) assert.equal(event.state, 2);
    else assert.deepEqual([event.tlv, event.state], form === 'text' ? [null, null] : [id, 2]);
  };
  for (const form of ['text', 'tlv', 'both']) {
    await sim('PUT', '/faults', { receipt_form: form });
    const [response] = await submit(`Mat khau ${form}`, { receipt: true });
    assert.equal(response.status, 0);
    const event = await peer.take('receipt', {});
    known(form, response.id, event);
  }
  await sim('PUT', '/faults', {});
  await until('acknowledged receipts', async () => (await sim('GET', '/stats')).receipts_acknowledged === 3);
}

async function long() {
  const text = 'Toi muon hoi ve ho so cua toi. '.repeat(10).trim();
  const answered = `${'a'.repeat(150)} 13557009 ${'b'.repeat(200)}`;
  for (const more of [{}, { part_order: 'reverse' }]) {
    const { got, reply: joined } = await converse(text, answered, more);
    assert.equal(got.text, text);
    assert.equal(joined.text, answered);
    assert.equal(joined.parts, 3);
  }
}

async function ucs2() {
  for (const text of [VIETNAMESE, CZECH, `${VIETNAMESE} ${CZECH} `.repeat(3).trim()]) {
    const { got, reply: back } = await converse(text, text, { coding: 8 });
    assert.deepEqual([got.text, got.coding], [text, 8]);
    assert.deepEqual([back.text, back.data_coding], [text, 8]);
  }
}

// What is throttled comes again, and in its order: from the stack itself, or from the steps by its status.
async function throttle() {
  const { cursor } = await sim('GET', `/phones/${PHONE}/messages/latest`);
  await sim('PUT', '/faults', { throttle_percent: 100 });
  const before = await sim('GET', '/stats');
  const texts = ['Thu nhat', 'Thu hai', 'Thu ba'];
  const lifted = until('a throttled submit', async () => (await sim('GET', '/stats')).submits > before.submits)
    .then(() => sim('PUT', '/faults', {}));
  for (const text of texts) {
    let [response] = await submit(text);
    if (text === texts[0] && response.status !== 0) {
      assert.equal(response.status, RTHROTTLED);
      await lifted;
      [response] = await submit(text);
    }
    assert.equal(response.status, 0);
  }
  await lifted;
  const got = await sim('GET', `/phones/${PHONE}/messages?after=${cursor}`);
  assert.deepEqual(got.map((message) => message.text), texts);
  const after = await sim('GET', '/stats');
  assert.ok(after.submits - after.accepted > before.submits - before.accepted, 'nothing was throttled');
}

async function leave(how) {
  const before = (await binds()).map((each) => each.id);
  for (const id of before) await sim('POST', `/binds/${id}/${how}`);
  await until('the end of the links', async () => (await binds()).every((each) => !before.includes(each.id)));
}

// A cut link is bound again. The simulator leaves, and theirs answers and binds again; then theirs leaves.
async function unbind() {
  await leave('drop');
  await bound();
  await leave('unbind');
  for (const link of Object.keys(LINKS)) await peer.take('unbind', { link });
  await bound();
  await converse('XNC 13557009', 'Da nhan');
  for (const link of Object.keys(LINKS)) {
    peer.send({ do: 'unbind', link });
    await peer.take('unbind_resp', { link, status: 0 });
  }
  await until('no binds', async () => (await binds()).length === 0);
  const stats = await sim('GET', '/stats');
  assert.deepEqual([stats.odd, stats.duplicates, stats.redelivered, stats.unkept], [0, 0, 0, 0]);
}

run(`${name} as ESME, tongdai sim`, { bind, MO: mo, reply, receipt, 'long message': long, 'UCS-2': ucs2, throttle, unbind });
