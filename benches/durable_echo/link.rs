//! A bind on its socket.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::exchange::{Exchange, Terms};
use crate::wire::{self, HEADER_LENGTH, PDU_MAX};

/// Read at once. A window of 100 messages and as many responses has some 12 KiB.
const INCOMING: usize = 256 << 10;
/// How long the SMSC may take to answer a bind.
const BIND_PATIENCE: Duration = Duration::from_secs(10);
/// How often, and how far apart, an SMSC that refuses the connection is tried.
const CONNECTS_MAX: u32 = 100;
const CONNECT_PAUSE: Duration = Duration::from_millis(100);

/// A bound link.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) stream: TcpStream,
    pub(crate) exchange: Exchange,
    incoming: Box<[u8]>,
    filled: usize,
    /// The other side has closed.
    closed: bool,
}

impl Link {
    /// Connects and binds as a transceiver; an SMSC that does not listen yet is asked again.
    pub(crate) fn bind(smsc: SocketAddr, system_id: &str) -> anyhow::Result<Self> {
        let mut stream = connect(smsc)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(BIND_PATIENCE))?;
        let mut request = Vec::new();
        wire::append_bind(&mut request, system_id, "echo");
        stream.write_all(&request)?;
        let mut response = [0; PDU_MAX];
        stream.read_exact(&mut response[..HEADER_LENGTH]).context("no answer to the bind")?;
        let length = u32::from_be_bytes([response[0], response[1], response[2], response[3]]) as usize;
        ensure!((HEADER_LENGTH..=PDU_MAX).contains(&length), "no SMPP: a PDU of {length} octets");
        stream.read_exact(&mut response[HEADER_LENGTH..length])?;
        let pdu = wire::first(&response).ok().flatten().context("no answer to the bind")?;
        let answers = pdu.command_id == wire::BIND_TRANSCEIVER | wire::RESPONSE;
        ensure!(answers && pdu.status == wire::ESME_ROK, "the bind was refused with status {}", pdu.status);
        stream.set_nonblocking(true)?;
        let incoming = vec![0; INCOMING].into_boxed_slice();
        Ok(Self { stream, exchange: Exchange::default(), incoming, filled: 0, closed: false })
    }

    /// Nothing more comes of it.
    pub(crate) fn is_over(&self) -> bool {
        self.closed || (self.exchange.over && self.exchange.outgoing.is_empty())
    }

    /// Reads what has come, once; messages are appended to `batch`.
    pub(crate) fn receive(&mut self, terms: &Terms, batch: &mut Vec<u8>) {
        match self.stream.read(&mut self.incoming[self.filled..]) {
            Ok(read) if read > 0 => self.filled += read,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            // A connection that was reset is no less over than one that was closed.
            Ok(_) | Err(_) => {
                self.closed = true;
                return;
            }
        }
        let taken = self.exchange.take(&self.incoming[..self.filled], terms, batch);
        // What is left is less than a PDU, so that there is room for the rest of it.
        self.incoming.copy_within(taken..self.filled, 0);
        self.filled -= taken;
    }

    /// Sends what may leave; what the socket does not take stays.
    pub(crate) fn send(&mut self) {
        let outgoing = &mut self.exchange.outgoing;
        if outgoing.is_empty() || self.closed {
            return;
        }
        match self.stream.write(outgoing) {
            Ok(sent) => drop(outgoing.drain(..sent)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => self.closed = true,
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "the other program's port can only be tried")]
fn connect(smsc: SocketAddr) -> io::Result<TcpStream> {
    for _ in 0..CONNECTS_MAX {
        match TcpStream::connect_timeout(&smsc, BIND_PATIENCE) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                std::thread::sleep(CONNECT_PAUSE)
            }
            other => return other,
        }
    }
    TcpStream::connect_timeout(&smsc, BIND_PATIENCE)
}
