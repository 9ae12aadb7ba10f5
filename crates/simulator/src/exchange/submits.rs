//! What a submit_sm means: a verdict, a text on a handset, a receipt.

use std::time::Duration;

use codec::{
    CommandStatus, Sm,
    data_coding::{decode_text, unpack},
    reassembly::{Inserted, JoinKey},
    receipt::{MessageState, ReceiptText},
    time::Absolute,
};
use jiff::Timestamp;
use model::{Now, Redacted};

use super::{BindId, Delivery, Due, Exchange, Kind, Order, Route};
use crate::{
    faults::{ReceiptForm, ReceiptState, StrayForm},
    handset::{HandsetId, Received},
    ledger::MessageRef,
    message::digits,
};

/// Added to a sequence number for a response that nobody asked for.
const STRAY: u32 = 0x2000_0000;

/// Added to a message id for one that was never given to a message.
const STRAY_ID: u64 = 0x0010_0000_0000;

/// The bits of registered_delivery that ask for a final receipt (SMPP 3.4, 5.2.17; 3 is of 5.0).
const RECEIPT_BITS: u8 = 0x03;

impl Exchange {
    pub(super) fn submit(&mut self, from: BindId, sequence_number: u32, data_sm: bool, sm: &Sm, now: Now) {
        self.stats.submits += 1;
        let Some(link) = self.links.get_mut(&from) else { return };
        link.submits += 1;
        if link.submits == self.faults.disconnect_after_submits {
            self.order(from, Order::Close);
            return;
        }
        let status = self.verdict(sm);
        if self.config.witness {
            self.testimony.submit(now.wall, sm, status);
        }
        if !status.is_ok() {
            let response = Order::Respond { sequence_number, data_sm, status, message_id: String::new() };
            self.respond(from, response, now.monotonic);
            return;
        }
        self.stats.accepted += 1;
        let id = self.message_id;
        self.message_id += 1;
        if self.faults.receipt_before_response {
            self.send_receipts(from, sm, id, now);
            self.dispatch(now.monotonic);
            self.answer_taken(from, sequence_number, data_sm, id, now.monotonic);
        } else {
            self.answer_taken(from, sequence_number, data_sm, id, now.monotonic);
            self.send_receipts(from, sm, id, now);
        }
        self.receive(sm, now);
    }

    fn verdict(&mut self, sm: &Sm) -> CommandStatus {
        if self.dice.hits(self.faults.throttle_percent) {
            CommandStatus::ESME_RTHROTTLED
        } else if self.dice.hits(self.faults.refuse_percent) {
            CommandStatus(self.faults.refuse_status)
        } else if sm.destination.digits.is_empty() {
            CommandStatus::ESME_RINVDSTADR
        } else {
            CommandStatus::ESME_ROK
        }
    }

    /// The response to a message that was taken, with what goes wrong about it.
    fn answer_taken(&mut self, to: BindId, sequence_number: u32, data_sm: bool, id: u64, now: Duration) {
        if self.dice.hits(self.faults.drop_response_percent) {
            self.stats.responses_dropped += 1;
            return;
        }
        let message_id = self.faults.response_id.write(id);
        if self.dice.hits(self.faults.stray_response_percent) {
            let (sequence_number, data_sm) = match self.faults.stray_response_form {
                StrayForm::Unknown => (sequence_number ^ STRAY, data_sm),
                StrayForm::Zero => (0, data_sm),
                StrayForm::Ahead => (sequence_number.wrapping_add(1), data_sm),
                StrayForm::OtherCommand => (sequence_number, !data_sm),
            };
            let message_id = self.faults.response_id.write(id ^ STRAY_ID);
            self.order(to, Order::Stray { sequence_number, data_sm, message_id });
        }
        let twice = self.dice.hits(self.faults.duplicate_response_percent);
        let twice = twice.then(|| self.faults.response_id.write(self.last_id(id)));
        let status = CommandStatus::ESME_ROK;
        self.respond(to, Order::Respond { sequence_number, data_sm, status, message_id }, now);
        if let Some(message_id) = twice {
            self.respond(to, Order::Stray { sequence_number, data_sm, message_id }, now);
        }
    }

    /// The id that receipts name: that of the last response.
    fn last_id(&self, id: u64) -> u64 {
        if self.faults.duplicate_response_other_id { id ^ (STRAY_ID << 1) } else { id }
    }

    /// Sends a response, late where that is asked for.
    fn respond(&mut self, to: BindId, response: Order, now: Duration) {
        match self.faults.delay_response_ms {
            0 => self.order(to, response),
            delay => self.plan(now + Duration::from_millis(delay), Due::Order(to, Box::new(response))),
        }
    }

