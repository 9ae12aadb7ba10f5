//! A start on a full disk waits for space: an end would be met by a service manager that gives up in the end.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test; what is skipped is said")]

mod support;

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::{Home, tongdai};

/// A small file system in memory, mounted below a home and taken away when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None where this process may not mount, which is said.
    fn mount(at: PathBuf) -> Option<Self> {
        std::fs::create_dir(&at).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64m", "tongdai-test"])
            .arg(&at)
            .stderr(Stdio::null())
            .status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self(at));
        }
        eprintln!("SKIPPED: only root can mount a small disk here");
        None
    }

    /// Takes all of its space.
    fn fill(&self) -> PathBuf {
        let path = self.0.join("filler");
        let mut file = File::create(&path).unwrap();
        while file.write_all(&[1; 64 << 10]).is_ok() {}
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

fn start(home: &Home, data: &Path) -> std::process::Child {
    let mut command = tongdai();
    command.arg("run").arg("--data").arg(data).arg("--key-file").arg(home.key());
    command.args(["--http", "127.0.0.1:0", "--log-format", "json"]);
    command.args(["--smsc", "name=vn,host=127.0.0.1,port=1,system-id=test,country=vn"]);
    command.stderr(Stdio::piped()).stdout(Stdio::null()).stdin(Stdio::null()).spawn().unwrap()
}

#[test]
fn a_start_on_a_full_disk_waits_for_space_and_goes_on_by_itself() {
    let home = Home::new();
    let Some(disk) = SmallDisk::mount(home.path().join("disk")) else { return };
    let filler = disk.fill();
    let mut daemon = start(&home, &disk.0.join("data"));
    let mut log = BufReader::new(daemon.stderr.take().unwrap()).lines().map(Result::unwrap);
    let waits = log.find(|line| line.contains("the start waits for space"));
    assert!(waits.is_some(), "it ended: {:?}", daemon.wait());
    std::fs::remove_file(filler).unwrap();
    let ready = log.find(|line| line.contains("\"ready\""));
    assert!(ready.is_some(), "it ended: {:?}", daemon.wait());
    let pid = daemon.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(daemon.wait().unwrap().success());
}
