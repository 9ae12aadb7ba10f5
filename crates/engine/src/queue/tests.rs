use model::EventId;

use super::*;
use crate::config::Profile;

fn config() -> Config {
    let link = |name: &str, group: &str| LinkConfig {
        name: name.to_owned(),
        group: group.into(),
        receives: true,
        plan: &model::plan::VIET_NAM,
        profile: Profile::default(),
    };
    Config { links: vec![link("a", "g"), link("b", "g"), link("c", "h")] }
}

fn item(sequence: u64, class: Class) -> Item {
    let outbox = OutboxId { cause: EventId { sequence, index: 0 }, ordinal: 0 };
    Item { outbox, part: 0, class, again: false, silent: false }
}

fn up(queues: &mut Queues, link: u16, credit: u64) {
    let link = queues.link_mut(LinkId(link)).unwrap();
    link.transmits = true;
    link.limit = credit;
}

#[test]
fn answers_leave_before_notices_and_notices_before_bulk() {
    let mut queues = Queues::new(&config());
    for (sequence, class) in [(1, Class::Bulk), (2, Class::Notice), (3, Class::Answer), (4, Class::Code)] {
        queues.push(0, item(sequence, class));
    }
    up(&mut queues, 0, 10);
    let order: Vec<u64> = std::iter::from_fn(|| queues.pop(0, Duration::ZERO))
        .map(|(it, _)| it.outbox.cause.sequence)
        .collect();
    assert_eq!(order, [3, 4, 2, 1]);
}

#[test]
fn no_more_than_the_credit_leaves_and_the_widest_link_goes_first() {
    let mut queues = Queues::new(&config());
    (0..5).for_each(|sequence| queues.push(0, item(sequence, Class::Answer)));
    up(&mut queues, 0, 1);
    up(&mut queues, 1, 2);
    up(&mut queues, 2, 9);
    let links: Vec<u16> = std::iter::from_fn(|| queues.pop(0, Duration::ZERO)).map(|(_, it)| it.0).collect();
    assert_eq!(links.len(), 3);
    assert_eq!(links[0], 1);
    assert!(!links.contains(&2), "another group's link");
    assert_eq!(queues.len(), 2);
}

#[test]
fn what_is_on_its_way_to_a_link_is_counted_once() {
    let mut queues = Queues::new(&config());
    (0..9).for_each(|sequence| queues.push(0, item(sequence, Class::Answer)));
    let handed = |queues: &mut Queues, limit| {
        up(queues, 0, limit);
        std::iter::from_fn(|| queues.pop(0, Duration::ZERO)).count()
    };
    assert_eq!(handed(&mut queues, 4), 4);
    // A response made room for a fifth; the link has not even seen the four.
    assert_eq!(handed(&mut queues, 5), 1);
    assert_eq!(handed(&mut queues, 4), 0, "throttled");
    assert_eq!(handed(&mut queues, 7), 2);
}

#[test]
fn a_stopped_link_sends_nothing_until_its_pause_is_over() {
    let mut queues = Queues::new(&config());
    queues.push(0, item(1, Class::Answer));
    up(&mut queues, 0, 1);
    queues.link_mut(LinkId(0)).unwrap().stopped_until = Some(Duration::from_secs(900));
    assert!(queues.pop(0, Duration::from_secs(899)).is_none());
    assert!(queues.pop(0, Duration::from_secs(900)).is_some());
}

#[test]
fn parts_keep_to_the_link_of_the_first_one() {
    let mut queues = Queues::new(&config());
    let first = item(1, Class::Answer);
    queues.push(0, first);
    queues.push(0, Item { part: 1, ..first });
    up(&mut queues, 0, 5);
    up(&mut queues, 1, 5);
    let links: Vec<LinkId> = std::iter::from_fn(|| queues.pop(0, Duration::ZERO)).map(|(_, it)| it).collect();
    assert_eq!(links[0], links[1]);
}

#[test]
fn delayed_parts_wait_for_their_moment() {
    let mut queues = Queues::new(&config());
    let at = Timestamp::from_second(100).unwrap();
    queues.delay(0, item(1, Class::Notice), at);
    up(&mut queues, 0, 5);
    queues.wake(Timestamp::from_second(99).unwrap());
    assert!(queues.pop(0, Duration::ZERO).is_none());
    queues.wake(at);
    assert!(queues.pop(0, Duration::ZERO).is_some());
}

#[test]
fn what_comes_back_keeps_its_order() {
    let mut queues = Queues::new(&config());
    (4..8).for_each(|sequence| queues.push(0, item(sequence, Class::Answer)));
    for sequence in [2, 1, 3] {
        queues.put_back(0, item(sequence, Class::Answer));
    }
    queues.put_back(0, Item { part: 1, ..item(2, Class::Answer) });
    up(&mut queues, 0, 10);
    let order: Vec<(u64, u8)> = std::iter::from_fn(|| queues.pop(0, Duration::ZERO))
        .map(|(it, _)| (it.outbox.cause.sequence, it.part))
        .collect();
    assert_eq!(order, [(1, 0), (2, 0), (2, 1), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0)]);
}
