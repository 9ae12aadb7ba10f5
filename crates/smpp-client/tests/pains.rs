//! Pains of the field that live in connections; those that live in the engine stand in the harness's tests.

#[allow(dead_code, reason = "other tests use the rest")]
mod smsc;

use std::time::Duration;

use codec::{Body, CommandStatus};
use session::Event;
use smpp_client::{BindConfig, BindMode, LinkEventKind, Reconnect, Submission};
use smsc::{Engine, Smsc, loopback, sm};
use tokio::net::TcpListener;

const OK: CommandStatus = CommandStatus::ESME_ROK;
/// Long enough that a busy machine keeps what must be in time.
const SHORT: Duration = Duration::from_millis(500);

/// gosmpp, cloudhopper and node-smpp stay bound while link checks flow and submits do not: a message is stuck until
/// somebody restarts. Here each submit has a deadline of its own, its place in the window is free again, and the same
/// session carries what comes after.
#[tokio::test]
async fn pain_06_a_bind_that_answers_only_link_checks_keeps_no_message() {
    let (listener, mut config) = loopback().await;
    config.window = 2;
    config.timeouts.response = SHORT;
    config.timeouts.enquire_link_idle = SHORT;
    let mut engine = Engine::start(vec![config], 8);
    let mut smsc = Smsc::bind(&listener, OK).await;
    engine.up().await;
    engine.submit(1..4, &sm(10));
    let mut taken = Vec::new();
    let engine_side = async {
        for ticket in 1..4 {
            let result = Submission::TimedOut;
            assert_eq!(engine.news().await, LinkEventKind::Submitted { ticket, result });
        }
    };
    // The session answers each enquire_link by itself; submits are read and never answered.
    let smsc_side = async {
        loop {
            taken.push(smsc.request().await);
        }
    };
    tokio::select! {
        () = engine_side => {}
        () = smsc_side => {}
    }
    engine.submit(4..5, &sm(10));
    let fourth = smsc.request().await;
    smsc.respond(&fourth, OK).await;
    let result = Submission::Response { status: OK, message_id: model::SmolStr::default() };
    assert_eq!(engine.news().await, LinkEventKind::Submitted { ticket: 4, result });
    // What it says of the first in the end is told as late, and ends nothing twice.
    let mut late = taken[0].respond(OK).expect("a request");
    if let Body::SubmitSmResp(resp) = &mut late.body {
        resp.message_id = "00AF".into();
    }
    smsc.session.respond(late);
    smsc.flush().await;
    assert_eq!(engine.news().await, LinkEventKind::Late { ticket: 1, message_id: "00AF".into() });
}

