//! When to bind again after which ending. Wrong credentials are retried slowly, for operators put accounts right;
//! hammering them gets the account barred.

use std::time::Duration;

use codec::CommandStatus;

use crate::{
    Reconnect,
    backoff::{Jitter, bound},
};

/// ESME_RBINDFAIL may mean anything: so many tries at the usual pace before the bind is parked.
const BIND_FAIL_TRIES: u32 = 3;

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The SMSC refused the bind.
    Refused(CommandStatus),
    /// No connection, no answer to the bind, or a drop before it.
    Failed,
    /// It was bound for so long.
    Dropped(Duration),
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pause {
    pub(crate) wait: Duration,
    /// Whether somebody must put the account right.
    pub(crate) parked: bool,
}

/// Groups of statuses that are treated alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Temporary = 0,
    AlreadyBound,
    Throttled,
    BindFail,
    Account,
}

/// Number of [`Class`]es.
const CLASSES: usize = Class::Account as usize + 1;

/// The history of a bind's attempts.
#[derive(Debug)]
pub(crate) struct Policy {
    reconnect: Reconnect,
    jitter: Jitter,
    /// Attempts since the last stable bind that ended so, by [`Class`]. Each class keeps its own count: an SMSC
    /// that answers now this, now that must not be asked at the first pause for ever.
    ended: [u32; CLASSES],
}

impl Policy {
    pub(crate) fn new(reconnect: Reconnect, seed: u64) -> Self {
        Self { reconnect, jitter: Jitter::new(seed), ended: [0; CLASSES] }
    }

    /// The pause after an attempt.
    pub(crate) fn next(&mut self, ending: Ending) -> Pause {
        let class = match ending {
            Ending::Refused(status) => classify(status),
            Ending::Failed | Ending::Dropped(_) => Class::Temporary,
        };
        let stable = matches!(ending, Ending::Dropped(up) if up >= self.reconnect.stable);
        if stable {
            self.ended = [0; CLASSES];
        }
        let ended = &mut self.ended[class as usize];
        let before = *ended;
        *ended = before.saturating_add(1);
        let reconnect = &self.reconnect;
        match class {
            Class::AlreadyBound => self.at_least(reconnect.already_bound, before, false),
            Class::Throttled => self.at_least(reconnect.throttled, before, false),
            Class::Account => self.at_least(reconnect.parked, before, true),
            Class::BindFail if before >= BIND_FAIL_TRIES => {
                self.at_least(reconnect.parked, before - BIND_FAIL_TRIES, true)
            }
            Class::BindFail | Class::Temporary => {
                Pause { wait: self.jitter.up_to(bound(reconnect.pause, before)), parked: false }
            }
        }
    }

    /// Never less than the first pause; above it drawn up to the bound.
    fn at_least(&mut self, pauses: [Duration; 2], before: u32, parked: bool) -> Pause {
        let [first, _] = pauses;
        let more = bound(pauses, before).saturating_sub(first);
        Pause { wait: first + self.jitter.up_to(more), parked }
    }
}

fn classify(status: CommandStatus) -> Class {
    match status {
        CommandStatus::ESME_RALYBND => Class::AlreadyBound,
        CommandStatus::ESME_RTHROTTLED | CommandStatus::ESME_RMSGQFUL => Class::Throttled,
        CommandStatus::ESME_RBINDFAIL => Class::BindFail,
        CommandStatus::ESME_RINVPASWD
        | CommandStatus::ESME_RINVSYSID
        | CommandStatus::ESME_RINVSYSTYP
        | CommandStatus::ESME_RPROHIBITED
        | CommandStatus::ESME_RINVBNDSTS
        | CommandStatus::ESME_RINVCMDID => Class::Account,
        _ => Class::Temporary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Policy {
        Policy::new(Reconnect::default(), 1)
    }

    fn seconds(low: u64, high: u64) -> std::ops::RangeInclusive<Duration> {
        Duration::from_secs(low)..=Duration::from_secs(high)
    }

    #[test]
    fn an_old_session_gets_time_to_die_and_is_no_success() {
        let mut policy = policy();
        for longest in [30, 60, 120, 240, 300, 300] {
            let pause = policy.next(Ending::Refused(CommandStatus::ESME_RALYBND));
            assert!(seconds(30, longest).contains(&pause.wait) && !pause.parked, "{pause:?}");
        }
    }

    #[test]
    fn wrong_credentials_park_at_once() {
        for status in
            [CommandStatus::ESME_RINVPASWD, CommandStatus::ESME_RINVSYSID, CommandStatus::ESME_RPROHIBITED]
        {
            let mut policy = policy();
            for _ in 0..5 {
                let pause = policy.next(Ending::Refused(status));
                assert!(pause.parked && seconds(300, 900).contains(&pause.wait), "{pause:?}");
            }
        }
    }

    #[test]
    fn bind_fail_is_tried_three_times_at_the_usual_pace() {
        let mut policy = policy();
        for longest in [1, 2, 4] {
            let pause = policy.next(Ending::Refused(CommandStatus::ESME_RBINDFAIL));
            assert!(pause.wait <= Duration::from_secs(longest) && !pause.parked, "{pause:?}");
        }
        let pause = policy.next(Ending::Refused(CommandStatus::ESME_RBINDFAIL));
        assert!(pause.parked && seconds(300, 300).contains(&pause.wait), "{pause:?}");
    }

    #[test]
    fn flapping_keeps_its_pauses_and_a_stable_minute_resets_them() {
        let longest = |policy: &mut Policy, ending: Ending| {
            policy.next(ending);
            bound(policy.reconnect.pause, policy.ended[Class::Temporary as usize] - 1).as_secs()
        };
        let mut policy = policy();
        let flap = Ending::Dropped(Duration::from_secs(4));
        let bounds: Vec<u64> = (0..8).map(|_| longest(&mut policy, flap)).collect();
        assert_eq!(bounds, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(longest(&mut policy, Ending::Failed), 60);
        assert_eq!(longest(&mut policy, Ending::Dropped(Duration::from_secs(60))), 1);
        assert_eq!(longest(&mut policy, Ending::Refused(CommandStatus::ESME_RSYSERR)), 2);
    }

    #[test]
    fn an_smsc_of_two_minds_is_not_hammered() {
        let mut policy = policy();
        let refused = Ending::Refused(CommandStatus::ESME_RBINDFAIL);
        let parked: Vec<bool> = (0..5)
            .map(|_| {
                policy.next(Ending::Failed);
                policy.next(refused).parked
            })
            .collect();
        assert_eq!(parked, [false, false, false, true, true]);
        assert_eq!(policy.ended[Class::Temporary as usize], 5, "and its own pause has grown");
    }

    #[test]
    fn a_throttled_bind_waits_a_minute() {
        let pause = policy().next(Ending::Refused(CommandStatus::ESME_RTHROTTLED));
        assert!(seconds(60, 60).contains(&pause.wait) && !pause.parked, "{pause:?}");
    }
}
