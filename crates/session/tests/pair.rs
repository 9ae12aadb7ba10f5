//! An ESME's session against an SMSC's, in memory, under a clock of numbers.

use std::{collections::VecDeque, time::Duration};

use codec::{Bind, BindResp, Body, CommandStatus, Framed, Pdu, Sm, SmResp};
use proptest::prelude::*;
use session::{CloseReason, Config, Event, Mode, Output, Role, Session, State, Timeouts};

/// Both ends and the wires between them; a PDU stays on its wire until it is carried over.
struct Pair {
    esme: Session,
    smsc: Session,
    to_smsc: VecDeque<Pdu>,
    to_esme: VecDeque<Pdu>,
    esme_events: Vec<Event>,
    smsc_events: Vec<Event>,
    closed: Vec<(Role, CloseReason)>,
    now: Duration,
}

impl Pair {
    fn new(esme: Config, smsc: Config) -> Self {
        Self {
            esme: Session::new(Role::Esme, esme, Duration::ZERO),
            smsc: Session::new(Role::Smsc, smsc, Duration::ZERO),
            to_smsc: VecDeque::new(),
            to_esme: VecDeque::new(),
            esme_events: Vec::new(),
            smsc_events: Vec::new(),
            closed: Vec::new(),
            now: Duration::ZERO,
        }
    }

    fn bound(esme: Config, mode: Mode) -> Self {
        let mut pair = Self::new(esme, Config { window: 100, ..Config::default() });
        pair.esme.bind(mode, Bind { system_id: "tongdai".into(), ..Bind::default() }, pair.now);
        pair.carry();
        assert!(matches!(pair.smsc_events.pop(), Some(Event::BindRequested { .. })));
        pair.smsc.answer_bind(CommandStatus::ESME_ROK, BindResp::default(), pair.now);
        pair.carry();
        assert!(matches!(pair.esme_events.pop(), Some(Event::Bound { .. })));
        pair
    }

    fn collect(&mut self) {
        let ends = [
            (Role::Esme, &mut self.esme, &mut self.to_smsc, &mut self.esme_events),
            (Role::Smsc, &mut self.smsc, &mut self.to_esme, &mut self.smsc_events),
        ];
        for (role, session, wire, events) in ends {
            while let Some(output) = session.poll_output() {
                match output {
                    Output::Send(pdu) => wire.push_back(pdu),
                    Output::Event(event) => events.push(event),
                    Output::Close(reason) => self.closed.push((role, reason)),
                }
            }
        }
    }

    /// Carries PDUs both ways until the wires are empty.
    fn carry(&mut self) {
        loop {
            self.collect();
            if let Some(pdu) = self.to_smsc.pop_front() {
                self.smsc.receive(Framed::Pdu(pdu), self.now);
            } else if let Some(pdu) = self.to_esme.pop_front() {
                self.esme.receive(Framed::Pdu(pdu), self.now);
            } else {
                return;
            }
        }
    }

    /// Lets both ends' timers run, one deadline after the other, until `until`.
    fn wait(&mut self, until: Duration) {
        self.carry();
        while let Some(next) =
            [self.esme.next_deadline(self.now), self.smsc.next_deadline(self.now)].into_iter().flatten().min()
            && next <= until
        {
            self.now = self.now.max(next);
            self.esme.timeout(self.now);
            self.smsc.timeout(self.now);
            self.carry();
        }
        self.now = until;
    }

    /// The SMSC answers all requests that it was told of.
    fn serve(&mut self, status: CommandStatus) {
        for event in std::mem::take(&mut self.smsc_events) {
            if let Event::Request(request) = event {
                self.smsc.respond(request.respond(status).expect("a request"));
            }
        }
        self.carry();
    }
}

