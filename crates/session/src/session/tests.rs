//! What one session does with what it hears; numbers are seconds.

use codec::{AnswerableError, Framed, SmResp, command_id, tlv::tag};

use super::*;

const fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn outputs(session: &mut Session) -> Vec<Output> {
    std::iter::from_fn(|| session.poll_output()).collect()
}

fn hear(session: &mut Session, pdu: Pdu, now: Duration) -> Vec<Output> {
    session.receive(Framed::Pdu(pdu), now);
    outputs(session)
}

fn resp(sequence_number: u32, status: CommandStatus, message_id: &str) -> Pdu {
    let body = Body::SubmitSmResp(SmResp { message_id: message_id.into(), ..SmResp::default() });
    Pdu { command_status: status, sequence_number, body }
}

fn bind_resp(status: CommandStatus) -> Pdu {
    Pdu { command_status: status, sequence_number: 1, body: Body::BindTransceiverResp(BindResp::default()) }
}

fn sent(outputs: &[Output]) -> Vec<(u32, u32, u32)> {
    let triple = |pdu: &Pdu| (pdu.body.command_id(), pdu.command_status.0, pdu.sequence_number);
    outputs.iter().filter_map(|o| if let Output::Send(pdu) = o { Some(triple(pdu)) } else { None }).collect()
}

/// A transceiver's session at time 0, its bind done as sequence number 1.
fn bound(config: Config) -> Session {
    let mut esme = Session::new(Role::Esme, config, at(0));
    esme.bind(Mode::Transceiver, Bind::default(), at(0));
    hear(&mut esme, bind_resp(CommandStatus::ESME_ROK), at(0));
    assert_eq!(esme.state(), State::Bound(Mode::Transceiver));
    esme
}

fn submit(session: &mut Session, tickets: std::ops::Range<u64>) {
    for ticket in tickets {
        session.submit(Sm::default(), ticket, at(0)).expect("there is room");
    }
}

#[test]
fn the_window_holds_and_opens_by_responses_only() {
    let mut esme = bound(Config { window: 2, ..Config::default() });
    submit(&mut esme, 10..13);
    assert_eq!(sent(&outputs(&mut esme)), [(4, 0, 2), (4, 0, 3)]);
    assert_eq!((esme.in_flight(), esme.waiting(), esme.room(at(0))), (2, 1, 1));
    // Wrong number, wrong command, the peer's own request of the same number: no slot moves.
    let strangers = [
        resp(99, CommandStatus::ESME_ROK, "x"),
        Pdu {
            command_status: CommandStatus::ESME_ROK,
            sequence_number: 2,
            body: Body::DataSmResp(SmResp::default()),
        },
        Pdu::request(2, Body::DeliverSm(Sm::default())),
    ];
    for pdu in strangers {
        assert_eq!(sent(&hear(&mut esme, pdu, at(1))), []);
    }
    let answered = hear(&mut esme, resp(3, CommandStatus::ESME_ROK, "b"), at(1));
    assert!(matches!(answered.first(), Some(Output::Event(Event::Answered { ticket: 11, .. }))));
    assert_eq!(sent(&answered), [(4, 0, 4)]);
}

#[test]
fn a_request_that_cannot_be_sent_comes_back() {
    let mut esme = bound(Config { window: 1, ..Config::default() });
    submit(&mut esme, 0..3);
    assert!(esme.submit(Sm::default(), 3, at(0)).is_err(), "over two windows");
    assert!(esme.request(Body::DeliverSm(Sm::default()), 4, at(0)).is_err(), "not an ESME's");
    assert!(esme.request(Body::Unbind, 5, at(0)).is_err(), "has its own way");
    assert_eq!(esme.close(), Lost { unsent: vec![1, 2], unanswered: vec![0] });
    assert!(esme.submit(Sm::default(), 6, at(0)).is_err());
    assert_eq!(esme.next_deadline(at(0)), None);
}

#[test]
fn what_waits_behind_a_throttled_request_comes_back_behind_it() {
    for status in [CommandStatus::ESME_RTHROTTLED, CommandStatus::ESME_RMSGQFUL] {
        let mut esme = bound(Config { window: 2, ..Config::default() });
        submit(&mut esme, 0..4);
        outputs(&mut esme);
        let out = hear(&mut esme, resp(2, status, ""), at(1));
        let [Output::Event(Event::Answered { ticket: 0, .. }), rest @ ..] = out.as_slice() else {
            panic!("{out:?}");
        };
        let unsent = |ticket| Output::Event(Event::Unsent { ticket });
        assert_eq!(rest, [unsent(2), unsent(3)]);
        assert_eq!(esme.close(), Lost { unsent: vec![], unanswered: vec![1] });
    }
}

