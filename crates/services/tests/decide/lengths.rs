//! Every text keeps to its parts at the longest values that citizens, clerks and feeds can bring into it.

use std::collections::BTreeSet;

use jiff::civil::date;
use model::booking::SlotDay;
use model::request::Command;
use model::template::Piece;
use model::{Key, Record, Service};
use proptest::prelude::*;
use text::parts::{Alphabet, measure};

use crate::offices::{danang, hue, trutnov, tttb};
use crate::trutnov::{NOVAK, free, tenth};
use crate::world::World;

/// The only texts that may take two parts: the office's own long wording, and a record with a long issuer.
const TWO_PARTS: [&str; 4] = ["H-QUEUE-XC", "H-QUEUE-NC", "H-QUEUE-KQ", "T-INFO"];

/// A value as long as the grammar, the API or the counter system lets it become.
fn longest(place: &str, service: &Service) -> BoxedStrategy<String> {
    let fixed = |value: &str| Just(value.to_owned()).boxed();
    match place {
        "note" | "unit" | "place" | "name" | "cname" => "\\PC{0,200}".boxed(),
        "rc" => "[A-Z0-9.:/ -]{6,200}".boxed(),
        "code" => "[0-9]{8}".boxed(),
        "ms" => "\\+[0-9]{15}".boxed(),
        "id" => "[A-Z0-9]{20}".boxed(),
        "typ" => fixed("CMND"),
        "n" | "m" => "[0-9]{10}".boxed(),
        "mins" => "[0-9]{2}".boxed(),
        "lvl" => fixed("trung binh"),
        "d" | "d2" => fixed("28/12/2026"),
        "t" | "t2" => fixed("23h59"),
        "cd" | "cd2" => fixed("28.12.2026"),
        "cds" | "cds2" => fixed("28.12."),
        "ct" | "ct2" => fixed("16:45"),
        "slots" => fixed("13:30, 13:45, 14:15, 14:30"),
        "tk" => "[0-9]{12}".boxed(),
        "mk" => "[a-zA-Z0-9#!%*+=-]{10}".boxed(),
        "otp" => "[0-9]{6}".boxed(),
        "cc" => "[0-9]{8}".boxed(),
        "act" => fixed("ZOP"),
        "kw" => fixed("STORNO"),
        "num" => fixed("1414"),
        "field" => fixed("zkratka cinnosti"),
        "form" => of_forms(service, |form| form.form.clone()),
        "ex" => of_forms(service, |form| form.example.clone()),
        unknown => panic!("{{{unknown}}} has no longest value here"),
    }
}

fn of_forms(service: &Service, of: impl Fn(&model::service::Form) -> String) -> BoxedStrategy<String> {
    let longest = service.forms.values().map(of).max_by_key(String::len);
    Just(longest.expect("a service whose texts show forms has some")).boxed()
}

fn places(service: &Service, role: &str) -> BTreeSet<String> {
    let pieces = &service.templates[role].pieces;
    let field = |piece: &Piece| match piece {
        Piece::Field(name) => Some(name.clone()),
        Piece::Literal(_) => None,
    };
    pieces.iter().filter_map(field).collect()
}

/// Renders every text of every service with some of its longest values.
#[test]
fn every_text_keeps_to_its_parts() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for service in [hue(), tttb(), danang(), trutnov()] {
        for role in service.templates.keys() {
            let values: Vec<_> = places(&service, role)
                .into_iter()
                .map(|place| longest(&place, &service).prop_map(move |value| (place.clone(), value)))
                .collect();
            let keeps = runner.run(&values, |values| {
                let values: Vec<_> =
                    values.iter().map(|(place, value)| (place.as_str(), value.as_str())).collect();
                let rendered = services::notice(&service, role, &values).unwrap();
                let measured = measure(&rendered.text);
                let parts = if TWO_PARTS.contains(&&*rendered.template) { 2 } else { 1 };
                prop_assert!(measured.parts <= parts, "{}: {}", rendered.template, rendered.text.0);
                prop_assert_eq!(measured.alphabet, Alphabet::Gsm7);
                Ok(())
            });
            keeps.unwrap_or_else(|failure| panic!("{role}: {failure}"));
        }
    }
}

#[test]
fn a_code_of_nothing_but_separators_gets_no_longer_reply() {
    let mut world = World::new(danang(), date(2026, 8, 3).at(9, 0, 0, 0));
    let code = format!("AB{}12345678", "-".repeat(400));
    let text = world.text("84905123456", Command::DossierStatus { code });
    assert!(measure(&text).parts == 1 && text.starts_with("Khong tim thay ho so AB-----"), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is taken of a day: neighbours joined, cut at a whole slot with dots, everything listed else.
    #[test]
    fn a_list_of_slots_is_whole_or_ends_in_dots(taken in prop::collection::btree_set(32_u16..68, 0..36)) {
        let mut world = crate::trutnov::world();
        let mut day = SlotDay::default();
        day.take("ZOP", taken.iter().map(|quarter| quarter * 15), 0);
        world.records.insert(Key::SlotDay(world.service.id, tenth()), Record::SlotDay(day));
        let text = world.text(NOVAK, free(tenth(), false));
        let clock = |quarter: u16| format!("{}:{:02}", quarter / 4, quarter % 4 * 15);
        let frees: Vec<u16> = (32..68).filter(|quarter| !taken.contains(quarter)).collect();
        let runs: Vec<String> = frees.chunk_by(|a, b| a + 1 == *b).map(|run| match run {
            [only] => clock(*only),
            [first, .., last] => format!("{}-{}", clock(*first), clock(*last)),
            [] => unreachable!(),
        }).collect();
        if runs.is_empty() {
            prop_assert!(text.starts_with("Dne 10.8.2026 neni pro ZOP volny termin."));
            return Ok(());
        }
        let said = |slots: String| {
            format!("Volne terminy ZOP 10.8.2026: {slots} (po 15 min). Objednani: OBJ ZOP 10.8. cas jmeno")
        };
        let whole = said(runs.join(", "));
        let expected = if whole.len() <= 160 {
            whole
        } else {
            (1..runs.len()).rev().map(|n| said(format!("{}...", runs[..n].join(", ")))).find(|text| text.len() <= 160).unwrap()
        };
        prop_assert_eq!(text, expected);
    }
}
