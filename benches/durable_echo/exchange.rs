//! One bind without its socket: what came, what has to be on disk, and what may leave once it is.

use std::collections::VecDeque;

use crate::wire::{self, Pdu, Route};

/// Replies that wait for room in a bind's window. Above, a deliver_sm is answered ESME_RTHROTTLED and not kept.
const WAITING_MAX: usize = 10_000;
/// The highest sequence_number.
const SEQUENCE_MAX: u32 = 0x7FFF_FFFF;

/// What each bind answers, and how many answers it may have unacknowledged.
#[derive(Debug)]
pub(crate) struct Terms {
    /// In the default alphabet.
    pub(crate) text: Vec<u8>,
    pub(crate) window: u16,
}

/// Counts of a run.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    /// deliver_sm that went to the file.
    pub(crate) messages: u64,
    /// submit_sm that were acknowledged.
    pub(crate) acknowledged: u64,
    /// submit_sm that were refused.
    pub(crate) refused: u64,
}

/// A bind.
#[derive(Debug, Default)]
pub(crate) struct Exchange {
    /// To be sent after what was read with it is on disk, not before.
    pub(crate) outgoing: Vec<u8>,
    pub(crate) counts: Counts,
    /// The peer has unbound, or can't be followed any more.
    pub(crate) over: bool,
    in_flight: u16,
    sequence_number: u32,
    /// Messages whose reply found the window full.
    waiting: VecDeque<Waiting>,
}

/// The addresses of a message that is still to be answered.
#[derive(Debug)]
struct Waiting {
    source: Box<[u8]>,
    destination: Box<[u8]>,
}

impl Exchange {
    /// Takes the whole PDUs that `stream` begins with; messages are appended to `batch`. Returns their octets.
    pub(crate) fn take(&mut self, stream: &[u8], terms: &Terms, batch: &mut Vec<u8>) -> usize {
        let mut taken = 0;
        while !self.over {
            match wire::first(&stream[taken..]) {
                Ok(Some(pdu)) => {
                    self.take_pdu(&pdu, terms, batch);
                    taken += pdu.octets.len();
                }
                Ok(None) => break,
                Err(wire::LostInStream) => self.over = true,
            }
        }
        taken
    }

    fn take_pdu(&mut self, pdu: &Pdu<'_>, terms: &Terms, batch: &mut Vec<u8>) {
        const SUBMIT_SM_RESP: u32 = wire::SUBMIT_SM | wire::RESPONSE;
        match pdu.command_id {
            wire::DELIVER_SM => self.take_message(pdu, terms, batch),
            SUBMIT_SM_RESP => {
                let count = if pdu.status == wire::ESME_ROK {
                    &mut self.counts.acknowledged
                } else {
                    &mut self.counts.refused
                };
                *count += 1;
                self.in_flight = self.in_flight.saturating_sub(1);
                if let Some(Waiting { source, destination }) = self.waiting.pop_front() {
                    self.reply(&source, &destination, terms);
                }
            }
            wire::ENQUIRE_LINK => {
                wire::append_response(
                    &mut self.outgoing,
                    pdu.command_id,
                    wire::ESME_ROK,
                    pdu.sequence_number,
                );
            }
            wire::UNBIND => {
                wire::append_response(
                    &mut self.outgoing,
                    pdu.command_id,
                    wire::ESME_ROK,
                    pdu.sequence_number,
                );
                self.over = true;
            }
            response if response & wire::RESPONSE != 0 => {}
            unknown => {
                wire::append_response(&mut self.outgoing, unknown, wire::ESME_RINVCMDID, pdu.sequence_number);
            }
        }
    }

    fn take_message(&mut self, pdu: &Pdu<'_>, terms: &Terms, batch: &mut Vec<u8>) {
        let addresses = wire::addresses(pdu);
        let status = match addresses {
            None => wire::ESME_RINVMSGLEN,
            Some(_) if self.waiting.len() >= WAITING_MAX => wire::ESME_RTHROTTLED,
            Some(_) => wire::ESME_ROK,
        };
        wire::append_response(&mut self.outgoing, wire::DELIVER_SM, status, pdu.sequence_number);
        let Some((source, destination)) = addresses.filter(|_| status == wire::ESME_ROK) else { return };
        batch.extend_from_slice(pdu.octets);
        self.counts.messages += 1;
        if self.in_flight < terms.window {
            self.reply(source, destination, terms);
        } else {
            self.waiting.push_back(Waiting { source: source.into(), destination: destination.into() });
        }
    }

    /// Back to where the message came from.
    fn reply(&mut self, source: &[u8], destination: &[u8], terms: &Terms) {
        self.in_flight += 1;
        let route = Route { source: destination, destination: source };
        let sequence_number = self.next_sequence_number();
        wire::append_submit(&mut self.outgoing, sequence_number, route, &terms.text);
    }

    fn next_sequence_number(&mut self) -> u32 {
        // The bind had 1.
        self.sequence_number =
            if self.sequence_number == SEQUENCE_MAX { 1 } else { self.sequence_number.max(1) + 1 };
        self.sequence_number
    }

