//! What needs a look inside; the rest is in `tests/links.rs`.

use std::{io::Write, net::TcpListener};

use codec::BindResp;
use tokio::sync::{mpsc, watch};

use super::*;
use crate::{BindConfig, LinkEvent, LinkId, Listener, reports::Reports};

#[tokio::test]
async fn answers_that_the_reactor_has_not_seen_are_read_before_a_timer_runs_out() {
    let port = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let stream = TcpStream::connect(port.local_addr().expect("bound")).await.expect("connected");
    let (mut peer, _) = port.accept().expect("a peer");
    let mut config = BindConfig::new("a", "127.0.0.1", 0);
    config.timeouts.bind = Duration::ZERO;
    let (events, _engine) = mpsc::channel::<Vec<LinkEvent>>(1);
    let listener = Listener::new(events, std::mem::take);
    let (_commands, commands) = mpsc::channel(1);
    let (_drain, drain) = watch::channel(false);
    let mut link = Link::new(config, Reports::new(LinkId(0), listener), commands, drain);
    let mut connection = Connection::new(&mut link, stream);
    let bind = connection.link.config.bind.clone();
    connection.session.bind(connection.link.config.mode, bind, connection.clock.now());
    let mut answer = BytesMut::new();
    let body = Body::BindTransceiverResp(BindResp::default());
    codec::encode(&Pdu { command_status: CommandStatus::ESME_ROK, sequence_number: 1, body }, &mut answer)
        .expect("a sound PDU");
    peer.write_all(&answer).expect("written");
    // Nobody has awaited anything since: the reactor knows of no octet, and the bind's timer has run out.
    connection.step();
    assert_eq!(connection.end, None);
    assert!(connection.up_since.is_some());
}
