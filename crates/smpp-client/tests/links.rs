//! Links against an SMSC on loopback: what a healthy, a slow, a broken and a hostile one sees and causes.

mod smsc;

use std::time::Duration;

use bytes::BytesMut;
use codec::{Body, CommandStatus, Pdu, Sm, tlv::tag};
use session::CloseReason;
use smpp_client::{BindMode, DownReason, LinkCommand, LinkEventKind, LinkId, Submission};
use smsc::{Engine, Smsc, loopback, sm};

const OK: CommandStatus = CommandStatus::ESME_ROK;
const SHORT: Duration = Duration::from_millis(30);

fn accepted(status: CommandStatus, message_id: &str) -> Submission {
    Submission::Response { status, message_id: message_id.into() }
}

#[tokio::test]
async fn messages_go_both_ways_over_a_bind() {
    let (listener, config) = loopback().await;
    let mut engine = Engine::start(vec![config], 8);
    let mut smsc = Smsc::bind(&listener, OK).await;
    assert_eq!(engine.news().await, LinkEventKind::Up { mode: BindMode::Transceiver, limit: 20 });
    smsc.deliver(7..8).await;
    let LinkEventKind::Delivered { sequence_number, data_sm: false, .. } = engine.news().await else {
        panic!("not delivered")
    };
    engine.respond(1, sequence_number, OK);
    assert_eq!(smsc.answer().await, (7, OK));
    engine.submit(100..101, &sm(10));
    let mut response = smsc.request().await.respond(OK).expect("a request");
    if let Body::SubmitSmResp(resp) = &mut response.body {
        resp.message_id = "00AF".into();
    }
    smsc.session.respond(response);
    smsc.flush().await;
    assert_eq!(engine.news().await, LinkEventKind::Submitted { ticket: 100, result: accepted(OK, "00AF") });
}

#[tokio::test]
async fn a_message_that_cannot_be_written_fails_alone() {
    let (listener, config) = loopback().await;
    let mut engine = Engine::start(vec![config], 8);
    let mut smsc = Smsc::bind(&listener, OK).await;
    engine.up().await;
    engine.submit(1..2, &sm(300));
    let refused = accepted(CommandStatus::ESME_RINVMSGLEN, "");
    assert_eq!(engine.news().await, LinkEventKind::Submitted { ticket: 1, result: refused });
    engine.submit(2..3, &sm(254));
    assert!(matches!(smsc.request().await.body, Body::SubmitSm(_)));
}

#[tokio::test]
async fn submits_far_beyond_the_credit_come_back_unsent() {
    let (listener, mut config) = loopback().await;
    config.window = 1;
    let mut engine = Engine::start(vec![config], 8);
    let mut smsc = Smsc::bind(&listener, OK).await;
    engine.up().await;
    engine.submit(0..5, &sm(1));
    for ticket in 3..5 {
        assert_eq!(engine.news().await, LinkEventKind::Submitted { ticket, result: Submission::Unsent });
    }
    for ticket in 0..3 {
        let request = smsc.request().await;
        smsc.respond(&request, OK).await;
        assert_eq!(engine.news().await, LinkEventKind::Submitted { ticket, result: accepted(OK, "") });
    }
}

#[tokio::test]
async fn the_link_answers_what_the_engine_does_not_and_drops_the_late_answer() {
    let (listener, mut config) = loopback().await;
    config.link_timeouts.deliver_sm = SHORT;
    let mut engine = Engine::start(vec![config], 8);
    let mut smsc = Smsc::bind(&listener, OK).await;
    engine.up().await;
    smsc.deliver(1..2).await;
    let LinkEventKind::Delivered { sequence_number, .. } = engine.news().await else {
        panic!("not delivered")
    };
    assert_eq!(smsc.answer().await, (1, CommandStatus::ESME_RX_T_APPN));
    assert_eq!(engine.news().await, LinkEventKind::DeadlineAnswered { sequence_number });
    engine.respond(1, sequence_number, OK);
    // Had the late answer been sent, the SMSC would see it before the next one.
    smsc.deliver(2..3).await;
    assert_eq!(smsc.answer().await, (2, CommandStatus::ESME_RX_T_APPN));
}

