//! Whether the peer has read our answers. What was written may have gone nowhere: a half-open link takes half a
//! minute to notice, and meanwhile the SMSC hands its messages over again by a sister bind. An enquire_link behind
//! the answers, once it is answered, proves that they were read.

use std::time::Duration;

/// From an answer to the enquire_link behind it: less than the moment for which the engine believes no repeat over a
/// sister bind, and one a second at most.
const ASK_AFTER: Duration = Duration::from_secs(1);
/// From a question without an answer to the next: the answer may be lost, and a peer may refuse enquire_link itself.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// The answers of one connection and how far they are proved.
#[derive(Debug, Default)]
pub struct Proof {
    /// The last answer and when the first one without proof was given.
    unproved: Option<(u32, Duration)>,
    /// The last answer before the enquire_link that is out, and when that left.
    asked: Option<(u32, Duration)>,
}

impl Proof {
    /// A message was answered at `now`.
    pub fn answered(&mut self, sequence_number: u32, now: Duration) {
        let since = self.unproved.map_or(now, |(_, since)| since);
        self.unproved = Some((sequence_number, since));
    }

    /// When to ask next; one question at a time.
    pub fn deadline(&self) -> Option<Duration> {
        match (self.asked, self.unproved) {
            (Some((_, asked_at)), _) => asked_at.checked_add(ASK_AGAIN),
            (None, Some((_, since))) => since.checked_add(ASK_AFTER),
            (None, None) => None,
        }
    }

    /// Whether to call [`crate::Session::enquire`] now; then it counts as asked.
    pub fn ask(&mut self, now: Duration) -> bool {
        if self.deadline().is_none_or(|deadline| deadline > now) {
            return false;
        }
        let last = self.unproved.take().or(self.asked);
        self.asked = last.map(|(sequence_number, _)| (sequence_number, now));
        true
    }

    /// [`crate::Event::Enquired`] came: the last answer that is proved by it.
    pub fn proved(&mut self) -> Option<u32> {
        self.asked.take().map(|(sequence_number, _)| sequence_number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn one_question_a_second_proves_all_answers_before_it() {
        let mut proof = Proof::default();
        assert_eq!((proof.deadline(), proof.ask(at(5_000))), (None, false));
        proof.answered(7, at(100));
        proof.answered(8, at(900));
        assert!(!proof.ask(at(1_099)));
        assert!(proof.ask(at(1_100)));
        proof.answered(9, at(1_200));
        assert_eq!(proof.deadline(), Some(at(11_100)), "the first is still out");
        assert_eq!((proof.proved(), proof.proved()), (Some(8), None));
        assert_eq!(proof.deadline(), Some(at(2_200)));
    }

    #[test]
    fn a_question_without_an_answer_is_asked_again_for_all_answers_since() {
        let mut proof = Proof::default();
        proof.answered(7, at(0));
        assert!(proof.ask(at(1_000)));
        assert!(!proof.ask(at(10_999)));
        assert!(proof.ask(at(11_000)), "nothing was answered since");
        proof.answered(8, at(12_000));
        assert!(proof.ask(at(21_000)));
        assert_eq!(proof.proved(), Some(8));
        assert_eq!(proof.deadline(), None);
    }
}