#[test]
fn messages_pass_both_ways_and_both_part_in_peace() {
    let mut pair = Pair::bound(Config::default(), Mode::Transceiver);
    pair.esme.submit(Sm::default(), 1, pair.now).expect("room");
    pair.smsc.submit(Sm::default(), 2, pair.now).expect("room");
    pair.carry();
    pair.serve(CommandStatus::ESME_ROK);
    let Some(Event::Request(delivery)) = pair.esme_events.first().cloned() else {
        panic!("nothing delivered")
    };
    assert!(matches!(delivery.body, Body::DeliverSm(_)));
    pair.esme.respond(delivery.respond(CommandStatus::ESME_RX_T_APPN).expect("a request"));
    pair.carry();
    assert!(matches!(pair.esme_events.as_slice(), [_, Event::Answered { ticket: 1, .. }]));
    let [Event::Answered { ticket: 2, response }] = pair.smsc_events.as_slice() else { panic!("no answer") };
    assert_eq!(response.command_status, CommandStatus::ESME_RX_T_APPN);
    pair.esme.unbind(pair.now);
    pair.carry();
    assert_eq!(pair.closed, [(Role::Smsc, CloseReason::PeerUnbound), (Role::Esme, CloseReason::Unbound)]);
}

#[test]
fn an_idle_pair_lives_by_enquire_link() {
    let mut pair = Pair::bound(Config::default(), Mode::Receiver);
    pair.wait(Duration::from_secs(3_600));
    assert_eq!(pair.closed, []);
    assert_eq!(pair.esme.state(), State::Bound(Mode::Receiver));
}

#[test]
fn a_refused_bind_may_be_tried_again_until_the_time_is_over() {
    let mut pair = Pair::new(Config::default(), Config::default());
    pair.esme.bind(Mode::Transmitter, Bind::default(), pair.now);
    pair.carry();
    pair.smsc.answer_bind(CommandStatus::ESME_RINVPASWD, BindResp::default(), pair.now);
    pair.wait(Duration::from_secs(20));
    let refused = CloseReason::BindRefused(CommandStatus::ESME_RINVPASWD);
    assert_eq!(pair.closed, [(Role::Esme, refused), (Role::Smsc, CloseReason::BindTimeout)]);
}

#[test]
fn halves_of_a_pair_refuse_what_is_the_others() {
    let mut pair = Pair::bound(Config::default(), Mode::Receiver);
    assert!(pair.esme.submit(Sm::default(), 1, pair.now).is_err());
    let mut pair = Pair::bound(Config::default(), Mode::Transmitter);
    assert!(pair.smsc.submit(Sm::default(), 1, pair.now).is_err());
    pair.to_esme.push_back(Pdu::request(1, Body::DeliverSm(Sm::default())));
    pair.carry();
    assert!(matches!(pair.smsc_events.last(), Some(Event::Unmatched(pdu))
        if pdu.command_status == CommandStatus::ESME_RINVBNDSTS));
}

#[test]
fn a_throttling_peer_gets_every_message_in_the_end_and_in_order() {
    let mut pair = Pair::bound(Config { window: 5, ..Config::default() }, Mode::Transceiver);
    let mut queue: VecDeque<u64> = (0..50).collect();
    let mut done = Vec::new();
    for second in 0..400_u64 {
        while pair.esme.room(pair.now) > 0 {
            let Some(ticket) = queue.pop_front() else { break };
            pair.esme.submit(Sm::default(), ticket, pair.now).expect("room");
        }
        pair.carry();
        let status = if second < 120 { CommandStatus::ESME_RTHROTTLED } else { CommandStatus::ESME_ROK };
        pair.serve(status);
        for event in std::mem::take(&mut pair.esme_events) {
            match event {
                Event::Answered { ticket, response } if response.command_status.is_ok() => done.push(ticket),
                Event::Answered { ticket, .. } | Event::Unsent { ticket } => queue.push_front(ticket),
                other => panic!("{other:?}"),
            }
        }
        queue.make_contiguous().sort_unstable();
        pair.wait(Duration::from_secs(second + 1));
    }
    assert_eq!(done, (0..50).collect::<Vec<_>>());
}

/// One thing that happens to the ESME's session.
#[derive(Clone, Debug)]
enum Step {
    Submit,
    Respond { back: u32, data_sm: bool, status: u32 },
    Nack { back: u32 },
    Request,
    Wait { milliseconds: u32 },
    Unbind,
}

