//! Debian's Kannel as it is fastest: bearerbox and smsbox without logs, stores and reports.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};
use benches::daemon;

use crate::contender::{Esme, FIXED_TEXT, Part, Stage};

const CONFIGURATION: &str = include_str!("kannel.conf");
const BIND: &str = include_str!("kannel-bind.conf");
/// Where Debian has them; the second is not in everybody's path.
const FOLDERS: [&str; 4] = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"];
/// How often, and how far apart, bearerbox's port is tried. Smsbox ends where it finds no bearerbox.
const TRIES_MAX: u32 = 200;
const TRY_PAUSE: Duration = Duration::from_millis(50);
/// `-v`: the least that is logged on standard error.
const PANICS_ONLY: &str = "4";

/// A program of Kannel that is not installed.
pub(crate) fn missing() -> Option<&'static str> {
    ["bearerbox", "smsbox"].into_iter().find(|program| find(program).is_none())
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(FOLDERS.iter().map(PathBuf::from));
    folders.map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Starts both boxes; `service` is asked for each reply, where there is one.
pub(crate) fn start(
    stage: &Stage,
    folder: &Path,
    smsc: SocketAddr,
    service: Option<SocketAddr>,
) -> anyhow::Result<Esme> {
    let admin = daemon::free_address()?;
    let configuration = folder.join("kannel.conf");
    fs::write(
        &configuration,
        configure(stage, [admin, daemon::free_address()?, daemon::free_address()?], smsc, service),
    )?;
    let spawn = |program: &'static str| {
        let mut command = Command::new(find(program).with_context(|| format!("no {program}"))?);
        command.current_dir(folder).args(["-v", PANICS_ONLY]).arg(&configuration);
        Part::spawn(program, command, folder)
    };
    let mut bearerbox = spawn("bearerbox")?;
    wait_listening(admin, &mut bearerbox)?;
    let smsbox = spawn("smsbox")?;
    Ok(Esme::of(vec![bearerbox, smsbox]))
}

fn configure(stage: &Stage, ports: [SocketAddr; 3], smsc: SocketAddr, service: Option<SocketAddr>) -> String {
    let fill = |template: &str, values: &[(&str, &str)]| {
        values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(name, value))
    };
    let bind = |number: u16| {
        let (number, smpp, window) = (number.to_string(), smsc.port().to_string(), stage.window.to_string());
        fill(BIND, &[("@NUMBER@", &number), ("@SMPP@", &smpp), ("@WINDOW@", &window)])
    };
    let binds: String = (0..stage.binds).map(bind).collect();
    let answer = service.map_or_else(
        || format!("text = \"{FIXED_TEXT}\""),
        |address| format!("get-url = \"http://{address}/mo?from=%p&to=%P&text=%a\""),
    );
    let [admin, smsbox, sendsms] = ports.map(|address| address.port().to_string());
    fill(
        CONFIGURATION,
        &[
            ("@ADMIN@", &admin),
            ("@SMSBOX@", &smsbox),
            ("@SENDSMS@", &sendsms),
            ("@BINDS@", &binds),
            ("@SERVICE@", &answer),
        ],
    )
}

#[allow(clippy::disallowed_methods, reason = "another program's port can only be tried")]
fn wait_listening(address: SocketAddr, program: &mut Part) -> anyhow::Result<()> {
    for _ in 0..TRIES_MAX {
        program.ensure_alive()?;
        if TcpStream::connect(address).is_ok() {
            return Ok(());
        }
        std::thread::sleep(TRY_PAUSE);
    }
    bail!("bearerbox does not listen on {address}")
}
