//! What the peer sends, and what the session does about it.

use std::time::Duration;

use codec::{Body, CommandStatus, Framed, Pdu, SmResp, command_id, tlv::tag};

use crate::{
    CloseReason, Event, Mode, Role, Session, State,
    refusal::{Verdict, judge},
};

/// `congestion_state` (5.0) from which the SMSC asks for less: 80 to 89 is "near overload".
const CONGESTION_STATE_SLOW: u8 = 80;

impl Session {
    /// Takes one frame of the peer. Responses are matched here and now, never queued behind requests.
    pub fn receive(&mut self, framed: Framed, now: Duration) {
        if self.state == State::Closed {
            return;
        }
        self.heard(now);
        match framed {
            Framed::Answerable(error) => {
                if let Some(answer) = error.answer() {
                    self.send(answer);
                }
                self.emit(Event::Unreadable(error));
            }
            Framed::Pdu(pdu) if pdu.body.is_response() => self.receive_response(pdu, now),
            Framed::Pdu(pdu) => match judge(self.role, self.state, pdu.body.command_id()) {
                Verdict::Serve => self.serve(pdu),
                Verdict::Refuse(status) => self.refuse(pdu, status),
            },
        }
    }

    fn serve(&mut self, pdu: Pdu) {
        match pdu.body {
            Body::EnquireLink => self.acknowledge(&pdu),
            Body::Unbind => {
                self.acknowledge(&pdu);
                self.end(CloseReason::PeerUnbound);
            }
            Body::BindTransmitter(bind) => self.bind_requested(Mode::Transmitter, bind, pdu.sequence_number),
            Body::BindReceiver(bind) => self.bind_requested(Mode::Receiver, bind, pdu.sequence_number),
            Body::BindTransceiver(bind) => self.bind_requested(Mode::Transceiver, bind, pdu.sequence_number),
            _ => {
                let has_answer = pdu.respond(CommandStatus::ESME_ROK).is_some();
                self.owed += usize::from(has_answer);
                self.emit(Event::Request(pdu));
            }
        }
    }

    fn acknowledge(&mut self, request: &Pdu) {
        if let Some(response) = request.respond(CommandStatus::ESME_ROK) {
            self.send(response);
        }
    }

    fn refuse(&mut self, pdu: Pdu, status: CommandStatus) {
        if let Some(response) = pdu.respond(status) {
            self.send(response);
        }
        self.emit(Event::Refused(pdu));
    }

    fn bind_requested(&mut self, mode: Mode, bind: codec::Bind, sequence_number: u32) {
        self.state = State::Binding(mode);
        self.bind_sequence = Some(sequence_number);
        self.emit(Event::BindRequested { mode, bind });
    }

    fn receive_response(&mut self, mut pdu: Pdu, now: Duration) {
        let response_id = pdu.body.command_id();
        if let Some(pending) = self.in_flight.take(pdu.sequence_number, response_id) {
            if pdu.body == Body::GenericNack && pdu.command_status.is_ok() {
                // A refusal without a reason must never read as an acceptance.
                pdu.command_status = CommandStatus::ESME_RUNKNOWNERR;
            }
            self.learn_pace(&pdu, now);
            let too_much = says_too_much(pdu.command_status);
            self.emit(Event::Answered { ticket: pending.ticket, response: pdu });
            if too_much {
                self.give_back_waiting();
            }
            self.release(now);
            self.unbind_when_settled(now);
        } else if self.answers_own(self.bind_sequence, &pdu, self.binding_response()) {
            self.bind_answered(pdu, now);
        } else if self.answers_own(self.unbind_sequence, &pdu, Some(command_id::UNBIND_RESP)) {
            self.end(CloseReason::Unbound);
        } else if response_id == command_id::ENQUIRE_LINK_RESP {
            // That it came at all is most of the news; see `heard`.
            if let Some((_, ticket)) = self.enquired.take_if(|(asked, _)| *asked == pdu.sequence_number) {
                self.emit(Event::Enquired { ticket });
            }
        } else if let Some(ticket) = self.in_flight.ticket_of_ended(pdu.sequence_number, response_id) {
            self.emit(Event::Late { ticket, response: pdu });
        } else {
            self.emit(Event::Unmatched(pdu));
        }
    }

    /// The command_id of the bind response that is awaited.
    fn binding_response(&self) -> Option<u32> {
        match (self.role, self.state) {
            (Role::Esme, State::Binding(mode)) => Some(mode.command_id() | command_id::RESPONSE_BIT),
            _ => None,
        }
    }

    /// Whether this answers our request of that number: by its own response or by generic_nack.
    fn answers_own(&self, sequence_number: Option<u32>, pdu: &Pdu, response_id: Option<u32>) -> bool {
        let Some(response_id) = response_id else { return false };
        let actual = pdu.body.command_id();
        sequence_number == Some(pdu.sequence_number)
            && (actual == response_id || actual == command_id::GENERIC_NACK)
    }

    fn bind_answered(&mut self, pdu: Pdu, now: Duration) {
        self.bind_sequence = None;
        let State::Binding(mode) = self.state else { return };
        match pdu.body {
            Body::BindTransmitterResp(resp)
            | Body::BindReceiverResp(resp)
            | Body::BindTransceiverResp(resp)
                if pdu.command_status.is_ok() =>
            {
                self.enter_bound(mode, now);
                self.emit(Event::Bound { mode, resp });
            }
            _ => {
                // A generic_nack of an old SMSC may even carry ESME_ROK: it is a refusal all the same.
                let status = if pdu.command_status.is_ok() {
                    CommandStatus::ESME_RINVCMDID
                } else {
                    pdu.command_status
                };
                self.emit(Event::BindRefused(status));
                self.end(CloseReason::BindRefused(status));
            }
        }
    }

    /// What a response says about the pace.
    fn learn_pace(&mut self, response: &Pdu, now: Duration) {
        let congested = match &response.body {
            Body::SubmitSmResp(SmResp { tlvs, .. }) | Body::DataSmResp(SmResp { tlvs, .. }) => {
                tlvs.octet(tag::CONGESTION_STATE).is_some_and(|state| state >= CONGESTION_STATE_SLOW)
            }
            _ => false,
        };
        if says_too_much(response.command_status) || congested {
            self.throttle.slow(now);
        } else {
            self.throttle.climb();
        }
    }
}

/// Whether the peer takes nothing more at present.
fn says_too_much(status: CommandStatus) -> bool {
    matches!(status, CommandStatus::ESME_RTHROTTLED | CommandStatus::ESME_RMSGQFUL)
}
