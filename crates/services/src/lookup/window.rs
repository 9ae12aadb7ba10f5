//! The passport office: told from some hours after acceptance and payment until some hours after the result
//! was taken. The first state that matches is told.

use jiff::{SignedDuration, Timestamp};
use model::service::Lifecycle;

use super::{Dossier, NOT_FOUND, Status, Told, named};
use crate::case::Case;

/// The hours and days of the window.
pub(super) struct Window {
    opens_after_h: u32,
    closes_after_h: u32,
    ended_for_days: u32,
}

impl Window {
    /// The window of a lifecycle; the national codes have none.
    pub(super) fn of(lifecycle: &Lifecycle) -> Option<Self> {
        match *lifecycle {
            Lifecycle::Window { opens_after_h, closes_after_h, ended_for_days } => {
                Some(Self { opens_after_h, closes_after_h, ended_for_days })
            }
            Lifecycle::National => None,
        }
    }

    pub(super) fn tell(&self, dossier: &Dossier, code: &str, case: &Case<'_>) -> Told {
        let Some(accepted_at) = dossier.accepted_at else {
            return Told::new(NOT_FOUND, named(code));
        };
        if let Some(told) = self.after_pick_up(dossier, code, case) {
            return told;
        }
        if dossier.withdrawn_at.is_some() || dossier.status == Status::Withdrawn {
            let withdrawn_at = dossier.withdrawn_at.or(dossier.status_at).unwrap_or(accepted_at);
            let values = named(code).moment("", case.local(withdrawn_at));
            return Told::new("dossier.withdrawn", values);
        }
        let Some(paid_at) = dossier.fee_paid_at else {
            return Told::new("dossier.unpaid", named(code));
        };
        let begins = accepted_at.max(paid_at);
        let opens = later(begins, self.opens_after_h);
        if case.now < opens {
            let values = named(code).moment("", case.local(whole_minute(opens)));
            return Told::new("dossier.early", values);
        }
        in_progress(dossier, code, begins, case)
    }

    fn closes_at(&self, picked_up_at: Timestamp) -> Timestamp {
        later(picked_up_at, self.closes_after_h)
    }

    /// From when on nobody is told that it ever was.
    pub(super) fn forgotten_at(&self, picked_up_at: Timestamp) -> Timestamp {
        later(self.closes_at(picked_up_at), self.ended_for_days.saturating_mul(24))
    }

    /// Collected, then ended, then as if never heard of.
    fn after_pick_up(&self, dossier: &Dossier, code: &str, case: &Case<'_>) -> Option<Told> {
        let picked_up_at = dossier.picked_up_at.filter(|moment| *moment <= case.now)?;
        let closes = self.closes_at(picked_up_at);
        Some(if case.now < closes {
            let values = named(code).moment("", case.local(picked_up_at)).moment("2", case.local(closes));
            Told::new("dossier.collected", values)
        } else if case.now < self.forgotten_at(picked_up_at) {
            Told::new("dossier.ended", named(code))
        } else {
            Told::new(NOT_FOUND, named(code))
        })
    }
}

/// The states between opening and pick-up.
fn in_progress(dossier: &Dossier, code: &str, begins: Timestamp, case: &Case<'_>) -> Told {
    let as_of = case.local(dossier.status_at.unwrap_or(begins));
    // The day of `{d}` is the promised one; the status is as of `{t}` on `{d2}`.
    let values = named(code).text("note", &dossier.note).moment("", as_of).day("2", as_of.date());
    let due_on = dossier.new_due_on.or(dossier.due_on);
    match (dossier.status, due_on) {
        (Status::Ready | Status::Returned, _) => Told::new("dossier.ready", values),
        (Status::Stopped | Status::NotAccepted, _) => Told::new("dossier.refused", values),
        (Status::Supplement, _) => Told::new("dossier.supplement", values),
        (_, Some(due_on)) if due_on < case.local_now().date() => {
            Told::new("dossier.overdue", values.day("", due_on))
        }
        (_, Some(due_on)) => Told::new("dossier.processing", values.day("", due_on)),
        (_, None) => Told::new("dossier.no_date", values),
    }
}

fn later(moment: Timestamp, hours: u32) -> Timestamp {
    moment.checked_add(SignedDuration::from_hours(i64::from(hours))).unwrap_or(Timestamp::MAX)
}

/// A moment rounded up to the minute, so that what is promised for it is true.
fn whole_minute(moment: Timestamp) -> Timestamp {
    let minutes = moment.as_second().div_euclid(60);
    let exact = moment.as_second().rem_euclid(60) == 0 && moment.subsec_nanosecond() == 0;
    Timestamp::from_second((minutes + i64::from(!exact)) * 60).unwrap_or(moment)
}
