"""An SMSC on smpp.twisted, as Jasmin has it:   python smpp-twisted-smsc.py PORT"""

import json
import sys
from importlib.metadata import version

from smpp.pdu.constants import command_status_name_map
from smpp.pdu.operations import DeliverSM, EnquireLink
from smpp.pdu.pdu_types import (
    AddrNpi, AddrTon, CommandStatus, DataCoding, DataCodingDefault, EsmClass, EsmClassGsmFeatures, EsmClassMode,
    EsmClassType, MessageState, RegisteredDeliveryReceipt,
)
from smpp.pdu.sm_encoding import SMStringEncoder
from smpp.twisted.config import SMPPServerConfig
from smpp.twisted.protocol import DataHandlerResponse
from smpp.twisted.server import SMPPServerFactory, SMPPServerProtocol
from twisted.internet import defer, reactor

from lines import decode_text, encode_text, header, printed

CODINGS = {DataCodingDefault.SMSC_DEFAULT_ALPHABET: 0, DataCodingDefault.UCS2: 8}
STATUSES = {number: CommandStatus[name] for name, number in command_status_name_map.items()}
SAR = ("sar_msg_ref_num", "sar_total_segments", "sar_segment_seqnum")
links = {}
answer = {"status": 0, "times": 0}
submits = 0


def address(sender, to):
    letters = sender.isalpha()
    return {
        "source_addr_ton": AddrTon.ALPHANUMERIC if letters else AddrTon.INTERNATIONAL,
        "source_addr_npi": AddrNpi.UNKNOWN if letters else AddrNpi.ISDN,
        "source_addr": sender.encode(),
        "dest_addr_ton": AddrTon.INTERNATIONAL if len(to) > 8 else AddrTon.UNKNOWN,
        "dest_addr_npi": AddrNpi.ISDN,
        "destination_addr": to.encode(),
    }


def hand_over(link, tag, pdu):
    """Sends a deliver_sm and prints the status of its response."""
    responded = links[link].sendRequest(pdu, 10)
    responded.addCallbacks(lambda done: done.response.status, lambda failure: failure.value.response.status)
    responded.addCallback(lambda status: command_status_name_map[status.name])
    responded.addCallback(lambda status: printed("deliver_sm_resp", link=link, tag=tag, status=status))


class Commands:
    """What the steps ask for."""

    @classmethod
    def read(cls):
        """Reads standard input in a thread of its own and obeys in the reactor's."""
        for line in sys.stdin:
            command = json.loads(line)
            reactor.callFromThread(getattr(cls, command.pop("do")), **command)
        reactor.callFromThread(reactor.stop)

    @staticmethod
    def deliver(link, tag, to, text, coding, udh, sar=None, payload=False, **sender):
        coded = {number: name for name, number in CODINGS.items()}[coding]
        features = [EsmClassGsmFeatures.UDHI_INDICATOR_SET] if udh else []
        hand_over(link, tag, DeliverSM(
            **address(sender["from"], to),
            esm_class=EsmClass(EsmClassMode.DEFAULT, EsmClassType.DEFAULT, features),
            data_coding=DataCoding(schemeData=coded),
            **{"message_payload" if payload else "short_message": header(udh) + encode_text(coding, text)},
            **(dict(zip(SAR, sar)) if sar else {}),
        ))

    @staticmethod
    def receipt(link, tag, to, text, tlv=None, **sender):
        tlvs = {"receipted_message_id": tlv.encode(), "message_state": MessageState.DELIVERED} if tlv else {}
        kind = EsmClass(EsmClassMode.DEFAULT, EsmClassType.SMSC_DELIVERY_RECEIPT)
        hand_over(link, tag, DeliverSM(
            **address(sender["from"], to), esm_class=kind, short_message=text.encode(), **tlvs,
        ))

    @staticmethod
    def answer(**fields):
        answer.update(fields)

    @staticmethod
    def enquire_link(link):
        links[link].sendRequest(EnquireLink(), 10).addCallback(lambda _: printed("enquire_link_resp", link=link))

    @staticmethod
    def unbind(link):
        links[link].unbind().addCallback(lambda _: printed("unbind_resp", link=link, status=0)).addCallback(
            lambda _: links[link].disconnect())


def submit(system_id, link, pdu):
    """Answers a submit_sm, and prints what the stack has read."""
    global submits
    submits += 1
    status = answer["status"] if answer["times"] > 0 else 0
    answer["times"] -= 1
    encoder = SMStringEncoder()
    parts = encoder.getConcatenatedSMInfoElement(pdu)
    coding = CODINGS[pdu.params["data_coding"].schemeData]
    wanted = pdu.params["registered_delivery"].receipt
    message_id = "" if status else f"c0{submits}"
    printed(
        "submit_sm", link=link.number, status=status, id=message_id, coding=coding,
        to=pdu.params["destination_addr"].decode(), **{"from": pdu.params["source_addr"].decode()},
        registered_delivery=0 if wanted is RegisteredDeliveryReceipt.NO_SMSC_DELIVERY_RECEIPT_REQUESTED else 1,
        udh=[parts.data.referenceNum, parts.data.maximumNum, parts.data.sequenceNum] if parts else None,
        text=decode_text(coding, encoder.splitSM(pdu)[2]),
    )
    if status:
        return STATUSES[status]
    return DataHandlerResponse(CommandStatus.ESME_ROK, message_id=message_id.encode())


class Link(SMPPServerProtocol):
    """The stack's own link, with a number, and what happens on it printed."""

    def connectionMade(self):
        super().connectionMade()
        self.number = len(links) + 1
        links[self.number] = self

    def doBindRequest(self, pdu, state):
        done = super().doBindRequest(pdu, state)
        who = {name: pdu.params[name].decode() for name in ("system_id", "password")}
        done.addCallback(lambda _: printed("bind", link=self.number, mode=pdu.id.name.removeprefix("bind_"), **who))

    def onPDURequest_unbind(self, pdu):
        printed("unbind", link=self.number)
        super().onPDURequest_unbind(pdu)


class Portal:
    """Lets everybody in; the steps look at the password."""

    def login(self, *_):
        return defer.succeed((None, None, None))


limits = {"max_bindings": 3}
factory = SMPPServerFactory(SMPPServerConfig(systems={"alone": limits, "pair": limits}, msgHandler=submit), Portal())
factory.protocol = Link
reactor.listenTCP(int(sys.argv[1]), factory, interface="127.0.0.1")
reactor.callInThread(Commands.read)
printed("listening", stack=f"smpp.twisted3 {version('smpp.twisted3')}")
reactor.run()
