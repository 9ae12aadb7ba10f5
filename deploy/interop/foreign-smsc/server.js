// An SMSC on npm's `smpp`: it lets one ESME bind, delivers citizens' texts, and waits for the answers.
//
//   node server.js --port 2776 [--messages FILE] [--timeout SECONDS] [--system-id ID --password PASSWORD]
//
// The messages are a JSON list on standard input or in FILE: [{"from", "to", "text", "expect"}], `expect` being a
// part of the answer's text, or null where none is to come. Everything that happens is printed as one JSON object
// a line. Ends with 0 once every text and receipt is acknowledged and every expected answer has come, otherwise with 1.
'use strict';

const fs = require('node:fs');
const smpp = require('smpp');

const options = { port: '2776', timeout: '30' };
for (let index = 2; index < process.argv.length; index += 2) {
  const name = process.argv[index];
  if (!/^--(port|messages|timeout|system-id|password)$/.test(name) || index + 1 >= process.argv.length) {
    console.error(`unknown or unfinished option ${name}`);
    process.exit(2);
  }
  options[name.slice(2)] = process.argv[index + 1];
}
const messages = JSON.parse(fs.readFileSync(options.messages ?? 0, 'utf8'));

// IE 0x00: concatenation with an 8-bit reference.
const CONCAT = 0x00;
const UDHI = 0x40;
const SMSC_RECEIPT = 0x04;

const acknowledged = new Set();
const parts = new Map();
const answers = [];
let submits = 0;
let receiptsOpen = 0;
let link = null;
let finished = false;

function print(event, fields) {
  console.log(JSON.stringify({ event, ...fields }));
}

function finish(code, why) {
  if (finished) return;
  finished = true;
  print('end', { code, why, submits });
  const exit = () => process.exit(code);
  setTimeout(exit, 3000).unref();
  if (!link) return exit();
  // A polite end: the ESME has to answer our unbind.
  link.unbind({}, (pdu) => {
    print('unbind_resp', { command_status: pdu.command_status });
    link.close(exit);
  });
}

// Each expectation takes one answer of the right handset and number.
function missing() {
  const left = [...answers];
  return messages.filter((message, index) => {
    if (!acknowledged.has(index)) return true;
    if (message.expect == null) return false;
    const found = left.findIndex(
      (answer) => answer.to === message.from && answer.from === message.to && answer.text.includes(message.expect),
    );
    if (found >= 0) left.splice(found, 1);
    return found < 0;
  });
}

function check() {
  if (receiptsOpen === 0 && missing().length === 0) finish(0, 'all texts and receipts acknowledged, all answers here');
}

function deliver(session) {
  messages.forEach((message, index) => {
    const alphanumeric = /[A-Za-z]/.test(message.from);
    const pdu = {
      source_addr_ton: alphanumeric ? 5 : 1,
      source_addr_npi: alphanumeric ? 0 : 1,
      source_addr: message.from,
      dest_addr_ton: message.to.length > 8 ? 1 : 0,
      dest_addr_npi: 1,
      destination_addr: message.to,
      short_message: message.text,
    };
    session.deliver_sm(pdu, (resp) => {
      print('deliver_sm_resp', { index, command_status: resp.command_status });
      if (resp.command_status === 0) acknowledged.add(index);
      check();
    });
  });
}

function receive(pdu) {
  const body = pdu.short_message.message ?? '';
  const udh = (pdu.short_message.udh ?? []).find((element) => element[0] === CONCAT && element[1] === 3);
  if (!(pdu.esm_class & UDHI) || !udh) return String(body);
  const [, , reference, total, number] = udh;
  const key = [pdu.source_addr, pdu.destination_addr, reference, total].join('/');
  const seen = parts.get(key) ?? new Map();
  seen.set(number, String(body));
  parts.set(key, seen);
  if (seen.size < total) return null;
  parts.delete(key);
  return Array.from({ length: total }, (_, part) => seen.get(part + 1)).join('');
}

function receipt(session, pdu, messageId) {
  const date = new Date().toISOString().replace(/[-:T]/g, '').slice(2, 12);
  const text =
    `id:${messageId} sub:001 dlvrd:001 submit date:${date} done date:${date} stat:DELIVRD err:000 text:`;
  const fields = {
    esm_class: SMSC_RECEIPT,
    source_addr: pdu.destination_addr,
    destination_addr: pdu.source_addr,
    short_message: text,
    receipted_message_id: messageId,
    message_state: 2,
  };
  receiptsOpen += 1;
  session.deliver_sm(fields, (resp) => {
    print('receipt_resp', { messageId, command_status: resp.command_status });
    if (resp.command_status === 0) receiptsOpen -= 1;
    check();
  });
}

function bind(session, pdu) {
  const known = !options['system-id'] || options['system-id'] === pdu.system_id;
  const right = options.password === undefined || options.password === pdu.password;
  print('bind', { command: pdu.command, system_id: pdu.system_id, accepted: known && right });
  if (!known || !right) {
    session.send(pdu.response({ command_status: known ? smpp.ESME_RINVPASWD : smpp.ESME_RINVSYSID }));
    return;
  }
  session.send(pdu.response({ system_id: 'npm-smpp' }));
  link = session;
  session.enquire_link({}, () => print('enquire_link_resp', {}));
  deliver(session);
}

const server = smpp.createServer((session) => {
  session.on('error', (error) => print('error', { message: error.message }));
  session.on('close', () => {
    if (session === link && !finished) finish(1, 'the ESME went away');
  });
  session.on('bind_transceiver', (pdu) => bind(session, pdu));
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => {
    session.send(pdu.response());
    session.close();
  });
  session.on('submit_sm', (pdu) => {
    submits += 1;
    const messageId = (0xa000 + submits).toString(16);
    session.send(pdu.response({ message_id: messageId }));
    print('submit_sm', {
      from: pdu.source_addr,
      to: pdu.destination_addr,
      esm_class: pdu.esm_class,
      data_coding: pdu.data_coding,
      registered_delivery: pdu.registered_delivery,
      text: String(pdu.short_message.message ?? ''),
    });
    if (pdu.registered_delivery & 1) receipt(session, pdu, messageId);
    const text = receive(pdu);
    if (text !== null) answers.push({ from: pdu.source_addr, to: pdu.destination_addr, text });
    const asked = messages.some((message) => message.from === pdu.destination_addr && message.expect != null);
    if (asked) check();
    else finish(1, `answered ${pdu.destination_addr}, who was to get no answer`);
  });
});

server.listen(Number(options.port), '127.0.0.1', () => print('listening', { port: Number(options.port) }));
setTimeout(
  () => finish(1, `not acknowledged or not answered: ${JSON.stringify(missing())}`),
  Number(options.timeout) * 1000,
).unref();
