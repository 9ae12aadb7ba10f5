//! The part `timers=` of a bind: how long this SMSC is waited for, where the defaults do not suit it.

use std::time::Duration;

use smpp_client::BindConfig;

/// What may be set, as it is written.
pub(super) const NAMES: &str =
    "connect, bind, enquire-link, enquire-link-answer, response, pdu, unbind or pause";

/// The shortest time that is taken; less would only keep the machine busy.
const SHORTEST: Duration = Duration::from_millis(100);
/// The longest: a receipt that overtakes its response is held for two minutes (docs/RELIABILITY.md).
const LONGEST: Duration = Duration::from_secs(60);
/// A dead link must be noticed while its last minute of messages is known (docs/RELIABILITY.md), with some to spare.
const SILENCE_MAX: Duration = Duration::from_secs(55);

/// The timers that were named, in the order of writing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Timers(Vec<(Timer, Duration)>);

/// One timer of a bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Timer {
    Connect,
    Bind,
    EnquireLink,
    EnquireLinkAnswer,
    Response,
    Pdu,
    Unbind,
    /// The longest pause before the next bind.
    Pause,
}

impl Timers {
    /// Takes `name=time`; `None` where either cannot be read.
    pub(super) fn set(&mut self, word: &str) -> Option<()> {
        let (name, time) = word.split_once('=')?;
        let timer = match name.trim() {
            "connect" => Timer::Connect,
            "bind" => Timer::Bind,
            "enquire-link" => Timer::EnquireLink,
            "enquire-link-answer" => Timer::EnquireLinkAnswer,
            "response" => Timer::Response,
            "pdu" => Timer::Pdu,
            "unbind" => Timer::Unbind,
            "pause" => Timer::Pause,
            _ => return None,
        };
        self.0.push((timer, parse(time.trim())?));
        Some(())
    }

    /// Whether a dead link would be noticed when its last messages are no longer known.
    pub(super) fn notice_death_too_late(&self) -> bool {
        let mut bind = BindConfig::new("", "", 0);
        self.apply(&mut bind);
        bind.timeouts.silence_max() > SILENCE_MAX
    }

    /// Sets them on a bind. Octets that the SMSC's machine does not acknowledge end the connection when
    /// enquire_link would, so that a peer that vanished is noticed as fast with texts in flight as without.
    pub(super) fn apply(&self, bind: &mut BindConfig) {
        for (timer, time) in &self.0 {
            match timer {
                Timer::Connect => bind.link_timeouts.connect = *time,
                Timer::Bind => bind.timeouts.bind = *time,
                Timer::EnquireLink => bind.timeouts.enquire_link_idle = *time,
                Timer::EnquireLinkAnswer => bind.timeouts.enquire_link_response = *time,
                Timer::Response => bind.timeouts.response = *time,
                Timer::Pdu => bind.link_timeouts.half_read_pdu = *time,
                Timer::Unbind => bind.timeouts.unbind = *time,
                Timer::Pause => bind.reconnect.pause = bind.reconnect.pause.map(|pause| pause.min(*time)),
            }
        }
        bind.link_timeouts.tcp_user = bind.timeouts.silence_max();
    }
}

/// `20s` or `500ms`, within the bounds.
fn parse(time: &str) -> Option<Duration> {
    let time = match time.strip_suffix("ms") {
        Some(number) => Duration::from_millis(number.parse().ok()?),
        None => Duration::from_secs(time.strip_suffix('s')?.parse().ok()?),
    };
    (SHORTEST..=LONGEST).contains(&time).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit_and_bounds() {
        for (text, time) in [("20s", Some(20_000)), ("100ms", Some(100)), ("60s", Some(60_000))] {
            assert_eq!(parse(text), time.map(Duration::from_millis), "{text}");
        }
        for text in ["20", "99ms", "61s", "0s", "-1s", "1.5s", "s", ""] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_not_named_keeps_its_default() {
        let mut bind = BindConfig::new("a", "b", 1);
        let (timeouts, link_timeouts) = (bind.timeouts.clone(), bind.link_timeouts.clone());
        Timers::default().apply(&mut bind);
        assert_eq!((&bind.timeouts, &bind.link_timeouts), (&timeouts, &link_timeouts));
        let mut timers = Timers::default();
        for word in ["enquire-link=2s", "enquire-link-answer=500ms", "pause=5s"] {
            timers.set(word).unwrap();
        }
        timers.apply(&mut bind);
        assert_eq!(bind.link_timeouts.tcp_user, Duration::from_secs(3));
        assert_eq!(bind.reconnect.pause, [Duration::from_secs(1), Duration::from_secs(5)]);
        assert_eq!(bind.timeouts.response, timeouts.response);
    }
}
