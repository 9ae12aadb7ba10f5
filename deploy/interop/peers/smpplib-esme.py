"""An ESME on Python's smpplib:   python smpplib-esme.py PORT"""

import json
import logging
import select
import sys
from importlib.metadata import version

from smpplib import consts, exceptions, gsm, smpp
from smpplib.client import Client

from lines import decode_text, printed

BINDS = {"trx": ("transceiver", "alone"), "tx": ("transmitter", "pair"), "rx": ("receiver", "pair")}
CODINGS = {0: consts.SMPP_ENCODING_DEFAULT, 8: consts.SMPP_ENCODING_ISO10646}
RECEIPT = 0x04
logging.disable(logging.WARNING)
links = {}
sent = {}


class Link(Client):
    """smpplib leaves the answer to an unbind to its caller, and drops what it has read."""

    def read_pdu(self):
        pdu = super().read_pdu()
        if pdu.command == "unbind":
            printed("unbind", link=self.name)
            response = smpp.make_pdu("unbind_resp", client=self)
            response.sequence = pdu.sequence
            self.send_pdu(response)
        return pdu


def received(link, pdu):
    """A text or a receipt; smpplib acknowledges it with what this returns."""
    octets = pdu.short_message or b""
    if pdu.esm_class & RECEIPT:
        tlv = pdu.receipted_message_id
        printed("receipt", link=link, text=octets.decode(), tlv=tlv and tlv.decode(), state=pdu.message_state)
        return consts.SMPP_ESME_ROK
    split = pdu.esm_class & consts.SMPP_GSMFEAT_UDHI
    printed(
        "deliver_sm", link=link, to=pdu.destination_addr.decode(), **{"from": pdu.source_addr.decode()},
        coding=pdu.data_coding, udh=list(octets[3:6]) if split else None,
        text=decode_text(pdu.data_coding, octets[6:] if split else octets),
    )
    return consts.SMPP_ESME_ROK


def responded(link, pdu):
    """A message of several parts is responded to once all its parts are; the worst status and the last id stand."""
    tag = sent[link].pop(pdu.sequence)
    if pdu.status == 0 and tag in sent[link].values():
        return
    message_id = pdu.message_id.decode() if pdu.message_id else ""
    printed("submit_sm_resp", tag=tag, status=pdu.status, id=message_id)


def bind():
    for link, (mode, system_id) in BINDS.items():
        client = Link("127.0.0.1", sys.argv[1], allow_unknown_opt_params=True)
        client.name = link
        client.set_message_received_handler(lambda pdu, link=link: received(link, pdu))
        client.set_message_sent_handler(lambda pdu, link=link: responded(link, pdu))
        client.set_error_pdu_handler(lambda pdu: None)  # A response that refuses goes to `responded` as well.
        client.connect()
        response = getattr(client, f"bind_{mode}")(system_id=system_id, password="secret")
        links[link], sent[link] = client, {}
        printed("bind_resp", link=link, status=response.status)


def submit(link, tag, to, text, coding, receipt, **rest):
    parts, coding, esm_class = gsm.make_parts(text, CODINGS[coding])
    for part in parts:
        pdu = links[link].send_message(
            source_addr_ton=0, source_addr_npi=1, source_addr=rest["from"],
            dest_addr_ton=1, dest_addr_npi=1, destination_addr=to,
            esm_class=esm_class, data_coding=coding, short_message=part, registered_delivery=bool(receipt),
        )
        sent[link][pdu.sequence] = tag


def unbind(link):
    response = links[link].unbind()
    printed("unbind_resp", link=link, status=response.status)
    links.pop(link).disconnect()


def read(link):
    try:
        links[link].read_once()
    except exceptions.ConnectionError:
        printed("close", link=link)
        links.pop(link).disconnect()


commands = open(0, "rb", buffering=0)
printed("ready", stack=f"smpplib {version('smpplib')}", splits=True)
while True:
    sockets = {client._socket: link for link, client in links.items()}
    ready, _, _ = select.select([commands, *sockets], [], [])
    for each in ready:
        if each is not commands:
            read(sockets[each])
    if commands in ready:
        line = commands.readline()
        if not line:
            break
        command = json.loads(line)
        {"bind": bind, "submit": submit, "unbind": unbind}[command.pop("do")](**command)
