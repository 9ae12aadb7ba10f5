//! Real processes over real sockets, for the tests of the binary.

#![allow(dead_code, clippy::unwrap_used, reason = "tests; each file uses its part")]

use std::fs::{File, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// How long a test waits for something that must happen: an unoptimised start after a kill reads a whole segment, and
/// takes over a minute of a machine that does twenty other things.
pub(crate) const PATIENCE: Duration = Duration::from_secs(240);

/// The binary under test.
pub(crate) fn tongdai() -> Command {
    Command::new(env!("CARGO_BIN_EXE_tongdai"))
}

/// A folder with a key, a token and room for a store and a log.
pub(crate) struct Home {
    folder: TempDir,
}

/// The API token of every test's daemon.
pub(crate) const TOKEN: &str = "test-token-0123456789abcdef";

/// Its line in the file of tokens, with what `printf %s test-token-0123456789abcdef | sha256sum` prints.
const TOKEN_LINE: &str = "portal 67e95073ea7d2f92f361b2b3a590935f82b670e8c5d7d96ac622282e2f7accc3\n";

impl Home {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Self { folder };
        let made = tongdai().args(["key", "new"]).arg(home.key()).stderr(Stdio::null()).status().unwrap();
        assert!(made.success(), "tongdai key new");
        std::fs::write(home.tokens(), TOKEN_LINE).unwrap();
        std::fs::set_permissions(home.tokens(), Permissions::from_mode(0o600)).unwrap();
        home
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.path().join("key")
    }

    pub(crate) fn tokens(&self) -> PathBuf {
        self.path().join("tokens")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.path().join("log")
    }

    pub(crate) fn log_text(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }
}

/// A running `tongdai run`, killed when dropped.
pub(crate) struct Daemon {
    child: Child,
}

impl Daemon {
    /// Starts the daemon with binds to `smscs` (name, country, address); its log is appended to the home's.
    pub(crate) fn start(home: &Home, smscs: &[(&str, &str, SocketAddr)]) -> Self {
        Self::spawn(&mut command(home, "debug", smscs), home)
    }

    /// Starts the daemon with binds written as `--smsc` takes them.
    pub(crate) fn start_with(home: &Home, smscs: &[String]) -> Self {
        let mut command = command(home, "debug", &[]);
        for smsc in smscs {
            command.arg("--smsc").arg(smsc);
        }
        Self::spawn(&mut command, home)
    }

    /// The same with a log of everything, in this format.
    pub(crate) fn start_logging(format: &str, home: &Home, smscs: &[String]) -> Self {
        let daemon = command(home, "trace", &[]);
        let mut command = tongdai();
        command.args(
            daemon.get_args().map(|argument| if argument == "json" { format.as_ref() } else { argument }),
        );
        for smsc in smscs {
            command.arg("--smsc").arg(smsc);
        }
        Self::spawn(&mut command, home)
    }

    /// The same with a log of `level`, once the daemon says that it is ready; and its API.
    pub(crate) fn start_ready(level: &str, home: &Home, smscs: &[(&str, &str, SocketAddr)]) -> (Self, Api) {
        Self::ready(&mut command(home, level, smscs), home)
    }

    /// The same with binds written as `--smsc` takes them.
    pub(crate) fn start_ready_with(level: &str, home: &Home, smscs: &[String]) -> (Self, Api) {
        let mut command = command(home, level, &[]);
        for smsc in smscs {
            command.arg("--smsc").arg(smsc);
        }
        Self::ready(&mut command, home)
    }

    /// The same with more flags.
    pub(crate) fn start_ready_flagged(
        level: &str,
        home: &Home,
        smscs: &[(&str, &str, SocketAddr)],
        flags: &[&str],
    ) -> (Self, Api) {
        Self::ready(command(home, level, smscs).args(flags), home)
    }

