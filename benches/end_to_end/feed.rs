//! Fills the store as a case system does: over the JSON API.

use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use ureq::{Agent, RequestBuilder, typestate::WithBody};

use crate::mix;

/// The token's line in the daemon's file: a name, and what `printf bench | sha256sum` prints.
const TOKEN_LINE: &str = "case-system 1b32c28cb38c05480eccc1bd60ff97029b57a05c96718b96dad7e9d84894f549";
const AUTHORIZATION: &str = "Bearer bench";

/// Callers at once, so that their commands share turns.
const CALLERS: u32 = 32;
/// A call that takes longer has gone wrong.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Makes the daemon's file of tokens.
pub(crate) fn write_tokens(path: &Path) -> anyhow::Result<()> {
    let mut tokens = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    Ok(writeln!(tokens, "{TOKEN_LINE}")?)
}

/// Writes so many dossiers that are being worked on, and a sample of each waiting line.
pub(crate) fn seed(api: SocketAddr, dossiers: u32) -> anyhow::Result<()> {
    let now = now();
    for queue in ["STTXC", "STTNC", "STTKQ"] {
        let url = format!("http://{api}/queues/hue-xnc/{queue}/samples");
        let sample = json!({
            "waiting": 37, "open_counters": 4, "mean_service_s": 240, "measured_at": now, "sequence": 1,
        });
        send(agent().post(url), &sample)?;
    }
    let accepted = now - SignedDuration::from_hours(72);
    let due_on = (now + SignedDuration::from_hours(240)).strftime("%F").to_string();
    let dossier = json!({
        "kind": "passport", "accepted_at": accepted, "fee_paid_at": accepted, "status": "processing",
        "due_on": due_on, "applicant": "Nguyen Van An",
    });
    let put_share = |caller: u32| {
        let agent = agent();
        (caller..dossiers).step_by(CALLERS as usize).try_for_each(|number| {
            let url = format!("http://{api}/dossiers/hue-xnc/{}", mix::code(number));
            send(agent.put(url), &dossier)
        })
    };
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS).map(|caller| scope.spawn(move || put_share(caller))).collect();
        callers.into_iter().try_for_each(|caller| caller.join().map_err(|_| anyhow!("a caller panicked"))?)
    })
}

fn agent() -> Agent {
    Agent::config_builder().timeout_global(Some(TIMEOUT)).build().into()
}

fn send(request: RequestBuilder<WithBody>, body: &Value) -> anyhow::Result<()> {
    let answer = request.header("Authorization", AUTHORIZATION).send_json(body).context("the API refused")?;
    // Read to its end, so that the connection serves the next call.
    answer.into_body().read_to_vec()?;
    Ok(())
}

#[allow(clippy::disallowed_methods, reason = "the daemon under load lives in real time")]
fn now() -> Timestamp {
    Timestamp::now()
}
