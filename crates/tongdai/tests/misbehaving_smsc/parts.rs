//! F-28: the parts of long messages, in every order, missing, twice, interleaved, and with a death in between.

use simulator::{Message, MessageRef, Outcome, PartOrder, Split};

use crate::citizens::{Citizens, Place, TOWN};
use crate::stage::{FAST, Stage};
use crate::support::PATIENCE;

/// Parts of each message.
const PARTS: u8 = 5;

/// A booking in five parts.
struct Long<'a> {
    place: &'a Place,
    split: Split,
    reference: u16,
}

impl Long<'_> {
    /// Sends these parts as one message of the books.
    fn send(&self, stage: &Stage, parts: &[u8]) -> MessageRef {
        let septets = if self.split == Split::Udh16 { 152 } else { 153 };
        let message = Message {
            split: self.split,
            part_order: PartOrder::Listed(parts.to_vec()),
            reference: Some(self.reference),
            ..Message::new(self.place.phone(), TOWN, self.place.long_text(septets))
        };
        stage.simulator.send(&message).unwrap()
    }

    /// Sends parts and waits until they are acknowledged.
    async fn take(&self, stage: &Stage, parts: &[u8]) -> MessageRef {
        let message = self.send(stage, parts);
        let entry = stage.simulator.wait_settled(message, PATIENCE).await.unwrap();
        assert_eq!((entry.outcome, usize::from(entry.parts)), (Outcome::Acknowledged, parts.len()));
        message
    }
}

fn long(place: &Place, split: Split, reference: u16) -> Long<'_> {
    Long { place, split, reference }
}

/// All orders of the numbers up to `n`.
fn permutations(n: u8) -> Vec<Vec<u8>> {
    if n == 0 {
        return vec![Vec::new()];
    }
    let shorter = permutations(n - 1);
    let insert = |order: &Vec<u8>, at: usize| {
        let mut order = order.clone();
        order.insert(at, n);
        order
    };
    shorter.iter().flat_map(|order| (0..=order.len()).map(move |at| insert(order, at))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_28_five_parts_make_one_message_in_each_of_their_120_orders() {
    let stage = Stage::new(&[("a", FAST), ("b", FAST)]).await;
    let mut citizens = Citizens::default();
    let orders = permutations(PARTS);
    assert_eq!(orders.len(), 120);
    for (order, split) in orders.iter().zip([Split::Udh8, Split::Udh16, Split::Sar].into_iter().cycle()) {
        let place = citizens.next_place();
        // One reference for all: what tells them apart is the sender.
        let message = long(&place, split, 7).send(&stage, order);
        citizens.booked(&place, message);
    }
    citizens.audit(stage).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_28_a_message_with_a_part_missing_waits_and_parts_that_come_twice_count_once() {
    let mut stage = Stage::new(&[("a", FAST)]).await;
    let mut citizens = Citizens::default();
    for missing in 1..=PARTS {
        let place = citizens.next_place();
        let others: Vec<u8> = (1..=PARTS).filter(|part| *part != missing).collect();
        let message = long(&place, Split::Udh8, 1);
        message.take(&stage, &[others.clone(), others].concat()).await;
        assert_eq!(stage.simulator.received(&place.phone(), 0).len(), 0, "an answer to half a message");
        message.take(&stage, &[missing]).await;
        let answer = stage.simulator.wait_reply(&place.phone(), 0, PATIENCE).await.unwrap();
        assert!(answer.text.contains(&place.name()), "{}", *answer.text);
        citizens.booked(&place, answer.answers.unwrap());
    }
    stage.leave();
    citizens.check(&stage, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_28_two_senders_and_two_widths_with_one_number_are_never_mixed() {
    let mut stage = Stage::new(&[("a", FAST), ("b", FAST)]).await;
    let mut citizens = Citizens::default();
    let places: Vec<Place> = (0..4).map(|_| citizens.next_place()).collect();
    // The third and the fourth are one person's, with one number of 8 and of 16 bits.
    let [one, two, narrow] = [&places[0], &places[1], &places[2]];
    let of_one_person = [long(narrow, Split::Udh8, 9), long(narrow, Split::Udh16, 9)];
    let messages = [long(one, Split::Udh8, 9), long(two, Split::Udh8, 9)];
    for part in [3, 1, 5, 2, 4] {
        for message in &messages {
            message.take(&stage, &[part]).await;
        }
    }
    for place in [one, two] {
        let answer = stage.simulator.wait_reply(&place.phone(), 0, PATIENCE).await.unwrap();
        citizens.booked(place, answer.answers.unwrap());
    }
    // The same request in both widths: the first books, the second finds its own booking, and neither is torn.
    for part in [1, 2, 3, 4] {
        for message in &of_one_person {
            message.take(&stage, &[part]).await;
        }
    }
    assert!(stage.simulator.received(&narrow.phone(), 0).is_empty(), "parts of two messages made one");
    of_one_person[0].take(&stage, &[5]).await;
    let answer = stage.simulator.wait_reply(&narrow.phone(), 0, PATIENCE).await.unwrap();
    citizens.booked(narrow, answer.answers.unwrap());
    stage.leave();
    citizens.check(&stage, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_28_a_number_that_comes_round_again_begins_a_new_message() {
    let mut stage = Stage::new(&[("a", FAST)]).await;
    let mut citizens = Citizens::default();
    let [lost, kept] = [citizens.next_place(), citizens.next_place()];
    // Two messages of one sender: the first loses its end, and the counter of eight bits comes round.
    let sender = kept.phone();
    let half = Message {
        part_order: PartOrder::Listed(vec![1, 2, 3]),
        reference: Some(3),
        ..Message::new(&sender, TOWN, lost.long_text(153))
    };
    let half = stage.simulator.send(&half).unwrap();
    stage.simulator.wait_settled(half, PATIENCE).await.unwrap();
    long(&kept, Split::Udh8, 256 + 3).take(&stage, &[1, 2, 3, 4, 5]).await;
    let answer = stage.simulator.wait_reply(&sender, 0, PATIENCE).await.unwrap();
    citizens.booked(&kept, answer.answers.unwrap());
    stage.leave();
    citizens.check(&stage, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_28_parts_outlive_a_kill_between_any_two_of_them() {
    let mut stage = Stage::new(&[("a", FAST)]).await;
    let mut citizens = Citizens::default();
    let places: Vec<Place> = (1..PARTS).map(|_| citizens.next_place()).collect();
    let order = [4, 2, 5, 1, 3];
    let mut resent = 0;
    // The n-th citizen's message is cut by the n-th death.
    for died_after in 1..usize::from(PARTS) {
        for (n, place) in (1..).zip(&places) {
            let message = long(place, Split::Udh8, 5);
            if died_after == 1 {
                message.take(&stage, &order[..n]).await;
            }
            if n == died_after {
                resent += stage.resent();
                stage.kill_and_restart();
                assert!(stage.simulator.wait_receivers(1, PATIENCE).await, "{}", stage.home.log_text());
                message.take(&stage, &order[n..]).await;
                let answer = stage.simulator.wait_reply(&place.phone(), 0, PATIENCE).await.unwrap();
                citizens.booked(place, answer.answers.unwrap());
            }
        }
    }
    resent += stage.resent();
    stage.leave();
    citizens.check(&stage, resent);
}
