//! An ESME that does what a test tells it, over a blocking socket.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use bytes::BytesMut;
use codec::{Body, CommandStatus, Framed, Pdu, Sm};

/// No test waits longer for an octet.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Esme {
    stream: TcpStream,
    input: BytesMut,
    sequence_number: u32,
}

impl Esme {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { stream, input: BytesMut::new(), sequence_number: 0 }
    }

    /// Binds, and looks at what the SMSC says of itself.
    pub(crate) fn bind(&mut self, bind: Body) {
        self.send(bind);
        let pdu = self.read().unwrap();
        let (Body::BindReceiverResp(resp)
        | Body::BindTransmitterResp(resp)
        | Body::BindTransceiverResp(resp)) = pdu.body
        else {
            panic!("{pdu:?}");
        };
        assert!(pdu.command_status.is_ok());
        assert_eq!(resp.tlvs.octet(codec::tlv::tag::SC_INTERFACE_VERSION), Some(0x34));
    }

    pub(crate) fn send(&mut self, body: Body) {
        self.sequence_number += 1;
        self.send_as(CommandStatus::ESME_ROK, self.sequence_number, body);
    }

    pub(crate) fn send_as(&mut self, command_status: CommandStatus, sequence_number: u32, body: Body) {
        self.send_all([(command_status, sequence_number, body)]);
    }

    /// Sends these in one piece.
    pub(crate) fn send_all(&mut self, pdus: impl IntoIterator<Item = (CommandStatus, u32, Body)>) {
        let mut octets = BytesMut::new();
        for (command_status, sequence_number, body) in pdus {
            codec::encode(&Pdu { command_status, sequence_number, body }, &mut octets).unwrap();
        }
        self.write(&octets);
    }

    /// The load may have gone already.
    pub(crate) fn write(&mut self, octets: &[u8]) {
        let _ = self.stream.write_all(octets);
    }

    /// The next PDU; none where the load has gone.
    pub(crate) fn read(&mut self) -> Option<Pdu> {
        loop {
            match codec::decode(&mut self.input) {
                Ok(Some(Framed::Pdu(pdu))) => return Some(pdu),
                Ok(Some(Framed::Answerable(error))) => panic!("{error:?}"),
                Ok(None) => {}
                Err(error) => panic!("{error:?}"),
            }
            let mut octets = [0; 4096];
            match self.stream.read(&mut octets) {
                Ok(0) => return None,
                Ok(count) => self.input.extend_from_slice(&octets[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// A text for whom a deliver_sm came from.
pub(crate) fn answer(sm: &Sm, text: &str) -> Sm {
    Sm {
        source: sm.destination.clone(),
        destination: sm.source.clone(),
        short_message: text.as_bytes().to_vec().into(),
        ..Sm::default()
    }
}
