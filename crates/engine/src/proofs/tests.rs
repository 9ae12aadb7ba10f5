use super::*;
use crate::config::{LinkConfig, Profile};

const FIRST: LinkId = LinkId(0);
const SISTER: LinkId = LinkId(1);
const ALONE: LinkId = LinkId(2);

const fn at(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Two sisters with a transmitter beside them, and one that is alone with its transmitter.
fn proofs() -> Proofs {
    let link = |(group, receives): (&str, bool)| LinkConfig {
        name: String::new(),
        group: group.into(),
        receives,
        plan: &model::plan::VIET_NAM,
        profile: Profile::default(),
    };
    let links = [("g", true), ("g", true), ("h", true), ("h", false), ("g", false)];
    let mut proofs = Proofs::new(&Config { links: links.map(link).into() });
    (0..5).for_each(|place| proofs.link_up(LinkId(place)));
    proofs
}

fn asked(proofs: &mut Proofs, now: Duration) -> Vec<LinkId> {
    proofs.ask(now).map(|(link, _)| link).collect()
}

/// The answer comes to the question that left at this moment.
fn enquired(proofs: &mut Proofs, link: LinkId, left: Duration, now: Duration) {
    proofs.enquired(link, left.as_nanos() as u64, now);
}

#[test]
fn a_copy_over_a_sister_is_older_until_the_sister_has_answered_what_left_after_the_acknowledgement_was_read()
{
    let mut all = proofs();
    all.act(FIRST, at(1_000));
    assert!(!all.comes_after(SISTER, FIRST, at(1_000)));
    all.answered(SISTER, at(1_500), at(1_600));
    all.answered(FIRST, at(999), at(1_700));
    assert!(!all.comes_after(SISTER, FIRST, at(1_000)), "it left before the acknowledgement");
    all.answered(FIRST, at(1_250), at(1_800));
    assert!(!all.comes_after(SISTER, FIRST, at(1_000)), "the copy may be older than 1.8 s");
    all.answered(SISTER, at(1_800), at(1_900));
    assert!(!all.comes_after(SISTER, FIRST, at(1_000)), "in one turn with the news");
    all.answered(SISTER, at(2_050), at(2_100));
    assert!(all.comes_after(SISTER, FIRST, at(1_000)));
    assert!(!all.comes_after(SISTER, FIRST, at(1_251)), "a later act");
}

#[test]
fn an_act_is_asked_after_and_then_its_sister_is() {
    let mut all = proofs();
    assert_eq!(all.next_deadline(), None);
    all.act(FIRST, at(100));
    all.act(FIRST, at(900));
    assert_eq!((all.next_deadline(), asked(&mut all, at(1_099))), (Some(at(1_100)), vec![]));
    assert_eq!(asked(&mut all, at(1_100)), [FIRST]);
    assert_eq!(asked(&mut all, at(1_200)), [], "the first is still out");
    enquired(&mut all, FIRST, at(1_100), at(1_300));
    assert_eq!(all.next_deadline(), Some(at(2_300)), "the sister");
    assert_eq!(asked(&mut all, at(2_300)), [SISTER]);
    enquired(&mut all, SISTER, at(2_300), at(2_400));
    assert_eq!(all.next_deadline(), None, "the transmitter is no sister, and the sister had no act");
    assert!(all.comes_after(SISTER, FIRST, at(900)));
}

#[test]
fn an_answered_submit_saves_the_question() {
    let mut all = proofs();
    all.act(FIRST, at(100));
    all.answered(FIRST, at(100), at(150));
    all.answered(SISTER, at(200), at(250));
    assert_eq!((asked(&mut all, at(5_000)), all.next_deadline()), (vec![], None));
    assert!(all.comes_after(SISTER, FIRST, at(100)));
}

#[test]
fn an_act_that_came_while_a_question_was_out_is_asked_after_as_well() {
    let mut all = proofs();
    all.act(FIRST, at(0));
    assert_eq!(asked(&mut all, at(1_000)), [FIRST]);
    all.act(FIRST, at(1_500));
    enquired(&mut all, FIRST, at(1_000), at(1_600));
    assert_eq!(asked(&mut all, at(2_000)), [FIRST], "a second after the last question");
    assert_eq!(asked(&mut all, at(2_600)), [SISTER]);
    enquired(&mut all, SISTER, at(2_600), at(2_700));
    enquired(&mut all, FIRST, at(2_000), at(2_800));
    assert_eq!(asked(&mut all, at(3_800)), [SISTER], "of the second act");
    enquired(&mut all, SISTER, at(3_800), at(3_900));
    assert_eq!(all.next_deadline(), None);
    assert!(all.comes_after(SISTER, FIRST, at(1_500)));
}

#[test]
fn a_question_without_an_answer_is_asked_again_as_long_as_the_link_stands() {
    let mut all = proofs();
    all.act(FIRST, at(0));
    assert_eq!(asked(&mut all, at(1_000)), [FIRST]);
    assert_eq!(asked(&mut all, at(10_999)), []);
    assert_eq!(asked(&mut all, at(11_000)), [FIRST]);
    enquired(&mut all, FIRST, at(1_000), at(11_100));
    assert_eq!(all.read_until(FIRST), Some(at(1_000)), "the first question's answer, and no more");
    assert_eq!(asked(&mut all, at(20_999)), [SISTER], "the second question is still out");
    all.link_down(SISTER);
    all.link_down(FIRST);
    assert_eq!(all.next_deadline(), None);
    all.act(FIRST, at(12_000));
    assert_eq!(all.next_deadline(), None, "what came with the end of the link");
}

#[test]
fn a_link_without_a_sister_asks_nothing_and_knows_what_was_read() {
    let mut all = proofs();
    all.act(ALONE, at(0));
    assert_eq!(all.next_deadline(), None);
    all.answered(ALONE, at(0), at(10));
    assert_eq!(all.read_until(ALONE), Some(at(0)));
}

#[test]
fn a_link_remembers_a_minute_of_proofs() {
    let mut all = proofs();
    for now in (0..1_000_000).step_by(10) {
        all.answered(FIRST, at(now), at(now));
    }
    assert_eq!(all.links[0].proofs.len(), 241);
    all.answered(SISTER, at(1_000_500), at(1_000_600));
    assert!(all.comes_after(SISTER, FIRST, at(940_000)));
}
