//! 8383, queues: scenarios 7 to 10.

use jiff::civil::{DateTime, date};
use model::queue::Sample;
use model::request::Command;
use model::{Answer, ClerkCommand, CommandError, Key, Queue, Record};

use crate::offices::{hue, span};
use crate::world::World;

const AN: &str = "84905123456";

fn ask() -> Command {
    Command::QueueStatus { queue: "STTXC".to_owned() }
}

/// Tuesday, 18 August 2009: the day of the printed example.
fn at(hour: i8, minute: i8, second: i8) -> DateTime {
    date(2009, 8, 18).at(hour, minute, second, 0)
}

fn sample(world: &World, waiting: u32, sequence: u64, local: DateTime) -> Sample {
    Sample {
        waiting,
        open_counters: None,
        mean_service_s: 0,
        est_minutes: Some(60),
        measured_at: world.moment(local),
        sequence,
        source: "counter".to_owned(),
    }
}

fn feed(world: &mut World, sample: Sample) -> Result<Answer, CommandError> {
    let service = world.service.id;
    world.clerk(ClerkCommand::QueueSample { service, queue: "STTXC".to_owned(), sample })
}

fn measured(world: &mut World, waiting: u32, sequence: u64, local: DateTime) {
    let sample = sample(world, waiting, sequence, local);
    assert_eq!(feed(world, sample), Ok(Answer::Done { version: 0 }));
}

#[test]
fn the_figure_of_the_last_tick_with_its_own_time() {
    let mut world = World::new(hue(), at(8, 31, 0));
    measured(&mut world, 116, 1, at(8, 30, 0));
    measured(&mut world, 118, 2, at(8, 31, 0));
    for (now, waiting, time) in
        [(at(8, 31, 0), 116, "08h30"), (at(8, 32, 59), 116, "08h30"), (at(8, 33, 0), 118, "08h31")]
    {
        world.at(now);
        assert_eq!(
            world.text(AN, ask()),
            format!(
                "So nguoi dang doi nop ho so xin cap/doi ho chieu tinh den {time} ngay 18/08/2009 la {waiting} nguoi, \
                 so luong khach doi nhieu va se giai quyet trong khoang 60 phut toi."
            )
        );
    }
    assert!(world.sent.iter().all(|message| message.expires_at.is_some()));
}

#[test]
fn no_data_then_stale_then_closed() {
    let mut world = World::new(hue(), at(8, 29, 0));
    assert_eq!(world.text(AN, ask()), "Hien chua co so lieu hang doi. Vui long nhan lai sau it phut.");
    world.at(at(8, 31, 0));
    measured(&mut world, 5, 1, at(8, 30, 30));
    assert_eq!(world.label(AN, ask()), "H-QUEUE-NODATA", "measured after the tick");
    world.at(at(8, 36, 30));
    assert_eq!(world.label(AN, ask()), "H-QUEUE-XC", "six minutes old");
    world.at(at(8, 36, 31));
    assert_eq!(
        world.text(AN, ask()),
        "So lieu hang doi chua duoc cap nhat (lan cuoi 08h30 ngay 18/08/2009). Vui long nhan lai sau it phut."
    );
    world.at(at(11, 29, 59));
    assert_eq!(world.label(AN, ask()), "H-QUEUE-STALE");
    world.at(at(11, 30, 0));
    assert_eq!(
        world.text(AN, ask()),
        "Phong QLXNC CA tinh Thua Thien Hue dang ngoai gio lam viec. Mo cua lai 13h30 ngay 18/08/2009."
    );
    world.at(date(2009, 8, 23).at(10, 0, 0, 0));
    assert!(world.text(AN, ask()).ends_with("Mo cua lai 07h30 ngay 24/08/2009."), "Sunday");
}

#[test]
fn a_new_figure_after_a_long_silence_does_not_bring_back_the_old_one() {
    let mut world = World::new(hue(), at(9, 1, 0));
    measured(&mut world, 116, 1, at(8, 0, 0));
    measured(&mut world, 20, 2, at(9, 0, 30));
    assert_eq!(world.label(AN, ask()), "H-QUEUE-STALE");
    world.at(at(9, 3, 0));
    assert!(world.text(AN, ask()).contains("la 20 nguoi"));
}

#[test]
fn late_samples_are_ignored() {
    let mut world = World::new(hue(), at(8, 34, 0));
    measured(&mut world, 118, 7, at(8, 33, 0));
    let late = sample(&world, 1, 6, at(8, 32, 0));
    assert_eq!(feed(&mut world, late), Ok(Answer::Ignored));
    let twice = sample(&world, 1, 7, at(8, 33, 0));
    assert_eq!(feed(&mut world, twice), Ok(Answer::Ignored));
    assert!(world.text(AN, ask()).contains("la 118 nguoi"));
    let mut other = sample(&world, 3, 1, at(8, 33, 30));
    other.source = "spare counter system".to_owned();
    assert_eq!(feed(&mut world, other), Ok(Answer::Done { version: 0 }));
}

