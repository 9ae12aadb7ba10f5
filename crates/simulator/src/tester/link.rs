//! One connection: a buffer for what is read, one for what is written, a table of what is in flight.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
};

use bytes::BytesMut;
use codec::{CommandStatus, Framed, MAX_COMMAND_LENGTH, command_id};

use super::{
    books::Books,
    mix::{FollowUp, Mix},
    wire::{self, HEADER, Header, Submit},
};

/// Room for what is read: some thousand short PDUs, and one of the longest always fits.
const INPUT_OCTETS: usize = 2 * MAX_COMMAND_LENGTH;
/// Octets that may wait to be written before we stop reading: a peer that does not read gets no more answers.
const OUTPUT_MAX: usize = 1024 * 1024;
/// The table of what is in flight has so many times the window's places, so that a response that is late by a few
/// windows does not hold up the next.
const SLOTS_PER_WINDOW: usize = 4;
/// The highest sequence_number that is sent.
const SEQUENCE_NUMBER_MAX: u32 = 0x7FFF_FFFF;

/// What a link shares with the others.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) mix: Mix,
    pub(super) books: Books,
    /// Follow-ups that wait to be sent.
    pub(super) follow_ups: std::collections::VecDeque<FollowUp>,
    pub(super) message_id: u64,
}

/// A message in flight: its sequence number, 0 for none, and its number in the books.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    sequence_number: u32,
    entry: u32,
}

#[derive(Debug)]
pub(super) struct Link {
    pub(super) stream: TcpStream,
    input: Box<[u8]>,
    filled: usize,
    output: Vec<u8>,
    written: usize,
    receives: bool,
    transmits: bool,
    window: usize,
    in_flight: usize,
    slots: Box<[Slot]>,
    sequence_number: u32,
    closing: bool,
}