    /// Queues the receipts that registered_delivery asks for.
    fn send_receipts(&mut self, submitted_on: BindId, sm: &Sm, id: u64, now: Now) {
        let Some(state) = self.faults.receipt_state.message_state() else { return };
        let delivered = state == MessageState::Delivered;
        let wanted = match sm.registered_delivery & RECEIPT_BITS {
            1 => true,
            2 => !delivered,
            3 => delivered,
            _ => false,
        };
        if !wanted {
            return;
        }
        let delay = match self.faults.receipt_before_response {
            true => self.faults.delay_receipt_ms,
            false => self.faults.delay_receipt_ms.saturating_add(self.faults.delay_response_ms),
        };
        let at = (delay > 0).then(|| now.monotonic + Duration::from_millis(delay));
        let route = match self.faults.receipt_on_sister_bind {
            true => Route::Avoid(submitted_on),
            false => Route::Prefer(submitted_on),
        };
        let enroute = self.faults.receipt_enroute_after_final.then_some(ReceiptState::Enroute);
        let states = [Some(state), enroute.and_then(ReceiptState::message_state)];
        for n in 0..u64::from(self.faults.stray_receipts) {
            let receipt = self.receipt(sm, (STRAY_ID << 2) + (id << 20) + n, state, now.wall);
            self.send_receipt(receipt, route, at);
        }
        let copies = if self.faults.receipt_twice { 2 } else { 1 };
        for state in states.into_iter().flatten() {
            let receipt = self.receipt(sm, self.last_id(id), state, now.wall);
            for _ in 0..copies {
                self.send_receipt(receipt.clone(), route, at);
            }
        }
    }

    fn send_receipt(&mut self, receipt: Sm, route: Route, at: Option<Duration>) {
        self.stats.receipts += 1;
        let mut delivery = Delivery::new(receipt, Kind::Receipt, route);
        delivery.data_sm = self.faults.receipt_as_data_sm;
        self.queue(delivery, at);
    }

    fn receipt(&self, sm: &Sm, id: u64, state: MessageState, wall: Timestamp) -> Sm {
        let date = Absolute::from_unix_seconds(wall.as_second(), 0).unwrap_or(EPOCH);
        let text = ReceiptText {
            message_id: &self.faults.receipt_id.write(id),
            state,
            error: if state == MessageState::Delivered { "000" } else { "001" },
            submit_date: date,
            done_date: date,
            // The specification repeats 20 characters of the text; a citizen's text is nobody's business here.
            text: "",
        };
        // data_sm has no short_message: its receipt is TLVs alone.
        let form = if self.faults.receipt_as_data_sm { ReceiptForm::Tlv } else { self.faults.receipt_form };
        text.deliver_sm(sm, form != ReceiptForm::Tlv, form != ReceiptForm::Text)
    }

    /// Puts the text, once it is whole, on the handset.
    fn receive(&mut self, sm: &Sm, now: Now) {
        let Some(handset) = self.handsets.find_or_make(&sm.destination.digits) else {
            self.stats.unkept += 1;
            return;
        };
        let Ok(data) = sm.user_data() else {
            self.stats.unkept += 1;
            return;
        };
        let alphabet = self.config.default_alphabet;
        let payload = unpack(&data, sm.data_coding, alphabet);
        let (octets, parts) = match data.concat.filter(|concat| concat.total > 1) {
            None => (payload, 1),
            Some(concat) => {
                // Filed under the handset: all answers come from one number, and it is the handset that joins.
                let key = JoinKey::new("", &sm.destination, &sm.source, concat);
                match self.reassembly.insert(&key, concat.number, payload, now.monotonic) {
                    (Inserted::Complete(octets), _) => (octets, usize::from(concat.total)),
                    _ => return,
                }
            }
        };
        let decoded = decode_text(&octets, sm.data_coding, data.shifts, alphabet);
        match decoded {
            Ok(decoded) => self.file(handset, sm, Redacted(decoded.text), parts, now),
            Err(_) => self.stats.unkept += 1,
        }
    }

    fn file(&mut self, handset: HandsetId, sm: &Sm, text: Redacted<String>, parts: usize, now: Now) {
        self.stats.replies += 1;
        self.cursor += 1;
        let from = digits(&sm.source.digits);
        let answers = self.take_awaiting(handset, &from);
        let mut after = None;
        if let Some(record) = answers.and_then(|message| self.ledger.get_mut(message)) {
            record.replies += 1;
            let time = now.monotonic.saturating_sub(record.due_at);
            self.timers.reply.record(time);
            after = Some(time.as_secs_f64() * 1_000.0);
        }
        let Some(phone) = self.handsets.get_mut(handset) else { return };
        if answers.is_none() {
            self.stats.unmatched += 1;
            let last = phone.inbox.iter().rev().find(|received| received.from == from);
            self.stats.duplicates += u64::from(last.is_some_and(|received| received.text == text));
        }
        phone.receive(Received {
            cursor: self.cursor,
            from,
            text,
            parts,
            data_coding: sm.data_coding,
            registered_delivery: sm.registered_delivery & RECEIPT_BITS != 0,
            at: now.wall,
            answers,
            after_ms: after,
        });
    }

    /// The handset's oldest message to that number that has no answer.
    fn take_awaiting(&mut self, handset: HandsetId, from: &str) -> Option<MessageRef> {
        let ledger = &self.ledger;
        let phone = self.handsets.get_mut(handset)?;
        let sent_there =
            |message: &MessageRef| ledger.get(*message).is_some_and(|record| record.to.as_ref() == from);
        let index = phone.awaiting.iter().position(sent_there)?;
        phone.awaiting.remove(index)
    }
}

/// The date of a receipt where the wall clock is outside this century.
const EPOCH: Absolute =
    Absolute { year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0, tenth: 0, quarters: 0 };