#[test]
fn level_words_and_minutes() {
    for (waiting, counters, mean_s, level, minutes) in [
        (0, 1, 300, "it", 5),
        (19, 4, 60, "it", 5),
        (20, 4, 60, "trung binh", 5),
        (59, 3, 60, "trung binh", 20),
        (60, 3, 60, "nhieu", 20),
        (61, 3, 60, "nhieu", 25),
        (116, 2, 62, "nhieu", 60),
    ] {
        let mut world = World::new(hue(), at(8, 30, 0));
        let sample = Sample {
            open_counters: Some(counters),
            mean_service_s: mean_s,
            est_minutes: None,
            ..sample(&world, waiting, 1, at(8, 30, 0))
        };
        feed(&mut world, sample).unwrap();
        let text = world.text(AN, ask());
        let expected = format!(
            "la {waiting} nguoi, so luong khach doi {level} va se giai quyet trong khoang {minutes} "
        );
        assert!(text.contains(&expected), "{text}");
    }
}

#[test]
fn nobody_serves_though_the_office_is_open() {
    let mut world = World::new(hue(), at(8, 30, 0));
    for (sequence, open_counters, est_minutes) in
        [(1, None, None), (2, Some(0), None), (3, Some(0), Some(60))]
    {
        let sample = Sample {
            open_counters,
            est_minutes,
            mean_service_s: 60,
            ..sample(&world, 10, sequence, at(8, 30, 0))
        };
        feed(&mut world, sample).unwrap();
        assert_eq!(world.label(AN, ask()), "H-QUEUE-STALE", "{open_counters:?} {est_minutes:?}");
    }
}

#[test]
fn nobody_knows_how_long_it_takes() {
    for (waiting, label) in [(10, "H-QUEUE-STALE"), (0, "H-QUEUE-XC")] {
        let mut world = World::new(hue(), at(8, 30, 0));
        let sample = Sample {
            open_counters: Some(4),
            est_minutes: None,
            mean_service_s: 0,
            ..sample(&world, waiting, 1, at(8, 30, 0))
        };
        feed(&mut world, sample).unwrap();
        assert_eq!(world.label(AN, ask()), label);
    }
}

#[test]
fn a_queue_keeps_its_own_hours_and_closed_days_hold_for_all() {
    let mut service = hue();
    let mut own = service.calendar.clone();
    own.weekly[1] = vec![span((14, 0), (15, 0))];
    service.queues.get_mut("STTXC").unwrap().calendar = Some(own);
    let mut world = World::new(service, at(9, 0, 0));
    assert!(world.text(AN, ask()).ends_with("14h00 ngay 18/08/2009."));
    let other = Command::QueueStatus { queue: "STTKQ".to_owned() };
    assert_eq!(world.label(AN, other.clone()), "H-QUEUE-NODATA");
    let service = world.service.id;
    let closed = ClerkCommand::PutDay { service, date: date(2009, 8, 18), spans: Some(Vec::new()) };
    world.clerk(closed).unwrap();
    assert!(world.text(AN, ask()).ends_with("07h30 ngay 19/08/2009."));
    assert!(world.text(AN, other).ends_with("07h30 ngay 19/08/2009."));
}

#[test]
fn a_busy_feed_keeps_the_record_small_and_the_figures_right() {
    let mut world = World::new(hue(), at(8, 0, 0));
    for second in 0..1800_i64 {
        let now = at(8, 0, 0) + jiff::SignedDuration::from_secs(second);
        world.at(now);
        measured(&mut world, second as u32, second as u64, now);
        if second % 50 == 0 {
            let tick = second - second % 180;
            let text = world.text(AN, ask());
            assert!(text.contains(&format!("la {tick} nguoi")), "{second}: {text}");
        }
    }
    let key = Key::Queue(world.service.id, "STTXC".into());
    assert!(
        matches!(&world.records[&key], Record::Queue(queue) if queue.samples.len() <= Queue::SAMPLES_MAX)
    );
}

#[test]
fn wrong_samples_name_their_field() {
    let mut world = World::new(hue(), at(8, 30, 0));
    let ahead = sample(&world, 1, 1, at(8, 31, 1));
    assert!(
        matches!(feed(&mut world, ahead), Err(CommandError::Invalid { field, .. }) if field == "measured_at")
    );
    let service = world.service.id;
    let sample = sample(&world, 1, 1, at(8, 30, 0));
    let unknown = ClerkCommand::QueueSample { service, queue: "STTYY".to_owned(), sample };
    assert!(matches!(world.clerk(unknown), Err(CommandError::NotFound { .. })));
}