#[tokio::test]
async fn a_number_that_still_waits_is_put_off_after_the_first_ones_answer() {
    let (listener, config) = loopback().await;
    let mut engine = Engine::start(vec![config], 8);
    let mut smsc = Smsc::bind(&listener, OK).await;
    engine.up().await;
    let mut octets = BytesMut::new();
    for _ in 0..2 {
        codec::encode(&Pdu::request(0, Body::DeliverSm(sm(10))), &mut octets).expect("a sound PDU");
    }
    smsc.write(&octets).await;
    let LinkEventKind::Delivered { sequence_number: 0, .. } = engine.news().await else {
        panic!("not delivered")
    };
    engine.respond(1, 0, OK);
    for expected in [OK, CommandStatus::ESME_RX_T_APPN] {
        let answer = smsc.raw().await.expect("an answer");
        assert_eq!((answer.sequence_number, answer.command_status), (0, expected));
    }
}

#[tokio::test]
async fn a_stuck_engine_costs_no_message_and_no_link() {
    let (listener, mut config) = loopback().await;
    config.link_timeouts.deliver_sm = SHORT;
    let mut engine = Engine::start(vec![config], 1);
    let mut smsc = Smsc::bind(&listener, OK).await;
    smsc.deliver(0..1).await;
    assert_eq!(smsc.answer().await.1, CommandStatus::ESME_RX_T_APPN);
    // Up, and perhaps the first message, fill the only place in the channel: the engine sees none of the next.
    smsc.deliver(1..100).await;
    for _ in 1..100 {
        assert_eq!(smsc.answer().await.1, CommandStatus::ESME_RX_T_APPN);
    }
    engine.up().await;
    smsc.deliver(100..101).await;
    let seen = loop {
        match engine.news().await {
            LinkEventKind::Delivered { sequence_number: 1, .. }
            | LinkEventKind::DeadlineAnswered { sequence_number: 1 } => {}
            LinkEventKind::Delivered { sequence_number, .. } => break sequence_number,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(seen, 101);
}

#[tokio::test]
async fn more_than_may_wait_is_put_off_at_once() {
    let (listener, config) = loopback().await;
    let engine = Engine::start(vec![config], 1);
    let mut smsc = Smsc::bind(&listener, OK).await;
    smsc.deliver(0..4_100).await;
    let mut put_off = Vec::new();
    for _ in 0..4 {
        let (ticket, status) = smsc.answer().await;
        assert_eq!(status, CommandStatus::ESME_RX_T_APPN);
        put_off.push(ticket);
    }
    assert_eq!(put_off, [4_096, 4_097, 4_098, 4_099]);
    drop(engine);
}

#[tokio::test]
async fn a_drop_in_the_middle_of_a_pdu_hands_back_what_was_under_way() {
    let (listener, mut config) = loopback().await;
    config.window = 2;
    let mut engine = Engine::start(vec![config], 8);
    let mut smsc = Smsc::bind(&listener, OK).await;
    assert_eq!(engine.up().await, 1);
    smsc.deliver(9..10).await;
    let LinkEventKind::Delivered { sequence_number, .. } = engine.news().await else {
        panic!("not delivered")
    };
    engine.submit(10..14, &sm(1));
    smsc.request().await;
    smsc.request().await;
    smsc.write(&[0, 0, 0, 40, 0, 0, 0, 5, 0]).await;
    drop(smsc);
    let down = engine.news().await;
    let LinkEventKind::Down { unsent, unanswered, .. } = down else { panic!("{down:?}") };
    assert_eq!((unsent, unanswered), (vec![12, 13], vec![10, 11]));
    let mut smsc = Smsc::bind(&listener, OK).await;
    assert_eq!(engine.up().await, 2);
    smsc.deliver(9..10).await;
    let LinkEventKind::Delivered { sequence_number: again, .. } = engine.news().await else {
        panic!("nothing")
    };
    assert_eq!(again, sequence_number, "both sessions begin at 1");
    engine.respond(1, again, OK);
    engine.respond(2, again, CommandStatus::ESME_RX_R_APPN);
    assert_eq!(
        smsc.answer().await,
        (9, CommandStatus::ESME_RX_R_APPN),
        "the old session's answer is dropped"
    );
}

#[tokio::test]
async fn an_unreadable_message_is_refused_and_kept_and_costs_no_link() {
    let (listener, config) = loopback().await;
    let mut engine = Engine::start(vec![config], 8);
    let mut smsc = Smsc::bind(&listener, OK).await;
    engine.up().await;
    // sm_length says 9; 2 octets are there.
    let body = b"\0\x01\x0184905123456\0\0\x018383\0\0\0\0\0\0\0\0\0\0\x09XN";
    let mut octets = BytesMut::new();
    octets.extend_from_slice(&(16 + body.len() as u32).to_be_bytes());
    octets.extend_from_slice(&[0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 77]);
    octets.extend_from_slice(body);
    smsc.write(&octets).await;
    let refusal = smsc.raw().await.expect("an answer");
    assert_eq!((refusal.sequence_number, refusal.command_status), (77, CommandStatus::ESME_RINVMSGLEN));
    let LinkEventKind::Unreadable(error) = engine.news().await else { panic!("not kept") };
    assert_eq!(error.body.as_ref(), body);
    assert!(!format!("{error:?}").contains("84905123456"), "{error:?}");
    smsc.deliver(1..2).await;
    assert!(matches!(engine.news().await, LinkEventKind::Delivered { .. }));
}

#[tokio::test]
async fn a_pdu_that_stops_half_way_ends_the_connection() {
    let (listener, mut config) = loopback().await;
    config.link_timeouts.half_read_pdu = SHORT;
    let mut engine = Engine::start(vec![config], 8);
    let mut smsc = Smsc::bind(&listener, OK).await;
    engine.up().await;
    smsc.write(&[0, 0, 0, 16, 0]).await;
    let down = engine.news().await;
    assert!(matches!(down, LinkEventKind::Down { reason: DownReason::HalfReadPdu, .. }), "{down:?}");
}

#[tokio::test]
async fn h_04_a_pdu_that_drips_is_not_waited_for_however_steadily_its_octets_come() {
    const HALF_READ: Duration = Duration::from_millis(200);
    let (listener, mut config) = loopback().await;
    config.link_timeouts.half_read_pdu = HALF_READ;
    let mut engine = Engine::start(vec![config], 8);
    let mut smsc = Smsc::bind(&listener, OK).await;
    engine.up().await;
    // A deliver_sm of 60 octets that would take three times as long as it may.
    let drip = async {
        let mut tick = tokio::time::interval(HALF_READ / 20);
        for octet in [0_u8, 0, 0, 60, 0, 0, 0, 5].into_iter().chain([0x41; 52]) {
            tick.tick().await;
            smsc.write(&[octet]).await;
        }
        panic!("all of it was taken");
    };
    let down = tokio::select! {
        () = drip => unreachable!(),
        down = engine.news() => down,
    };
    assert!(matches!(down, LinkEventKind::Down { reason: DownReason::HalfReadPdu, .. }), "{down:?}");
    Smsc::bind(&listener, OK).await;
    assert_eq!(engine.up().await, 2);
}

#[tokio::test]
async fn an_impossible_length_is_nacked_and_ends_the_connection() {
    let (listener, config) = loopback().await;
    let mut engine = Engine::start(vec![config], 8);
    let mut smsc = Smsc::bind(&listener, OK).await;
    engine.up().await;
    // An enquire_link before it is answered all the same.
    smsc.write(&[0, 0, 0, 16, 0, 0, 0, 0x15, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 15, 0, 0, 0, 5]).await;
    let first = smsc.raw().await.expect("an answer");
    assert_eq!((first.body, first.sequence_number), (Body::EnquireLinkResp, 5));
    let nack = smsc.raw().await.expect("a nack");
    assert_eq!((nack.body, nack.command_status), (Body::GenericNack, CommandStatus::ESME_RINVCMDLEN));
    assert_eq!(smsc.raw().await, None);
    let down = engine.news().await;
    assert!(matches!(down, LinkEventKind::Down { reason: DownReason::Fatal(_), .. }), "{down:?}");
    Smsc::bind(&listener, OK).await;
    assert_eq!(engine.up().await, 2);
}

#[tokio::test]
async fn one_binds_wrong_password_leaves_the_others_alone() {
    let (listener, config) = loopback().await;
    let (other_listener, mut other) = loopback().await;
    other.mode = BindMode::Transmitter;
    let mut engine = Engine::start(vec![config, other], 8);
    Smsc::bind(&listener, CommandStatus::ESME_RINVPASWD).await;
    let refused = engine.next().await;
    assert_eq!(refused.link, LinkId(0));
    let parked = LinkEventKind::BindRefused { status: CommandStatus::ESME_RINVPASWD, parked: true };
    assert_eq!(refused.kind, parked);
    let _other = Smsc::bind(&other_listener, OK).await;
    let up = engine.next().await;
    assert_eq!((up.link, up.generation), (LinkId(1), 1));
    // Somebody put the password right.
    let _smsc = Smsc::bind(&listener, OK).await;
    let up = engine.next().await;
    assert_eq!((up.link, up.generation), (LinkId(0), 1));
}

#[tokio::test]
async fn an_old_session_that_lingers_is_no_success() {
    let (listener, config) = loopback().await;
    let mut engine = Engine::start(vec![config], 8);
    Smsc::bind(&listener, CommandStatus::ESME_RALYBND).await;
    let refused = LinkEventKind::BindRefused { status: CommandStatus::ESME_RALYBND, parked: false };
    assert_eq!(engine.news().await, refused);
    Smsc::bind(&listener, OK).await;
    engine.up().await;
}

#[tokio::test]
async fn a_mute_smsc_is_left_after_the_bind_timer() {
    let (listener, mut config) = loopback().await;
    config.timeouts.bind = SHORT;
    let mut engine = Engine::start(vec![config], 8);
    let mut mute = Smsc::accept(&listener).await;
    assert!(matches!(mute.raw().await.map(|pdu| pdu.body), Some(Body::BindTransceiver(_))));
    assert_eq!(mute.raw().await, None);
    Smsc::bind(&listener, OK).await;
    engine.up().await;
}

#[tokio::test]
async fn an_smsc_that_dies_quietly_is_noticed_by_enquire_link() {
    let (listener, mut config) = loopback().await;
    config.timeouts.enquire_link_idle = SHORT;
    config.timeouts.enquire_link_response = SHORT;
    let mut engine = Engine::start(vec![config], 8);
    let _dead = Smsc::bind(&listener, OK).await;
    engine.up().await;
    let reason = DownReason::Session(CloseReason::EnquireLinkTimeout);
    let down = LinkEventKind::Down { unsent: vec![], unanswered: vec![], reason };
    assert_eq!(engine.news().await, down);
}

#[tokio::test]
async fn an_smsc_that_never_reads_is_left_before_memory_fills() {
    let (listener, mut config) = loopback().await;
    config.window = 600;
    let mut engine = Engine::start(vec![config], 8);
    let _deaf = Smsc::bind(&listener, OK).await;
    engine.up().await;
    let mut large = Sm::default();
    large.tlvs.push(tag::MESSAGE_PAYLOAD, vec![0; 60_000]);
    engine.submit(0..500, &large);
    let down = engine.news().await;
    let LinkEventKind::Down { unsent, unanswered, reason } = down else { panic!("{down:?}") };
    assert_eq!((unsent.len(), unanswered.len(), reason), (0, 500, DownReason::SlowReader));
}

#[tokio::test]
async fn submits_without_a_bind_come_back() {
    let (listener, config) = loopback().await;
    drop(listener);
    let mut engine = Engine::start(vec![config], 8);
    engine.submit(5..7, &sm(1));
    let down = LinkEventKind::Down { unsent: vec![5, 6], unanswered: vec![], reason: DownReason::NotBound };
    assert_eq!(engine.news().await, down);
}

#[tokio::test]
async fn submits_before_the_bind_is_answered_come_back() {
    let (listener, config) = loopback().await;
    let mut engine = Engine::start(vec![config], 8);
    let mut smsc = Smsc::accept(&listener).await;
    smsc.next().await.expect("a bind");
    engine.submit(5..6, &sm(1));
    let down = LinkEventKind::Down { unsent: vec![5], unanswered: vec![], reason: DownReason::NotBound };
    assert_eq!(engine.news().await, down);
}

#[tokio::test]
async fn a_receiver_sends_nothing_and_has_no_room() {
    let (listener, mut config) = loopback().await;
    config.mode = BindMode::Receiver;
    let mut engine = Engine::start(vec![config], 8);
    let _smsc = Smsc::bind(&listener, OK).await;
    assert_eq!(engine.news().await, LinkEventKind::Up { mode: BindMode::Receiver, limit: 0 });
    engine.submit(5..6, &sm(1));
    let refused = accepted(CommandStatus::ESME_RINVBNDSTS, "");
    assert_eq!(engine.news().await, LinkEventKind::Submitted { ticket: 5, result: refused });
}

#[tokio::test]
async fn a_drop_at_any_octet_delivers_no_part_of_a_message() {
    let (listener, mut config) = loopback().await;
    config.reconnect.pause = [Duration::ZERO; 2];
    let mut engine = Engine::start(vec![config], 8);
    let mut octets = BytesMut::new();
    codec::encode(&Pdu::request(7, Body::DeliverSm(sm(3))), &mut octets).expect("encodes");
    for (generation, cut) in (1..).zip(0..octets.len()) {
        let mut smsc = Smsc::bind(&listener, OK).await;
        assert_eq!(engine.up().await, generation);
        smsc.write(&octets[..cut]).await;
        drop(smsc);
        let down = engine.news().await;
        assert!(matches!(down, LinkEventKind::Down { .. }), "{down:?}");
    }
    let mut smsc = Smsc::bind(&listener, OK).await;
    engine.up().await;
    smsc.write(&octets).await;
    let whole = LinkEventKind::Delivered { sequence_number: 7, data_sm: false, sm: sm(3) };
    assert_eq!(engine.news().await, whole);
}

#[tokio::test]
async fn leaving_waits_for_answers_and_parts_in_peace() {
    let (listener, mut config) = loopback().await;
    config.window = 1;
    let mut engine = Engine::start(vec![config], 8);
    let mut smsc = Smsc::bind(&listener, OK).await;
    engine.up().await;
    engine.submit(0..2, &sm(1));
    let submitted = smsc.request().await;
    smsc.deliver(3..4).await;
    let LinkEventKind::Delivered { sequence_number, .. } = engine.news().await else {
        panic!("not delivered")
    };
    let drained = engine.drain();
    // What comes from now on is put off.
    for ticket in 4.. {
        smsc.deliver(ticket..ticket + 1).await;
        tokio::select! {
            event = engine.news() => {
                let LinkEventKind::Delivered { sequence_number, .. } = event else { panic!("{event:?}") };
                engine.respond(1, sequence_number, OK);
                assert_eq!(smsc.answer().await, (ticket, OK), "the word to leave was not heard yet");
            }
            answer = smsc.answer() => {
                assert_eq!(answer, (ticket, CommandStatus::ESME_RX_T_APPN));
                break;
            }
        }
    }
    engine.submit(2..3, &sm(1));
    // What was under way comes to its end, and then the link leaves.
    smsc.respond(&submitted, OK).await;
    assert_eq!(engine.news().await, LinkEventKind::Submitted { ticket: 0, result: accepted(OK, "") });
    engine.respond(1, sequence_number, OK);
    assert_eq!(smsc.answer().await, (3, OK));
    assert_eq!(smsc.next().await, None);
    let reason = DownReason::Session(CloseReason::Unbound);
    let down = LinkEventKind::Down { unsent: vec![1, 2], unanswered: vec![], reason };
    assert_eq!(engine.news().await, down);
    drained.await.expect("drained");
    assert!(engine.commands.send(LinkId(0), vec![]).is_err(), "gone for good");
}

#[tokio::test]
async fn a_link_that_cannot_connect_leaves_at_once() {
    let (listener, mut config) = loopback().await;
    drop(listener);
    config.reconnect.pause = [Duration::from_secs(3_600); 2];
    let mut engine = Engine::start(vec![config], 8);
    engine.drain().await.expect("drained");
}

#[tokio::test]
async fn an_enquiry_leaves_behind_the_answers_and_is_reported() {
    let (listener, config) = loopback().await;
    let mut engine = Engine::start(vec![config], 8);
    let mut smsc = Smsc::bind(&listener, OK).await;
    engine.up().await;
    smsc.deliver(7..8).await;
    let LinkEventKind::Delivered { sequence_number, .. } = engine.news().await else {
        panic!("not delivered")
    };
    engine.respond(1, sequence_number, OK);
    engine.commands.send(LinkId(0), vec![LinkCommand::Enquire { ticket: 5 }]).expect("room");
    assert_eq!(smsc.answer().await, (7, OK));
    // The session of the SMSC answers the enquire_link that follows.
    let news = tokio::select! {
        event = engine.news() => event,
        other = smsc.next() => panic!("{other:?}"),
    };
    assert_eq!(news, LinkEventKind::Enquired { ticket: 5 });
}

#[tokio::test]
async fn what_comes_with_the_end_of_a_connection_stays_the_smscs() {
    let (listener, config) = loopback().await;
    let mut engine = Engine::start(vec![config], 8);
    let mut smsc = Smsc::bind(&listener, OK).await;
    engine.up().await;
    let mut octets = BytesMut::new();
    let deliver = Pdu { command_status: OK, sequence_number: 9, body: Body::DeliverSm(sm(10)) };
    codec::encode(&deliver, &mut octets).unwrap();
    // Both are there before the link looks: a path that was stuck lets them out together.
    smsc.write(&octets).await;
    drop(smsc);
    let news = engine.news().await;
    assert!(matches!(news, LinkEventKind::Down { reason: DownReason::Closed, .. }), "{news:?}");
}
