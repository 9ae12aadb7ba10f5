//! What the tests share: an SMSC, citizens, a home, and daemons on it.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use harness::citizens::{Citizens, Mix};
use harness::faulty::{LoopDisk, Shim};
use harness::process::{Daemon, Home, Waited, memory, smsc};
use simulator::{Config, Simulator};
use store::{Options, Store};
use vault::MasterKey;

/// How long a test waits for something that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(240);

/// A few of each kind.
pub(crate) const SOME: Mix = Mix { look_ups: 3, registrations: 1, bookings: 2, cancellations: 1, long: 1 };

/// An SMSC, its citizens, and a home whose store may lie elsewhere.
pub(crate) struct Stage {
    pub(crate) home: Home,
    pub(crate) data: PathBuf,
    pub(crate) simulator: Simulator,
    pub(crate) citizens: Citizens,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(Config::default()).await
    }

    pub(crate) async fn with(mut config: Config) -> Self {
        // What a sync costs is not the question here.
        let folder = tempfile::tempdir_in(memory()).unwrap();
        let home = Home::in_folder(folder, Path::new(env!("CARGO_BIN_EXE_tongdai"))).unwrap();
        // An operator waits longer; here a test must not wait for it.
        config.exchange.redelivery.first = Duration::from_millis(200);
        config.exchange.redelivery.longest = Duration::from_secs(1);
        let simulator = Simulator::start(config).await.unwrap();
        Self { data: home.data(), home, simulator, citizens: Citizens::default() }
    }

    /// Puts the store on an ext4 image of so many octets; none, and says why, where there can be none.
    pub(crate) fn on_loop_disk(&mut self, octets: u64) -> Option<LoopDisk> {
        if let Some(reason) = LoopDisk::missing() {
            eprintln!("SKIPPED: {reason}");
            return None;
        }
        let disk = LoopDisk::make(&self.image(), &self.home.path().join("disk"), octets).unwrap();
        self.data = disk.path().join("data");
        Some(disk)
    }

    pub(crate) fn image(&self) -> PathBuf {
        self.home.path().join("image")
    }

    pub(crate) fn command(&self) -> Command {
        self.home.run_on(&self.data, &[smsc("vn", "vn", self.simulator.smpp_address())])
    }

    /// A daemon that is ready.
    #[track_caller]
    pub(crate) fn start(&self) -> Daemon {
        self.start_as(self.command())
    }

    #[track_caller]
    pub(crate) fn start_as(&self, command: Command) -> Daemon {
        let mut daemon = Daemon::start(&self.home, command).unwrap();
        match daemon.wait_ready(PATIENCE).unwrap() {
            Waited::Ready(_) => daemon,
            Waited::Ended(status) => panic!("{status}: {}", daemon.log_text().unwrap()),
        }
    }

    /// A start that must end by itself; its exit code and what it said.
    #[track_caller]
    pub(crate) fn refuse(&self) -> (i32, String) {
        let mut daemon = Daemon::start(&self.home, self.command()).unwrap();
        match daemon.wait_ready(PATIENCE).unwrap() {
            Waited::Ready(_) => panic!("it serves: {}", daemon.log_text().unwrap()),
            Waited::Ended(status) => (status.code().unwrap(), last_line(&daemon)),
        }
    }

    /// Waits until the daemon has ended by itself; its exit code and its last word.
    #[track_caller]
    pub(crate) fn ended(&self, daemon: &mut Daemon) -> (i32, String) {
        let status = daemon.wait(PATIENCE).unwrap().expect("it ends by itself");
        let code = status.code().unwrap_or_else(|| panic!("signal {:?}", status.signal()));
        (code, last_line(daemon))
    }

    /// Citizens text; all must be answered.
    pub(crate) async fn serve_some(&mut self) {
        self.citizens.send(&self.simulator, &SOME).unwrap();
        self.wait_answers().await;
    }

    pub(crate) async fn wait_answers(&self) {
        let answered = self.citizens.wait_answers(&self.simulator, PATIENCE).await;
        answered.unwrap_or_else(|error| panic!("{error:#}\n{}", self.log()));
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.home.log()).unwrap_or_default()
    }

    pub(crate) fn key(&self) -> MasterKey {
        MasterKey::read(&self.home.key()).unwrap()
    }

    /// Stops the daemon in order, and holds handsets and store to account.
    #[track_caller]
    pub(crate) fn stop_and_audit(&self, daemon: Daemon) {
        let status = daemon.terminate(PATIENCE).unwrap();
        assert!(status.success(), "{status}: {}", self.log());
        self.audit();
    }

    #[track_caller]
    pub(crate) fn audit(&self) {
        let report = store::verify(&self.data, &self.key()).unwrap();
        assert!(report.faults.is_empty(), "{report}");
        let settled = self.citizens.settled(&self.simulator);
        assert_eq!(Citizens::missing(&settled, &self.data, &self.key()).unwrap(), Vec::<String>::new());
        let (store, _) = Store::open(&self.data, &self.key(), Options::default()).unwrap();
        assert_eq!(self.citizens.audit(&self.simulator, &store).unwrap(), Vec::<String>::new());
    }
}

/// What a daemon itself said last; sled may still complain while it is closed.
pub(crate) fn last_line(daemon: &Daemon) -> String {
    let log = daemon.log_text().unwrap();
    log.lines().rfind(|line| !line.contains("\"target\":\"sled::")).unwrap_or_default().to_owned()
}

/// The library that fails calls; none, and says why, where there is no compiler.
pub(crate) fn shim() -> Option<Shim> {
    Shim::build().inspect_err(|error| eprintln!("SKIPPED: {error:#}")).ok()
}

/// Copies a directory.
pub(crate) fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").args(["-a", "--sparse=always"]).arg(from).arg(to).status().unwrap();
    assert!(copied.success(), "cp: {copied}");
}
