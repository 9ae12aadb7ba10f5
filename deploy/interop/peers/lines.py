"""JSON lines to a list of steps, and how a text becomes octets; the table of GSM 03.38 is smpplib's."""

import json
import struct
import sys

from smpplib.gsm import GSM_CHARACTER_TABLE, gsm_encode

# smpp.pdu3 prints the last letter of each validity period; the events have standard output to themselves.
events, sys.stdout = sys.stdout, sys.stderr


def printed(on, **fields):
    print(json.dumps({"on": on, **fields}), file=events, flush=True)


def encode_text(coding, text):
    return {0: gsm_encode, 8: lambda whole: whole.encode("utf-16-be")}[coding](text)


def decode_text(coding, octets):
    if coding == 8:
        return octets.decode("utf-16-be")
    text, extension = "", 0
    for octet in octets:
        if octet == 0x1B:
            extension = 0x80
        else:
            text += GSM_CHARACTER_TABLE[octet + extension]
            extension = 0
    return text


def header(udh):
    """The octets of a header with an 8-bit reference, total and number."""
    return struct.pack("BBBBBB", 5, 0, 3, *udh) if udh else b""
