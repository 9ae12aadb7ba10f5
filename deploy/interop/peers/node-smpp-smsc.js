// An SMSC on npm's `smpp`:   node node-smpp-smsc.js PORT
'use strict';

const smpp = require('smpp');
const { print, obey } = require('./lines');

const CONCAT = 0x00; // A header's element: 8-bit reference, total, number.
const UDHI = 0x40;
const RECEIPT = 0x04;
const links = new Map();
const answer = { status: 0, times: 0 };
let submits = 0;

function address(from, to) {
  const letters = /[A-Z]/.test(from);
  return {
    source_addr_ton: letters ? 5 : 1,
    source_addr_npi: letters ? 0 : 1,
    source_addr: from,
    dest_addr_ton: to.length > 8 ? 1 : 0,
    dest_addr_npi: 1,
    destination_addr: to,
  };
}

const responded = (link, tag) => (pdu) => print('deliver_sm_resp', { link, tag, status: pdu.command_status });

obey({
  deliver({ link, tag, from, to, text, coding, udh, sar, payload }) {
    const header = udh && { udh: Buffer.from([5, CONCAT, 3, ...udh]) };
    const pdu = { ...address(from, to), data_coding: coding, esm_class: udh ? UDHI : 0 };
    if (sar) [pdu.sar_msg_ref_num, pdu.sar_total_segments, pdu.sar_segment_seqnum] = sar;
    if (payload) pdu.message_payload = { message: text };
    else pdu.short_message = { message: text, ...header };
    links.get(link).deliver_sm(pdu, responded(link, tag));
  },
  receipt({ link, tag, from, to, text, tlv }) {
    const pdu = { ...address(from, to), esm_class: RECEIPT, short_message: text };
    if (tlv) Object.assign(pdu, { receipted_message_id: tlv, message_state: 2 });
    links.get(link).deliver_sm(pdu, responded(link, tag));
  },
  answer: ({ status, times }) => Object.assign(answer, { status, times }),
  enquire_link: ({ link }) => links.get(link).enquire_link({}, () => print('enquire_link_resp', { link })),
  unbind: ({ link }) =>
    links.get(link).unbind({}, (pdu) => {
      print('unbind_resp', { link, status: pdu.command_status });
      links.get(link).close();
    }),
});

function submit(link, session, pdu) {
  const status = answer.times > 0 ? answer.status : 0;
  answer.times -= 1;
  submits += 1;
  const id = status === 0 ? `a0${submits}` : '';
  const udh = (pdu.short_message.udh ?? []).find((element) => element[0] === CONCAT);
  print('submit_sm', {
    link,
    status,
    id,
    from: pdu.source_addr,
    to: pdu.destination_addr,
    coding: pdu.data_coding,
    registered_delivery: pdu.registered_delivery,
    udh: udh ? [...udh.subarray(2)] : null,
    text: String(pdu.short_message.message),
  });
  session.send(pdu.response({ command_status: status, message_id: id }));
}

const server = smpp.createServer((session) => {
  const link = links.size + 1;
  links.set(link, session);
  session.on('error', (error) => print('error', { link, message: error.message }));
  session.on('close', () => print('close', { link }));
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('submit_sm', (pdu) => submit(link, session, pdu));
  session.on('unbind', (pdu) => {
    session.send(pdu.response());
    print('unbind', { link });
    session.close();
  });
  for (const mode of ['transceiver', 'transmitter', 'receiver']) {
    session.on(`bind_${mode}`, (pdu) => {
      session.send(pdu.response({ system_id: 'node-smpp' }));
      print('bind', { link, mode, system_id: pdu.system_id, password: pdu.password });
    });
  }
});

const port = Number(process.argv[2]);
const stack = `npm smpp ${require('smpp/package.json').version}`;
server.listen(port, '127.0.0.1', () => print('listening', { stack }));