    /// Says good-bye.
    pub(crate) fn unbind(&mut self) {
        let sequence_number = self.next_sequence_number();
        wire::append_bare(&mut self.outgoing, wire::UNBIND, sequence_number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::tests::deliver_sm;

    fn terms(window: u16) -> Terms {
        Terms { text: b"Da nhan".to_vec(), window }
    }

    /// command_id, status and sequence_number of what would leave.
    fn leave(exchange: &mut Exchange) -> Vec<(u32, u32, u32)> {
        let octets = std::mem::take(&mut exchange.outgoing);
        let mut at = 0;
        let mut pdus = Vec::new();
        while let Some(pdu) = wire::first(&octets[at..]).unwrap() {
            pdus.push((pdu.command_id, pdu.status, pdu.sequence_number));
            at += pdu.octets.len();
        }
        assert_eq!(at, octets.len());
        pdus
    }

    fn response(command_id: u32, sequence_number: u32) -> Vec<u8> {
        let mut octets = Vec::new();
        wire::append_response(&mut octets, command_id, 0, sequence_number);
        octets
    }

    const DELIVER_SM_RESP: u32 = wire::DELIVER_SM | wire::RESPONSE;

    #[test]
    fn a_message_is_kept_acknowledged_and_answered() {
        let (mut exchange, mut batch) = (Exchange::default(), Vec::new());
        let mut stream = deliver_sm(5, "84905000001", "XNC 1");
        let whole = stream.clone();
        stream.extend_from_slice(&whole[..20]);
        assert_eq!(exchange.take(&stream, &terms(1), &mut batch), whole.len());
        assert_eq!(batch, whole);
        let octets = exchange.outgoing.clone();
        assert_eq!(leave(&mut exchange), [(DELIVER_SM_RESP, 0, 5), (wire::SUBMIT_SM, 0, 2)]);
        let submit = wire::first(&octets[wire::HEADER_LENGTH + 1..]).unwrap().unwrap();
        let expected = (&b"\0\x018383\0"[..], &b"\x01\x0184905000001\0"[..]);
        assert_eq!(wire::addresses(&submit), Some(expected));
        assert!(submit.octets.ends_with(b"\x07Da nhan"));
    }

    #[test]
    fn a_full_window_holds_replies_back_until_a_response_comes() {
        let (mut exchange, mut batch) = (Exchange::default(), Vec::new());
        let stream: Vec<u8> = (1..=3).flat_map(|number| deliver_sm(number, "84905000001", "")).collect();
        exchange.take(&stream, &terms(2), &mut batch);
        let submits = |pdus: Vec<(u32, u32, u32)>| pdus.iter().filter(|pdu| pdu.0 == wire::SUBMIT_SM).count();
        assert_eq!(submits(leave(&mut exchange)), 2);
        assert_eq!(batch, stream, "the third is kept and acknowledged all the same");
        exchange.take(&response(wire::SUBMIT_SM, 2), &terms(2), &mut batch);
        assert_eq!(leave(&mut exchange), [(wire::SUBMIT_SM, 0, 4)]);
        exchange.take(&response(wire::SUBMIT_SM, 3), &terms(2), &mut batch);
        assert_eq!(leave(&mut exchange), []);
        assert_eq!(exchange.counts, Counts { messages: 3, acknowledged: 2, refused: 0 });
    }

    #[test]
    fn what_waits_is_bounded() {
        let (mut exchange, mut batch) = (Exchange::default(), Vec::new());
        for number in 0..WAITING_MAX as u32 {
            exchange.take(&deliver_sm(number, "84905000001", ""), &terms(0), &mut batch);
        }
        exchange.outgoing.clear();
        let kept = batch.len();
        exchange.take(&deliver_sm(77, "84905000001", ""), &terms(0), &mut batch);
        assert_eq!(leave(&mut exchange), [(DELIVER_SM_RESP, wire::ESME_RTHROTTLED, 77)]);
        assert_eq!(batch.len(), kept);
    }

    #[test]
    fn enquire_link_unbind_and_the_unknown_are_answered_and_nonsense_ends_the_bind() {
        let (mut exchange, mut batch) = (Exchange::default(), Vec::new());
        let mut stream = Vec::new();
        wire::append_bare(&mut stream, wire::ENQUIRE_LINK, 1);
        wire::append_bare(&mut stream, 0x0000_0099, 2);
        stream.extend(response(wire::ENQUIRE_LINK, 3));
        wire::append_bare(&mut stream, wire::UNBIND, 4);
        exchange.take(&stream, &terms(1), &mut batch);
        assert!(exchange.over);
        let answered = [(wire::ENQUIRE_LINK, 0, 1), (0x99, wire::ESME_RINVCMDID, 2), (wire::UNBIND, 0, 4)];
        assert_eq!(
            leave(&mut exchange),
            answered.map(|(id, status, number)| (id | wire::RESPONSE, status, number))
        );
        let mut lost = Exchange::default();
        assert_eq!(lost.take(&[0xFF; 64], &terms(1), &mut batch), 0);
        assert!(lost.over);
    }
}