/// jSMPP's and Jasmin's reconnect threads end up stuck after days. Here a bind comes back however often and in
/// whatever way it was turned away: refused, dropped before the answer, garbage instead of an answer, silence.
#[tokio::test]
async fn pain_06_a_bind_comes_back_after_every_kind_of_failure() {
    let (listener, mut config) = loopback().await;
    config.timeouts.bind = SHORT;
    config.reconnect.pause = [Duration::ZERO; 2];
    let mut engine = Engine::start(vec![config], 64);
    for round in 1..=4 {
        Smsc::bind(&listener, CommandStatus::ESME_RSYSERR).await;
        drop(Smsc::accept(&listener).await);
        Smsc::accept(&listener).await.write(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let mut mute = Smsc::accept(&listener).await;
        while mute.raw().await.is_some() {}
        let smsc = Smsc::bind(&listener, OK).await;
        assert_eq!(engine.up().await, round);
        drop(smsc);
    }
}

/// Jasmin's prefetch of one makes a stop-and-wait of any window. Here an SMSC that answers nothing has a window of
/// submits before it, and not one more.
#[tokio::test]
async fn pain_08_a_window_of_submits_is_outstanding_without_any_answer() {
    const WINDOW: u32 = 64;
    let (listener, mut config) = loopback().await;
    config.window = WINDOW;
    let mut engine = Engine::start(vec![config], 8);
    let mut smsc = Smsc::bind(&listener, OK).await;
    engine.up().await;
    engine.submit(0..u64::from(WINDOW) + 20, &sm(10));
    let mut taken = Vec::new();
    for _ in 0..WINDOW {
        taken.push(smsc.request().await);
    }
    // Its answer to this comes behind all that it had to send.
    smsc.deliver(900..901).await;
    let LinkEventKind::Delivered { sequence_number, .. } = engine.news().await else { panic!("no delivery") };
    engine.respond(1, sequence_number, OK);
    assert_eq!(smsc.answer().await, (900, OK), "no submit before it");
    smsc.respond(&taken[40], OK).await;
    assert!(matches!(smsc.request().await.body, Body::SubmitSm(_)), "one answer, one more");
}

/// gosmpp and cloudhopper open a new socket for each try and leak the old one, until the SMSC says that they are
/// bound already. Here a bind has one connection: each is closed by the time the next one comes, whatever ended it.
#[tokio::test]
async fn pain_10_a_bind_has_one_connection_at_a_time() {
    let (listener, mut config) = loopback().await;
    config.timeouts.bind = SHORT;
    config.reconnect.pause = [Duration::ZERO; 2];
    config.reconnect.already_bound = [Duration::ZERO; 2];
    config.reconnect.throttled = [Duration::ZERO; 2];
    config.reconnect.parked = [Duration::ZERO; 2];
    let mut engine = Engine::start(vec![config], 64);
    let mut before: Option<Smsc> = None;
    let endings = [
        CommandStatus::ESME_RALYBND,
        CommandStatus::ESME_RINVPASWD,
        CommandStatus::ESME_RBINDFAIL,
        CommandStatus::ESME_RTHROTTLED,
    ];
    for round in 0..15 {
        let mut smsc = match endings.get(round % 5) {
            Some(refusal) => Smsc::bind(&listener, *refusal).await,
            None => Smsc::accept(&listener).await, // And no word: the bind timer ends it.
        };
        if let Some(mut before) = before.take() {
            assert!(is_over(&mut before).await, "round {round}: the old connection is still open");
        }
        assert!(nobody_waits(&listener), "round {round}: a second connection");
        smsc.flush().await;
        before = Some(smsc);
    }
    let mut smsc = Smsc::bind(&listener, OK).await;
    engine.up().await;
    smsc.deliver(1..2).await;
    assert!(matches!(engine.news().await, LinkEventKind::Delivered { .. }));
    assert!(nobody_waits(&listener), "a bound link opens no other");
}

/// Whether the ESME has closed this connection; what it wrote before is read over.
async fn is_over(smsc: &mut Smsc) -> bool {
    tokio::time::timeout(Duration::from_secs(20), async { while smsc.raw().await.is_some() {} }).await.is_ok()
}

/// Whether no connection waits to be accepted.
fn nobody_waits(listener: &TcpListener) -> bool {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    listener.poll_accept(&mut context).is_pending()
}

/// Some SMSCs refuse a rebind within 30 s and bar who hammers, and Vumi's pause grows to an hour. Here the pauses as
/// they come have a floor after "already bound" and after a wrong password, and a short cap after a mere drop.
#[test]
fn pain_10_pauses_have_a_floor_and_a_short_cap() {
    let seconds = |[first, longest]: [Duration; 2]| (first.as_secs(), longest.as_secs());
    let Reconnect { pause, already_bound, throttled, parked, .. } =
        BindConfig::new("a", "smsc.example", 2775).reconnect;
    assert!(seconds(pause).1 <= 60, "{pause:?}");
    assert!(seconds(already_bound).0 >= 30 && seconds(throttled).0 >= 30, "{already_bound:?} {throttled:?}");
    assert!(seconds(parked).0 >= 300 && seconds(parked).1 <= 1_800, "{parked:?}");
}

/// Libraries cut a password of sixteen letters to eight, or refuse it, and break on a bind_resp without a body and on
/// a submit_sm_resp without an id. Here the password goes out whole, and both answers are what their header says.
#[tokio::test]
async fn pain_19_long_passwords_and_bare_responses_work() {
    let (listener, mut config) = loopback().await;
    config.bind.password.0 = "sixteen-letters!".to_owned();
    let mut engine = Engine::start(vec![config], 8);
    let mut smsc = Smsc::accept(&listener).await;
    let Some(Event::BindRequested { bind, .. }) = smsc.next().await else { panic!("no bind") };
    assert_eq!(bind.password.0, "sixteen-letters!");
    smsc.write(&bare(0x8000_0009, 1)).await;
    assert_eq!(engine.news().await, LinkEventKind::Up { mode: BindMode::Transceiver, limit: 20 });
    engine.submit(7..8, &sm(10));
    let submit = smsc.raw().await.expect("a submit");
    smsc.write(&bare(0x8000_0004, submit.sequence_number)).await;
    let result = Submission::Response { status: OK, message_id: model::SmolStr::default() };
    assert_eq!(engine.news().await, LinkEventKind::Submitted { ticket: 7, result });
}

/// A response of a header and nothing else.
fn bare(command_id: u32, sequence_number: u32) -> Vec<u8> {
    [16, command_id, 0, sequence_number].into_iter().flat_map(u32::to_be_bytes).collect()
}
