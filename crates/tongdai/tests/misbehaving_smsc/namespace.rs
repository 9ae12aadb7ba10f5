//! A network namespace of a test's own: the test runs once more in it, with the rules of nftables between the
//! daemon and the SMSC. Nothing of the machine's network is touched, and all is gone with the process.

use std::process::{Command, Stdio};

/// Says that the process is in its namespace.
const INSIDE: &str = "TONGDAI_TEST_IN_NAMESPACE";

/// Runs `scenario` in a namespace; `test` is the name of the calling test. Says SKIPPED where that is not possible.
pub(crate) fn within(test: &str, scenario: impl Future<Output = ()>) {
    if std::env::var_os(INSIDE).is_some() {
        run("ip", &["link", "set", "lo", "up"]);
        Wire::heal_all();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        return runtime.unwrap().block_on(scenario);
    }
    if !is_possible() {
        println!("SKIPPED: {test}: root, unshare, ip and nft are needed for a network of its own");
        return;
    }
    let status = Command::new("unshare")
        .args(["--net", "--"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", &format!("network::{test}"), "--nocapture"])
        .env(INSIDE, "1")
        .status();
    assert!(status.unwrap().success(), "{test} failed in its namespace");
}

fn is_possible() -> bool {
    let mut probe = Command::new("unshare");
    probe.args(["--net", "--", "sh", "-c", "ip link set lo up && nft add table inet probe"]);
    probe.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status();
    assert!(status.unwrap().success(), "{program} {arguments:?}");
}

/// The way between the daemon's end of a connection and the SMSC's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wire {
    /// The daemon's port, or none for each of its connections.
    pub(crate) daemon: Option<u16>,
    /// The SMSC's address, or none for any.
    pub(crate) host: Option<&'static str>,
    pub(crate) smsc: u16,
}

impl Wire {
    /// So many of a hundred packets from the daemon get lost.
    pub(crate) fn lose_from_daemon(self, percent: u8) {
        self.lose(["daddr", "dport", "sport"], percent);
    }

    /// So many of a hundred packets from the SMSC get lost.
    pub(crate) fn lose_from_smsc(self, percent: u8) {
        self.lose(["saddr", "sport", "dport"], percent);
    }

    /// Nothing passes any more, in either direction, and nobody is told.
    pub(crate) fn cut(self) {
        self.lose_from_daemon(100);
        self.lose_from_smsc(100);
    }

    fn lose(self, [address, smsc, daemon]: [&str; 3], percent: u8) {
        if percent == 0 {
            return;
        }
        let mut rule = format!("add rule inet fault input tcp {smsc} {}", self.smsc);
        if let Some(host) = self.host {
            rule += &format!(" ip {address} {host}");
        }
        if let Some(port) = self.daemon {
            rule += &format!(" tcp {daemon} {port}");
        }
        if percent < 100 {
            rule += &format!(" numgen random mod 100 < {percent}");
        }
        run("nft", &[&format!("{rule} drop")]);
    }

    /// Everything passes again.
    pub(crate) fn heal_all() {
        run("nft", &["add table inet fault"]);
        run("nft", &["add chain inet fault input { type filter hook input priority 0; }"]);
        run("nft", &["flush chain inet fault input"]);
    }
}
