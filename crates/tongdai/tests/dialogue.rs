//! `tongdai run` as a real process against our simulator over TCP: every number answers.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use simulator::{Config, Message, Simulator};

use crate::support::{Daemon, Home, PATIENCE};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_number_answers_over_tcp_and_the_daemon_drains() {
    let simulator = Simulator::start(Config::default()).await.unwrap();
    let czech = Simulator::start(Config::default()).await.unwrap();
    let home = Home::new();
    let smscs = [("vn", "vn", simulator.smpp_address()), ("cz", "cz", czech.smpp_address())];
    let daemon = Daemon::start(&home, &smscs);
    assert!(simulator.wait_receivers(1, PATIENCE).await, "{}", home.log_text());
    assert!(czech.wait_receivers(1, PATIENCE).await, "{}", home.log_text());

    for (to, text, expected) in [
        ("8383", "XNC 13557009", "Khong tim thay ho so 13557009."),
        ("8383", "XNC HD", "Tra cuu ho so: XNC <Ma so truy cap>."),
        ("1414", "TTTB", "Thue bao 0905123456 chua co thong tin."),
        ("8188", "TK,Nguyen Van A,201499999,20/12/1990", "TK: 201499999, MK: "),
        ("8188", "XNC 13557009", "Loi. Tin nhan sai cu phap."),
    ] {
        let reply = exchange(&simulator, "84905123456", to, text).await;
        assert!(reply.starts_with(expected), "{to} {text}: {reply}");
    }
    for (text, expected) in [
        ("HELP ZKR", "ZOP zadost o OP"),
        ("Potřebuji novou občanku", "Zprave nerozumime."),
        // Two parts with user data headers, in UCS-2.
        (&"Dobrý den, ".repeat(9) as &str, "Zprave nerozumime."),
    ] {
        let reply = exchange(&czech, "420602123456", "420739547765", text).await;
        assert!(reply.starts_with(expected), "{text}: {reply}");
    }
    assert_eq!(daemon.terminate(), Some(0), "{}", home.log_text());
    assert!(!home.log_text().contains("\"level\":\"ERROR\""), "{}", home.log_text());
}

async fn exchange(simulator: &Simulator, from: &str, to: &str, text: &str) -> String {
    let sent = simulator.send(&Message::new(from, to, text)).unwrap();
    let reply = simulator.wait_answer(sent, PATIENCE).await;
    reply.unwrap_or_else(|| panic!("no reply from {to}")).text.to_string()
}
