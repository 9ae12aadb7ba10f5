// An ESME on npm's `smpp`:   node node-smpp-esme.js PORT
'use strict';

const smpp = require('smpp');
const { print, obey } = require('./lines');

const CONCAT = 0x00; // A header's element: 8-bit reference, total, number.
const UDHI = 0x40;
const RECEIPT = 0x04;
const binds = { trx: ['transceiver', 'alone'], tx: ['transmitter', 'pair'], rx: ['receiver', 'pair'] };
const port = Number(process.argv[2]);
const links = {};

function deliver(link, pdu) {
  const message = pdu.short_message;
  if (pdu.esm_class & RECEIPT) {
    const [tlv, state] = [pdu.receipted_message_id ?? null, pdu.message_state ?? null];
    return print('receipt', { link, text: String(message.message ?? ''), tlv, state });
  }
  const udh = (message.udh ?? []).find((element) => element[0] === CONCAT);
  return print('deliver_sm', {
    link,
    from: pdu.source_addr,
    to: pdu.destination_addr,
    coding: pdu.data_coding,
    udh: udh ? [...udh.subarray(2)] : null,
    text: message.message,
  });
}

function bind(link, mode, systemId) {
  const session = smpp.connect({ host: '127.0.0.1', port });
  links[link] = session;
  session.on('error', (error) => print('error', { link, message: error.message }));
  session.on('close', () => print('close', { link }));
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('deliver_sm', (pdu) => {
    deliver(link, pdu);
    session.send(pdu.response());
  });
  session.on('unbind', (pdu) => {
    print('unbind', { link });
    session.send(pdu.response());
    session.close();
  });
  const credentials = { system_id: systemId, password: 'secret' };
  session[`bind_${mode}`](credentials, (pdu) => print('bind_resp', { link, status: pdu.command_status }));
}

obey({
  bind: () => Object.entries(binds).forEach(([link, [mode, systemId]]) => bind(link, mode, systemId)),
  submit({ link, tag, from, to, text, coding, udh, receipt }) {
    const header = udh && { udh: Buffer.from([5, CONCAT, 3, ...udh]) };
    const pdu = {
      source_addr: from,
      dest_addr_ton: 1,
      dest_addr_npi: 1,
      destination_addr: to,
      esm_class: udh ? UDHI : 0,
      data_coding: coding,
      registered_delivery: Number(receipt),
      short_message: { message: text, ...header },
    };
    links[link].submit_sm(pdu, (resp) =>
      print('submit_sm_resp', { tag, status: resp.command_status, id: resp.message_id }));
  },
  unbind: ({ link }) =>
    links[link].unbind({}, (pdu) => {
      print('unbind_resp', { link, status: pdu.command_status });
      links[link].close();
    }),
});

print('ready', { stack: `npm smpp ${require('smpp/package.json').version}`, splits: false });