#[test]
fn second_and_late_responses_are_aliases_and_free_nothing() {
    let timeouts = Timeouts { enquire_link_idle: Duration::MAX, ..Timeouts::default() };
    let mut esme = bound(Config { window: 1, timeouts, ..Config::default() });
    submit(&mut esme, 0..3);
    hear(&mut esme, resp(2, CommandStatus::ESME_ROK, "a"), at(1));
    let second = hear(&mut esme, resp(2, CommandStatus::ESME_ROK, "b"), at(2));
    assert!(matches!(second.as_slice(), [Output::Event(Event::Late { ticket: 0, .. })]));
    esme.timeout(at(31));
    let expired = outputs(&mut esme);
    assert!(expired.contains(&Output::Event(Event::TimedOut { ticket: 1 })), "{expired:?}");
    let late = hear(&mut esme, resp(3, CommandStatus::ESME_ROK, "c"), at(32));
    assert!(matches!(late.as_slice(), [Output::Event(Event::Late { ticket: 1, .. })]));
    assert_eq!(esme.in_flight(), 1);
}

#[test]
fn a_response_read_before_the_timers_run_saves_its_request() {
    let mut esme = bound(Config::default());
    submit(&mut esme, 0..1);
    outputs(&mut esme);
    // The process slept for a minute; the response lay in the socket.
    let events = hear(&mut esme, resp(2, CommandStatus::ESME_ROK, "a"), at(60));
    esme.timeout(at(60));
    assert!(matches!(events.as_slice(), [Output::Event(Event::Answered { ticket: 0, .. })]));
    assert_eq!(sent(&outputs(&mut esme)), [], "and the peer is known to be alive");
}

#[test]
fn generic_nack_ends_the_request_of_its_number() {
    let mut esme = bound(Config::default());
    submit(&mut esme, 7..9);
    let ended = hear(&mut esme, Pdu::generic_nack(CommandStatus::ESME_RINVCMDID, 2), at(1));
    assert!(matches!(ended.last(), Some(Output::Event(Event::Answered { ticket: 7, .. }))), "{ended:?}");
    let ended = hear(&mut esme, Pdu::generic_nack(CommandStatus::ESME_ROK, 3), at(1));
    let [Output::Event(Event::Answered { ticket: 8, response })] = ended.as_slice() else {
        panic!("{ended:?}")
    };
    assert_eq!(response.command_status, CommandStatus::ESME_RUNKNOWNERR, "no acceptance");
    let stray = hear(&mut esme, Pdu::generic_nack(CommandStatus::ESME_RINVCMDLEN, 0), at(1));
    assert!(matches!(stray.as_slice(), [Output::Event(Event::Unmatched(_))]));
}

#[test]
fn silence_is_asked_about_twice_then_ends_the_session() {
    let mut esme = bound(Config::default());
    assert_eq!(esme.next_deadline(at(0)), Some(at(20)));
    esme.timeout(at(20));
    esme.timeout(at(25));
    assert_eq!(sent(&outputs(&mut esme)), [(0x15, 0, 2), (0x15, 0, 3)]);
    esme.timeout(at(30));
    assert_eq!(outputs(&mut esme), [Output::Close(CloseReason::EnquireLinkTimeout)]);
}

#[test]
fn one_lost_enquire_link_is_forgiven() {
    let mut esme = bound(Config::default());
    esme.timeout(at(20));
    esme.timeout(at(25));
    let alive =
        Pdu { command_status: CommandStatus::ESME_ROK, sequence_number: 3, body: Body::EnquireLinkResp };
    outputs(&mut esme);
    assert_eq!(hear(&mut esme, alive, at(29)), []);
    assert_eq!((esme.misses, esme.next_deadline(at(29))), (0, Some(at(49))));
}

