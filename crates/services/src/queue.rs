//! How many wait (docs/services/queues.md): figures are published at ticks, with the time of their measuring.

use jiff::{SignedDuration, Timestamp};
use model::queue::Sample;
use model::service::QueueSettings;
use model::{Answer, Key, Msisdn, Outcome, Queue, Record};

use crate::calendar::Hours;
use crate::case::{Case, Decision, check_length, done, invalid, label, not_found, refuse};
use crate::moment::minute_of_day;
use crate::render::Values;

/// A figure is worthless when it comes later than this.
const VALIDITY: SignedDuration = SignedDuration::from_hours(1);
/// How far the counter system's clock may run ahead of ours.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(1);
/// Minutes are told in steps of this many, and at least one step.
const MINUTES_STEP: u64 = 5;
/// Characters of a source's name.
const SOURCE_MAX: usize = 64;

/// Answers `queue_status`.
pub(crate) fn status(code: &str, sender: &Msisdn, case: &Case<'_>) -> Decision {
    let Some(settings) = case.service.queues.get(code) else {
        return Ok(label("no_queue"));
    };
    let key = Key::Queue(case.service.id, code.into());
    case.require([key.clone(), Key::CalendarEdits(case.service.id)])?;
    let edits = case.calendar_edits()?;
    let hours = match &settings.calendar {
        Some(own) => Hours::of_counter(own, edits),
        None => Hours::of_office(case.service, edits),
    };
    let now = case.local_now();
    if !hours.is_open(now) {
        return Ok(match hours.next_opening(now) {
            Some(opening) => reply("queue.closed", Values::new().moment("", opening), sender, case),
            None => reply("queue.no_data", Values::new(), sender, case),
        });
    }
    let samples = case.queue(&key)?.map_or(&[][..], |queue| &queue.samples);
    Ok(published(samples, settings, sender, case))
}

/// The reply with the figure of the last tick, or why there is none.
fn published(samples: &[Sample], settings: &QueueSettings, sender: &Msisdn, case: &Case<'_>) -> Outcome {
    let newest = |until: Timestamp| {
        samples.iter().filter(|sample| sample.measured_at <= until).max_by_key(|sample| sample.measured_at)
    };
    let (Some(last), Some(sample)) = (newest(Timestamp::MAX), newest(tick(case.now, settings, case))) else {
        return reply("queue.no_data", Values::new(), sender, case);
    };
    let stale = minutes(settings.stale_minutes);
    // A figure may stand for one tick longer than the feed may be silent; then it is old, feed or no feed.
    let old = case.now.duration_since(last.measured_at) > stale
        || case.now.duration_since(sample.measured_at) > stale + minutes(settings.tick_minutes);
    let values = Values::new().moment("", case.local(sample.measured_at));
    match wait_minutes(sample) {
        Some(wait) if !old => {
            let values = values
                .number("n", u64::from(sample.waiting))
                .text("lvl", level(sample.waiting, settings))
                .number("m", wait);
            reply(&settings.template, values, sender, case)
        }
        _ => {
            let shown = if old { last } else { sample };
            reply("queue.stale", values.moment("", case.local(shown.measured_at)), sender, case)
        }
    }
}

fn reply(role: &str, values: Values, sender: &Msisdn, case: &Case<'_>) -> Outcome {
    let mut outcome = case.reply(sender, role, values);
    for message in &mut outcome.messages {
        message.expires_at = case.now.checked_add(VALIDITY).ok();
    }
    outcome
}

/// The last moment, up to `moment`, at which figures were published: a minute of the local day that the
/// distance of ticks divides.
fn tick(moment: Timestamp, settings: &QueueSettings, case: &Case<'_>) -> Timestamp {
    let time = case.local(moment).time();
    let past = u32::from(minute_of_day(time)) % settings.tick_minutes.max(1);
    let seconds = i64::from(past) * 60 + i64::from(time.second());
    moment.checked_sub(SignedDuration::new(seconds, time.subsec_nanosecond())).unwrap_or(moment)
}

fn minutes(count: u32) -> SignedDuration {
    SignedDuration::from_mins(i64::from(count))
}

fn level(waiting: u32, settings: &QueueSettings) -> &str {
    let [few, some, many] = &settings.levels;
    if waiting < settings.few_below {
        few
    } else if waiting < settings.many_from {
        some
    } else {
        many
    }
}

/// Minutes until all who wait are served, in steps; none where nobody serves or nobody knows how long it takes.
fn wait_minutes(sample: &Sample) -> Option<u64> {
    let minutes = match (sample.est_minutes, sample.open_counters) {
        (_, Some(0)) | (None, None) => return None,
        (Some(minutes), _) => u64::from(minutes),
        (None, Some(_)) if sample.mean_service_s == 0 && sample.waiting > 0 => return None,
        (None, Some(counters)) => {
            let work_s = u64::from(sample.waiting) * u64::from(sample.mean_service_s);
            work_s.div_ceil(60).div_ceil(u64::from(counters))
        }
    };
    Some(minutes.div_ceil(MINUTES_STEP).max(1) * MINUTES_STEP)
}

/// Takes what the counter system measured. A late sample changes nothing.
pub(crate) fn measure(code: &str, sample: &Sample, case: &Case<'_>) -> Decision {
    let Some(settings) = case.service.queues.get(code) else {
        return Ok(refuse(not_found("queue"), "queue_not_found"));
    };
    if sample.measured_at.duration_since(case.now) > CLOCK_SKEW {
        return Ok(refuse(invalid("measured_at", "lies in the future"), "sample_refused"));
    }
    if let Err(error) = check_length("source", &sample.source, SOURCE_MAX) {
        return Ok(refuse(error, "sample_refused"));
    }
    let key = Key::Queue(case.service.id, code.into());
    let mut queue = case.queue(&key)?.cloned().unwrap_or_default();
    let last = queue.samples.iter().rev().find(|known| known.source == sample.source);
    if last.is_some_and(|last| sample.sequence <= last.sequence) {
        return Ok(Outcome { answer: Some(Ok(Answer::Ignored)), ..label("sample_late") });
    }
    // Of the samples between two ticks only the newest can ever be published.
    let stretch = |measured_at: Timestamp| {
        tick(measured_at.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(measured_at), settings, case)
    };
    queue.samples.retain(|known| {
        stretch(known.measured_at) != stretch(sample.measured_at) || known.measured_at > sample.measured_at
    });
    queue.samples.push(sample.clone());
    if queue.samples.len() > Queue::SAMPLES_MAX {
        queue.samples.remove(0);
    }
    Ok(done(0, vec![(key, Some(Record::Queue(queue)))], "sample"))
}
