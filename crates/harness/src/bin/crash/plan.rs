//! What is done in which round: a function of seed and number, so that a round can be played again.

use failpoints::Point;

use harness::drill::Dice;

/// Rounds on one home, one after the other.
pub(crate) const ROUNDS_OF_A_LEG: u64 = 10;

/// Named points of one round.
const POINTS_OF_A_ROUND: u64 = 3;

/// One end of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kill {
    /// By itself, the so many-th time that it gets there.
    At { point: Point, times: u64 },
    /// From outside, once the SMSC has seen so many more deliveries, submits and binds.
    Moment { events: u64 },
    /// From outside, so many milliseconds after it was asked to stop.
    Stopping { after_ms: u64 },
}

/// One round: these ends in a row, then a start that lives, perhaps through a panic, and an orderly stop.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Round {
    pub(crate) kills: Vec<Kill>,
    /// The orderly stop comes in the middle of a load first.
    pub(crate) stop_under_load: bool,
    /// The text at which the start that lives panics.
    pub(crate) panic_at: Option<u64>,
}

/// The points of a first start, in their order: a new home dies at each of them before it ever lives.
const FIRST_START: [Point; 12] = [
    Point::SentinelWritten,
    Point::SentinelSynced,
    Point::SentinelRenamed,
    Point::StartKeyWritten,
    Point::StartKeyKept,
    Point::SegmentCreated,
    Point::SegmentSynced,
    Point::SegmentRenamed,
    Point::SegmentPublished,
    Point::StartJournalBegun,
    Point::StartLeftoversRemoved,
    Point::StartApplied,
];

/// The plan of a round; `place` is its place in its leg.
pub(crate) fn round(seed: u64, number: u64, place: u64) -> Round {
    let mut dice = Dice::of(seed, number);
    let mut kills = Vec::new();
    if place == 0 {
        kills.extend(FIRST_START.map(|point| Kill::At { point, times: 1 }));
    }
    // What is pruned must be a minute old: only the last round of a leg can see it.
    let points: Vec<Point> = Point::ALL.into_iter().filter(|point| *point != Point::SegmentPruned).collect();
    let in_turn = points.iter().cycle().skip(place_of(number, points.len()));
    let named = in_turn.take(POINTS_OF_A_ROUND as usize).copied();
    kills.extend(named.map(|point| Kill::At { point, times: dice.up_to(often(point)) }));
    if place == ROUNDS_OF_A_LEG - 1 {
        kills.push(Kill::At { point: Point::SegmentPruned, times: 1 });
    }
    kills.push(match dice.below(4) {
        0 => Kill::Stopping { after_ms: dice.below(60) },
        _ => Kill::Moment { events: dice.below(150) },
    });
    let panic_at = (dice.below(3) == 0).then(|| dice.up_to(20));
    Round { kills, stop_under_load: dice.below(2) == 0, panic_at }
}

/// A round for points that no round before has hit.
pub(crate) fn leftovers(missed: &[Point]) -> Round {
    let kills = missed.iter().map(|point| Kill::At { point: *point, times: 1 });
    Round { kills: kills.collect(), stop_under_load: false, panic_at: None }
}

fn place_of(number: u64, points: usize) -> usize {
    let points = points as u64;
    usize::try_from((number % points) * POINTS_OF_A_ROUND % points).unwrap_or(0)
}

/// How often a load of some seconds gets there, at least.
fn often(point: Point) -> u64 {
    match point {
        Point::Read | Point::Decided | Point::RecordWritten | Point::RecordSynced | Point::Applied => 25,
        Point::Decoded
        | Point::TextRead
        | Point::ResponseWritten
        | Point::SubmitWritten
        | Point::ResponseRead => 60,
        Point::VerdictRecorded => 40,
        Point::SecretWritten | Point::SecretSynced | Point::SecretZeroed => 6,
        Point::ReceiptRead | Point::ReceiptRecorded => 6,
        Point::SegmentCreated | Point::SegmentSynced | Point::SegmentRenamed | Point::SegmentPublished => 3,
        Point::SentinelWritten | Point::SentinelSynced | Point::SentinelRenamed => 2,
        Point::CheckpointBegun
        | Point::CheckpointMoved
        | Point::CheckpointApplied
        | Point::CheckpointSynced
        | Point::CheckpointFinished => 2,
        Point::SegmentRolled | Point::SegmentPruned => 1,
        Point::StartKeyWritten
        | Point::StartKeyKept
        | Point::StartJournalBegun
        | Point::StartLeftoversRemoved
        | Point::StartApplied => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rounds_of_a_build_machine_try_every_point() {
        let mut tried = Vec::new();
        for number in 0..30 {
            tried.extend(round(1, number, number % ROUNDS_OF_A_LEG).kills);
        }
        for point in Point::ALL {
            let times =
                tried.iter().filter(|kill| matches!(kill, Kill::At { point: at, .. } if *at == point));
            assert!(times.count() >= 2, "{point:?}");
        }
    }

    #[test]
    fn a_round_can_be_played_again_and_the_next_one_is_another() {
        assert_eq!(round(7, 11, 1), round(7, 11, 1));
        assert_ne!(round(7, 11, 1), round(7, 12, 1));
        assert_ne!(round(7, 11, 1), round(8, 11, 1));
    }
}