fn step() -> impl Strategy<Value = Step> {
    let status = prop_oneof![6 => Just(0_u32), 1 => Just(0x58), 1 => Just(0x14), 1 => Just(8)];
    prop_oneof![
        12 => Just(Step::Submit),
        8 => (0..12_u32, prop::bool::weighted(0.1), status)
            .prop_map(|(back, data_sm, status)| Step::Respond { back, data_sm, status }),
        1 => (0..12_u32).prop_map(|back| Step::Nack { back }),
        1 => Just(Step::Request),
        4 => (0..9_000_u32).prop_map(|milliseconds| Step::Wait { milliseconds }),
        1 => prop::bool::weighted(0.05).prop_map(|leave| if leave { Step::Unbind } else { Step::Request }),
    ]
}

/// Plays steps against a bound session and counts the ends of each ticket.
#[derive(Default)]
struct Tally {
    accepted: u64,
    last_sequence: u32,
    ends: Vec<u64>,
}

impl Tally {
    fn drain(&mut self, session: &mut Session) {
        while let Some(output) = session.poll_output() {
            match output {
                Output::Send(pdu) if !pdu.body.is_response() => {
                    assert!(pdu.sequence_number > self.last_sequence, "numbers only rise");
                    self.last_sequence = pdu.sequence_number;
                }
                Output::Event(
                    Event::Answered { ticket, .. } | Event::TimedOut { ticket } | Event::Unsent { ticket },
                ) => self.ends.push(ticket),
                _ => {}
            }
        }
    }

    fn play(&mut self, session: &mut Session, step: &Step, now: &mut Duration) {
        match step {
            Step::Submit => {
                let taken = session.submit(Sm::default(), self.accepted, *now).is_ok();
                assert!(taken || session.room(*now) == 0);
                self.accepted += u64::from(taken);
            }
            Step::Respond { back, data_sm, status } => {
                let resp = SmResp::default();
                let body = if *data_sm { Body::DataSmResp(resp) } else { Body::SubmitSmResp(resp) };
                let sequence_number = self.last_sequence.wrapping_sub(*back);
                let pdu = Pdu { command_status: CommandStatus(*status), sequence_number, body };
                session.receive(Framed::Pdu(pdu), *now);
            }
            Step::Nack { back } => {
                let nack =
                    Pdu::generic_nack(CommandStatus::ESME_RSYSERR, self.last_sequence.wrapping_sub(*back));
                session.receive(Framed::Pdu(nack), *now);
            }
            Step::Request => {
                session.receive(Framed::Pdu(Pdu::request(3, Body::DeliverSm(Sm::default()))), *now);
            }
            Step::Wait { milliseconds } => {
                *now += Duration::from_millis(u64::from(*milliseconds));
                session.timeout(*now);
                assert!(session.next_deadline(*now).is_none_or(|next| next >= *now));
            }
            Step::Unbind => session.unbind(*now),
        }
        self.drain(session);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_ticket_ends_exactly_once(steps in prop::collection::vec(step(), 1..300), window in 1..8_u32) {
        let timeouts = Timeouts { enquire_link_idle: Duration::from_secs(40), ..Timeouts::default() };
        let config = Config { window, rate: Some(50), timeouts };
        let mut session = Pair::bound(config, Mode::Transceiver).esme;
        let mut tally = Tally { last_sequence: 1, ..Tally::default() };
        let mut now = Duration::ZERO;
        for step in &steps {
            tally.play(&mut session, step, &mut now);
            prop_assert!(session.in_flight() <= window as usize);
            prop_assert!(session.in_flight() + session.waiting() <= 3 * window as usize);
        }
        let lost = session.close();
        let mut ends = tally.ends;
        ends.extend(lost.unsent);
        ends.extend(lost.unanswered);
        ends.sort_unstable();
        prop_assert_eq!(ends, (0..tally.accepted).collect::<Vec<_>>());
    }
}