#[test]
fn before_the_bind_enquire_link_is_answered_and_the_rest_refused() {
    let mut esme = Session::new(Role::Esme, Config::default(), at(0));
    esme.bind(Mode::Transceiver, Bind::default(), at(0));
    outputs(&mut esme);
    let heard = hear(&mut esme, Pdu::request(0, Body::EnquireLink), at(14));
    assert_eq!(sent(&heard), [(0x8000_0015, 0, 0)]);
    let heard = hear(&mut esme, Pdu::request(u32::MAX, Body::DeliverSm(Sm::default())), at(14));
    assert_eq!(sent(&heard), [(0x8000_0005, 4, u32::MAX)]);
    assert!(esme.submit(Sm::default(), 0, at(14)).is_err());
    esme.timeout(at(15));
    assert_eq!(outputs(&mut esme), [Output::Close(CloseReason::BindTimeout)]);
}

#[test]
fn refused_binds_close_and_a_second_bind_resp_changes_nothing() {
    for (answer, status) in [
        (bind_resp(CommandStatus::ESME_RALYBND), CommandStatus::ESME_RALYBND),
        (Pdu::generic_nack(CommandStatus::ESME_RINVCMDID, 1), CommandStatus::ESME_RINVCMDID),
    ] {
        let mut esme = Session::new(Role::Esme, Config::default(), at(0));
        esme.bind(Mode::Transceiver, Bind::default(), at(0));
        outputs(&mut esme);
        let closed =
            [Output::Event(Event::BindRefused(status)), Output::Close(CloseReason::BindRefused(status))];
        assert_eq!(hear(&mut esme, answer, at(1)), closed);
    }
    let mut esme = bound(Config::default());
    let second = hear(&mut esme, bind_resp(CommandStatus::ESME_RBINDFAIL), at(1));
    assert!(matches!(second.as_slice(), [Output::Event(Event::Unmatched(_))]));
    assert_eq!(esme.state(), State::Bound(Mode::Transceiver));
}

#[test]
fn what_is_not_served_is_answered_and_the_session_lives() {
    let mut esme = bound(Config::default());
    let unknown = Body::Other { command_id: 0x0001_0200, body: bytes_of(3) };
    assert_eq!(sent(&hear(&mut esme, Pdu::request(77, unknown), at(1))), [(0x8000_0000, 3, 77)]);
    let query = Body::SubmitSm(Sm::default());
    assert_eq!(sent(&hear(&mut esme, Pdu::request(78, query), at(1))), [(0x8000_0004, 3, 78)]);
    let error = AnswerableError {
        command_id: command_id::DELIVER_SM,
        sequence_number: 79,
        command_status: CommandStatus::ESME_RINVMSGLEN,
        body: bytes_of(1),
    };
    esme.receive(Framed::Answerable(error), at(1));
    assert_eq!(sent(&outputs(&mut esme)), [(0x8000_0005, 1, 79)]);
    assert_eq!(esme.state(), State::Bound(Mode::Transceiver));
}

fn bytes_of(count: usize) -> bytes::Bytes {
    vec![0; count].into()
}

#[test]
fn leaving_waits_for_responses_serves_the_peer_and_ends() {
    let mut esme = bound(Config { window: 1, ..Config::default() });
    submit(&mut esme, 0..2);
    outputs(&mut esme);
    esme.unbind(at(1));
    assert_eq!(sent(&outputs(&mut esme)), [], "a submit is still on its way");
    assert!(esme.submit(Sm::default(), 9, at(1)).is_err());
    let delivered = hear(&mut esme, Pdu::request(5, Body::DeliverSm(Sm::default())), at(2));
    assert!(matches!(delivered.as_slice(), [Output::Event(Event::Request(_))]));
    hear(&mut esme, resp(2, CommandStatus::ESME_ROK, "a"), at(2));
    assert_eq!(sent(&outputs(&mut esme)), [], "the peer still waits for us");
    let delivered = Pdu::request(5, Body::DeliverSm(Sm::default()));
    esme.respond(delivered.respond(CommandStatus::ESME_ROK).expect("has a response"));
    assert_eq!(esme.next_deadline(at(2)), Some(at(2)));
    esme.timeout(at(2));
    assert_eq!(sent(&outputs(&mut esme)), [(0x8000_0005, 0, 5), (6, 0, 3)], "and not the waiting submit");
    let bye = Pdu { command_status: CommandStatus::ESME_ROK, sequence_number: 3, body: Body::UnbindResp };
    assert_eq!(hear(&mut esme, bye, at(3)), [Output::Close(CloseReason::Unbound)]);
    assert_eq!(esme.close(), Lost { unsent: vec![1], unanswered: vec![] });
}