    /// The same by way of `sh`, which runs `first` before it becomes the daemon.
    pub(crate) fn start_behind(first: &str, home: &Home, smscs: &[(&str, &str, SocketAddr)]) -> (Self, Api) {
        let daemon = command(home, "info", smscs);
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{first}; exec \"$0\" \"$@\"")]).arg(daemon.get_program());
        Self::ready(shell.args(daemon.get_args()), home)
    }

    fn ready(command: &mut Command, home: &Home) -> (Self, Api) {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("notify");
        let manager = UnixDatagram::bind(&socket).unwrap();
        manager.set_read_timeout(Some(PATIENCE)).unwrap();
        let daemon = Self::spawn(command.env("NOTIFY_SOCKET", &socket), home);
        let mut told = [0; 64];
        let length = manager.recv(&mut told).unwrap_or_else(|error| panic!("{error}\n{}", home.log_text()));
        assert!(told[..length].starts_with(b"READY=1"), "{}", home.log_text());
        // Of several starts the last one.
        let address =
            home.log_text().lines().rev().find_map(ready_at).expect("the log says where the API listens");
        (daemon, Api::new(address))
    }

    fn spawn(command: &mut Command, home: &Home) -> Self {
        let log = File::options().create(true).append(true).open(home.log()).unwrap();
        Self { child: command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap() }
    }

    /// What the kernel says of the process in `/proc/PID/FILE`.
    pub(crate) fn proc(&self, file: &str) -> PathBuf {
        Path::new("/proc").join(self.child.id().to_string()).join(file)
    }

    /// Its memory that is resident, in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(self.proc("status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// kill -9.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, without waiting.
    pub(crate) fn ask_to_stop(&self) {
        self.signal("-TERM");
    }

    /// Sends a signal, as `kill` writes it.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// SIGTERM; the exit code once it has drained, none where it had to be killed.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        self.ask_to_stop();
        let (pid, (ended, watched)) = (self.pid().to_string(), channel::<()>());
        let watchdog = thread::spawn(move || {
            if watched.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                Command::new("kill").args(["-KILL", &pid]).status().unwrap();
            }
        });
        let status = self.child.wait().unwrap();
        drop(ended);
        watchdog.join().unwrap();
        status.code()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(home: &Home, level: &str, smscs: &[(&str, &str, SocketAddr)]) -> Command {
    let mut command = tongdai();
    command.arg("run").arg("--data").arg(home.data()).arg("--key-file").arg(home.key());
    command.args(["--http", "127.0.0.1:0", "--log-format", "json", "--log-level", level]);
    command.arg("--http-tokens").arg(home.tokens());
    for (name, country, address) in smscs {
        let (host, port) = (address.ip(), address.port());
        command
            .arg("--smsc")
            .arg(format!("name={name},host={host},port={port},system-id=test,window=50,country={country}"));
    }
    command
}

fn ready_at(line: &str) -> Option<SocketAddr> {
    let line: Value = serde_json::from_str(line).ok()?;
    let fields = &line["fields"];
    (fields["message"] == "ready").then(|| fields["http"].as_str()?.parse().ok()).flatten()
}

/// An answer of the API.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// `null` where the answer is no JSON.
    pub(crate) body: Value,
    pub(crate) text: String,
    headers: ureq::http::HeaderMap,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Checks that it is a problem of this status and type, about this field.
    #[track_caller]
    pub(crate) fn assert_problem(&self, status: u16, kind: &str, pointer: Option<&str>) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.body["type"], format!("urn:tongdai:problem:{kind}"), "{}", self.text);
        assert_eq!(self.body["status"], status);
        assert_eq!(self.body["pointer"].as_str(), pointer, "{}", self.text);
    }

    #[track_caller]
    pub(crate) fn assert_done(&self) {
        assert_eq!((self.status, &self.body["result"]), (200, &Value::from("done")), "{}", self.text);
    }
}

/// A caller of the daemon's API.
pub(crate) struct Api {
    base: String,
    agent: ureq::Agent,
}

impl Api {
    fn new(address: SocketAddr) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE));
        Self { base: format!("http://{address}"), agent: config.build().into() }
    }

    /// A call with the tests' token.
    pub(crate) fn call(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let authorization = format!("Bearer {TOKEN}");
        self.call_with(method, path, body.map(|body| body.to_string()), &[("Authorization", &authorization)])
    }

    /// A call with the tests' token and a file.
    pub(crate) fn post_file(&self, path: &str, content_type: &str, file: &str) -> Answer {
        let authorization = format!("Bearer {TOKEN}");
        let headers = [("Authorization", authorization.as_str()), ("Content-Type", content_type)];
        self.call_with("POST", path, Some(file.to_owned()), &headers)
    }

    /// A call with these headers and this body, and no others.
    pub(crate) fn call_with(
        &self,
        method: &str,
        path: &str,
        body: Option<String>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.base));
        if body.is_some() && headers.iter().all(|(name, _)| *name != "Content-Type") {
            request = request.header("Content-Type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = match body {
            Some(body) => self.agent.run(request.body(body).unwrap()),
            None => self.agent.run(request.body(()).unwrap()),
        };
        let mut answer = answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let text = answer.body_mut().read_to_string().unwrap();
        Answer {
            status: answer.status().as_u16(),
            body: serde_json::from_str(&text).unwrap_or_default(),
            text,
            headers: answer.headers().clone(),
        }
    }

    /// Where it listens, for callers who speak no HTTP.
    pub(crate) fn address(&self) -> SocketAddr {
        self.base.trim_start_matches("http://").parse().unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None)
    }

    pub(crate) fn put(&self, path: &str, body: Value) -> Answer {
        self.call("PUT", path, Some(body))
    }

    pub(crate) fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, Some(body))
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, None)
    }
}
