//! An SMSC made by hand, for what no switch of the simulator does: it reads as little at a time as it likes.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use bytes::BytesMut;
use codec::{BindResp, Body, CommandStatus, Framed, Pdu, Sm, SmResp, command_id};

use crate::support::PATIENCE;

/// Octets of a header.
const HEADER: usize = 16;
/// The number of the enquire_link behind all that was sent.
const BEHIND: u32 = 0x0102_0304;

/// One bound connection.
pub(crate) struct Hand {
    stream: TcpStream,
}

/// The header of a PDU whose body may not be read yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    octets: [u8; HEADER],
    pub(crate) sequence_number: u32,
    command_id: u32,
    body: usize,
}

impl Hand {
    pub(crate) fn listen() -> (TcpListener, u16) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        (listener, port)
    }

    /// Accepts a connection and its bind.
    pub(crate) fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = listener.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut hand = Self { stream };
        let bind = hand.next_header(command_id::BIND_TRANSCEIVER);
        hand.body(bind);
        let body = Body::BindTransceiverResp(BindResp::default());
        hand.send(&answer(bind, body));
        hand
    }

    pub(crate) fn send(&mut self, pdu: &Pdu) {
        let mut octets = BytesMut::new();
        codec::encode(pdu, &mut octets).unwrap();
        self.stream.write_all(&octets).unwrap();
    }

    pub(crate) fn deliver(&mut self, sequence_number: u32, sm: Sm) {
        self.send(&Pdu::request(sequence_number, Body::DeliverSm(sm)));
    }

    /// The header of the next PDU of a command, past everything else; enquire_link is answered.
    pub(crate) fn next_header(&mut self, command_id: u32) -> Header {
        loop {
            let mut octets = [0; HEADER];
            self.stream.read_exact(&mut octets).unwrap();
            let field = |at: usize| u32::from_be_bytes(octets[at..at + 4].try_into().unwrap());
            let header = Header {
                octets,
                sequence_number: field(12),
                command_id: field(4),
                body: field(0) as usize - HEADER,
            };
            if header.command_id == command_id {
                return header;
            }
            self.body(header);
            if header.command_id == command_id::ENQUIRE_LINK {
                self.send(&answer(header, Body::EnquireLinkResp));
            }
        }
    }

    /// The octets behind a header.
    pub(crate) fn body(&mut self, header: Header) -> Vec<u8> {
        let mut body = vec![0; header.body];
        self.stream.read_exact(&mut body).unwrap();
        body
    }

    /// The next submit_sm, whole.
    pub(crate) fn submit(&mut self) -> (Header, Sm) {
        let header = self.next_header(command_id::SUBMIT_SM);
        let mut octets = BytesMut::from(&header.octets[..]);
        octets.extend_from_slice(&self.body(header));
        match codec::decode(&mut octets).unwrap() {
            Some(Framed::Pdu(Pdu { body: Body::SubmitSm(sm), .. })) => (header, sm),
            other => panic!("{other:?}"),
        }
    }

    /// Waits until the daemon's engine has taken all that was sent so far: it takes this message behind it.
    pub(crate) fn settle(&mut self, sm: Sm) {
        self.deliver(BEHIND, sm);
        loop {
            let answer = self.next_header(command_id::DELIVER_SM_RESP);
            self.body(answer);
            if answer.sequence_number == BEHIND {
                return;
            }
        }
    }
}

/// ESME_ROK to a submit_sm.
pub(crate) fn resp(header: Header, message_id: &str) -> Pdu {
    let resp = SmResp { message_id: message_id.into(), ..SmResp::default() };
    answer(header, Body::SubmitSmResp(resp))
}

/// A refusal of a submit_sm.
pub(crate) fn refusal(header: Header, command_status: CommandStatus) -> Pdu {
    Pdu { command_status, ..answer(header, Body::SubmitSmResp(SmResp::default())) }
}

fn answer(header: Header, body: Body) -> Pdu {
    Pdu { command_status: CommandStatus::ESME_ROK, sequence_number: header.sequence_number, body }
}