#[test]
fn leaving_is_bounded_where_the_peer_is_mute() {
    let mut esme = bound(Config::default());
    submit(&mut esme, 0..1);
    outputs(&mut esme);
    esme.unbind(at(1));
    esme.timeout(at(6));
    assert_eq!(sent(&outputs(&mut esme)), [(6, 0, 3)]);
    esme.timeout(at(11));
    assert_eq!(outputs(&mut esme), [Output::Close(CloseReason::UnbindTimeout)]);
    assert_eq!(esme.close().unanswered, [0]);
}

#[test]
fn a_peer_that_leaves_is_answered_first() {
    let mut esme = bound(Config::default());
    submit(&mut esme, 0..1);
    outputs(&mut esme);
    let left = hear(&mut esme, Pdu::request(8, Body::Unbind), at(1));
    assert_eq!(sent(&left), [(0x8000_0006, 0, 8)]);
    assert_eq!(left.last(), Some(&Output::Close(CloseReason::PeerUnbound)));
    assert_eq!(hear(&mut esme, Pdu::request(9, Body::EnquireLink), at(1)), []);
}

#[test]
fn throttled_answers_close_the_room_until_the_stop_is_over() {
    let mut esme = bound(Config { window: 10, ..Config::default() });
    submit(&mut esme, 0..10);
    outputs(&mut esme);
    for number in 2..6 {
        hear(&mut esme, resp(number, CommandStatus::ESME_RTHROTTLED, ""), at(1));
    }
    assert_eq!(esme.room(at(1)), 0);
    esme.submit(Sm::default(), 20, at(1)).expect("what was under way is kept");
    assert_eq!(sent(&outputs(&mut esme)), []);
    assert_eq!(esme.next_deadline(at(1)), Some(at(2)));
    esme.timeout(at(2));
    assert!(esme.room(at(2)) > 0);
    esme.timeout(at(3));
    assert_eq!(sent(&outputs(&mut esme)).len(), 1);
}

#[test]
fn congestion_state_slows_as_an_error_does() {
    let mut esme = bound(Config::default());
    submit(&mut esme, 0..10);
    for number in 2..6 {
        let mut pdu = resp(number, CommandStatus::ESME_ROK, "a");
        if let Body::SubmitSmResp(resp) = &mut pdu.body {
            resp.tlvs.push(tag::CONGESTION_STATE, vec![90]);
        }
        hear(&mut esme, pdu, at(1));
    }
    assert_eq!(esme.room(at(1)), 0);
}

#[test]
fn a_request_times_out_only_on_a_link_that_lives() {
    let times_out = |output: &Output| matches!(output, Output::Event(Event::TimedOut { ticket: 10 }));
    // Silent since 0, asked at 20: at 30 the response timer and the peer's end are due at once, and the end counts.
    let mut dead = bound(Config::default());
    submit(&mut dead, 10..11);
    for second in [20, 25, 30] {
        assert_eq!(dead.next_deadline(at(second - 1)), Some(at(second)));
        dead.timeout(at(second));
    }
    let said = outputs(&mut dead);
    assert!(!said.iter().any(times_out), "{said:?}");
    assert!(said.contains(&Output::Close(CloseReason::EnquireLinkTimeout)));
    assert_eq!(dead.close().unanswered, [10]);
    // Its response timer is the shorter one, and nothing was said since the request left: it is asked first.
    let timeouts = Timeouts { response: at(5), ..Timeouts::default() };
    let mut slow = bound(Config { timeouts, ..Config::default() });
    submit(&mut slow, 10..11);
    outputs(&mut slow);
    slow.timeout(at(5));
    let said = outputs(&mut slow);
    assert!(!said.iter().any(times_out), "{said:?}");
    let [(command_id::ENQUIRE_LINK, 0, asked)] = sent(&said)[..] else { panic!("{said:?}") };
    let lives =
        Pdu { command_status: CommandStatus::ESME_ROK, sequence_number: asked, body: Body::EnquireLinkResp };
    hear(&mut slow, lives, at(7));
    assert_eq!(slow.next_deadline(at(7)), Some(at(5)), "at once");
    slow.timeout(at(7));
    assert!(outputs(&mut slow).iter().any(times_out), "it lives and has left the request alone");
}
