//! The ten national status codes.

use jiff::civil::Date;

use super::{Dossier, Status, Told, named};
use crate::case::Case;
use crate::render::Values;

pub(super) fn tell(dossier: &Dossier, code: &str, case: &Case<'_>) -> Told {
    let values = named(code).text("unit", &dossier.unit).text("note", &dossier.note);
    match dossier.status {
        Status::Registered => Told::new("dossier.submitted", values),
        Status::Accepted | Status::Processing => processing(dossier, values, case.local_now().date()),
        Status::NotAccepted => Told::new("dossier.not_accepted", values),
        Status::Supplement => Told::new("dossier.supplement", values),
        Status::FeeDue => Told::new("dossier.fee", values),
        Status::Withdrawn => {
            Told::new("dossier.withdrawn", on_day(values, dossier.withdrawn_at.or(dossier.status_at), case))
        }
        Status::Stopped => Told::new("dossier.stopped", values),
        Status::Ready => Told::new("dossier.ready", values),
        Status::Returned => {
            Told::new("dossier.returned", on_day(values, dossier.picked_up_at.or(dossier.status_at), case))
        }
    }
}

/// In time, late with a new day, late without one; a new day that passed too is the one that was missed.
fn processing(dossier: &Dossier, values: Values, today: Date) -> Told {
    let Some(due_on) = dossier.due_on else {
        return match dossier.new_due_on {
            Some(due_on) if due_on < today => Told::new("dossier.overdue_no_date", values.day("", due_on)),
            Some(due_on) => Told::new("dossier.processing", values.day("", due_on)),
            None => Told::new("dossier.no_date", values),
        };
    };
    if today <= due_on {
        return Told::new("dossier.processing", values.day("", due_on));
    }
    match dossier.new_due_on {
        Some(new_due_on) if new_due_on >= today => {
            Told::new("dossier.overdue", values.day("", due_on).day("2", new_due_on))
        }
        Some(missed) => Told::new("dossier.overdue_no_date", values.day("", missed)),
        None => Told::new("dossier.overdue_no_date", values.day("", due_on)),
    }
}

fn on_day(values: Values, moment: Option<jiff::Timestamp>, case: &Case<'_>) -> Values {
    values.moment("", case.local(moment.unwrap_or(case.now)))
}