impl Link {
    pub(super) fn new(stream: TcpStream, window: usize) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let slots = (window * SLOTS_PER_WINDOW).next_power_of_two();
        Ok(Self {
            stream,
            input: vec![0; INPUT_OCTETS].into_boxed_slice(),
            filled: 0,
            output: Vec::with_capacity(INPUT_OCTETS),
            written: 0,
            receives: false,
            transmits: false,
            window,
            in_flight: 0,
            slots: vec![Slot::default(); slots].into_boxed_slice(),
            sequence_number: 0,
            closing: false,
        })
    }

    /// Bound so that it takes deliver_sm.
    pub(super) fn receives(&self) -> bool {
        self.receives && !self.closing
    }

    pub(super) fn has_room(&self) -> bool {
        self.receives() && self.in_flight < self.window && self.output.len() < OUTPUT_MAX
    }

    pub(super) fn reads(&self) -> bool {
        self.output.len() < OUTPUT_MAX && !self.closing
    }

    pub(super) fn has_output(&self) -> bool {
        !self.output.is_empty()
    }

    /// The connection is gone.
    pub(super) fn lose(&mut self) {
        self.closing = true;
        self.output.clear();
        self.written = 0;
    }

    /// Whether all has been said.
    pub(super) fn is_over(&self) -> bool {
        self.closing && self.output.is_empty()
    }

    /// Puts a deliver_sm into the output; [`Self::has_room`] was asked before.
    pub(super) fn deliver(
        &mut self,
        kind: u16,
        index: u64,
        follow_up: Option<&FollowUp>,
        due_at: u64,
        desk: &mut Desk,
    ) {
        let Some((sequence_number, at)) = self.find_slot() else { return };
        let citizen = desk.mix.write_deliver(kind, index, follow_up, sequence_number, &mut self.output);
        let entry = desk.books.enter(citizen, kind, index, due_at);
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = Slot { sequence_number, entry };
        }
        self.in_flight += 1;
    }

    /// The next sequence number whose place is free. There always is one: the table is larger than the window.
    fn find_slot(&mut self) -> Option<(u32, usize)> {
        for _ in 0..self.slots.len() {
            self.sequence_number = self.sequence_number % SEQUENCE_NUMBER_MAX + 1;
            let at = self.place(self.sequence_number);
            if self.slots.get(at)?.sequence_number == 0 {
                return Some((self.sequence_number, at));
            }
        }
        None
    }

    fn place(&self, sequence_number: u32) -> usize {
        sequence_number as usize & (self.slots.len() - 1)
    }

    /// Reads once; an end of the stream is an error.
    pub(super) fn read(&mut self) -> io::Result<()> {
        let room = self.input.get_mut(self.filled..).unwrap_or_default();
        match self.stream.read(room) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                self.filled += count;
                Ok(())
            }
            Err(error) if is_for_later(&error) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Writes once.
    pub(super) fn write(&mut self) -> io::Result<()> {
        match self.stream.write(self.output.get(self.written..).unwrap_or_default()) {
            Ok(count) => self.written += count,
            Err(error) if is_for_later(&error) => {}
            Err(error) => return Err(error),
        }
        if self.written == self.output.len() {
            self.output.clear();
            self.written = 0;
        }
        Ok(())
    }

    /// Serves all whole PDUs that have been read.
    pub(super) fn serve(&mut self, desk: &mut Desk, now: u64) {
        let input = std::mem::take(&mut self.input);
        let mut rest = input.get(..self.filled).unwrap_or_default();
        while !self.closing {
            let Some(header) = Header::read(rest) else { break };
            let length = header.length as usize;
            if !(HEADER..=MAX_COMMAND_LENGTH).contains(&length) {
                desk.books.counts.odd += 1;
                wire::respond(command_id::GENERIC_NACK, CommandStatus::ESME_RINVCMDLEN, 0, &mut self.output);
                self.closing = true;
                break;
            }
            let Some((frame, behind)) = rest.split_at_checked(length) else { break };
            self.take(header, frame, desk, now);
            rest = behind;
        }
        let (left, end) = (rest.len(), self.filled);
        self.input = input;
        self.input.copy_within(end - left..end, 0);
        self.filled = left;
    }

    fn take(&mut self, header: Header, frame: &[u8], desk: &mut Desk, now: u64) {
        match header.command_id {
            command_id::DELIVER_SM_RESP | command_id::GENERIC_NACK => self.settle(header, desk, now),
            command_id::SUBMIT_SM => self.submit(header, frame.get(HEADER..).unwrap_or_default(), desk, now),
            command_id::BIND_RECEIVER => self.bind(header, true, false),
            command_id::BIND_TRANSMITTER => self.bind(header, false, true),
            command_id::BIND_TRANSCEIVER => self.bind(header, true, true),
            command_id::ENQUIRE_LINK => {
                self.answer(header, CommandStatus::ESME_ROK);
            }
            command_id::UNBIND => {
                self.answer(header, CommandStatus::ESME_ROK);
                self.closing = true;
            }
            id if command_id::is_response(id) => desk.books.counts.odd += 1,
            _ => {
                desk.books.counts.odd += 1;
                self.refuse(frame);
            }
        }
    }

    fn answer(&mut self, header: Header, status: CommandStatus) {
        wire::respond(header.command_id, status, header.sequence_number, &mut self.output);
    }

    /// Answers a command that we do not serve as `codec` has it.
    fn refuse(&mut self, frame: &[u8]) {
        let answer = match codec::decode(&mut BytesMut::from(frame)) {
            Ok(Some(Framed::Pdu(pdu))) => pdu.refusal(),
            Ok(Some(Framed::Answerable(error))) => error.answer(),
            _ => None,
        };
        let mut octets = BytesMut::new();
        if answer.is_some_and(|pdu| codec::encode(&pdu, &mut octets).is_ok()) {
            self.output.extend_from_slice(&octets);
        }
    }

    fn bind(&mut self, header: Header, receives: bool, transmits: bool) {
        if self.receives || self.transmits {
            return self.answer(header, CommandStatus::ESME_RALYBND);
        }
        (self.receives, self.transmits) = (receives, transmits);
        wire::accept_bind(header.command_id, header.sequence_number, &mut self.output);
    }

    /// A deliver_sm was answered, or nacked.
    fn settle(&mut self, header: Header, desk: &mut Desk, now: u64) {
        let at = self.place(header.sequence_number);
        let slot = self
            .slots
            .get_mut(at)
            .filter(|slot| slot.sequence_number == header.sequence_number && slot.sequence_number != 0);
        let Some(slot) = slot else {
            desk.books.counts.odd += 1;
            return;
        };
        let entry = std::mem::take(slot).entry;
        self.in_flight -= 1;
        let nacked = header.command_id == command_id::GENERIC_NACK && header.status == 0;
        let status = if nacked { CommandStatus::ESME_RUNKNOWNERR.0 } else { header.status };
        desk.books.respond(entry, status, now);
    }

    fn submit(&mut self, header: Header, body: &[u8], desk: &mut Desk, now: u64) {
        if !self.transmits {
            desk.books.counts.odd += 1;
            return self.answer(header, CommandStatus::ESME_RINVBNDSTS);
        }
        let Some(submit) = Submit::read(body) else {
            desk.books.counts.odd += 1;
            return self.answer(header, CommandStatus::ESME_RINVMSGLEN);
        };
        desk.message_id += 1;
        wire::accept_submit(header.sequence_number, desk.message_id, &mut self.output);
        if let Some(follow_up) = desk.books.reply(&submit, &desk.mix, now) {
            desk.follow_ups.push_back(follow_up);
        }
    }
}

fn is_for_later(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
