use super::*;
use proptest::prelude::*;

fn absolute(field: &str) -> Absolute {
    match SmppTime::parse(field) {
        Ok(SmppTime::Absolute(time)) => time,
        other => panic!("{field}: {other:?}"),
    }
}

#[test]
fn absolute_times_know_their_offset() {
    // 22 November 2026, 07:00 in Viet Nam is midnight UTC.
    assert_eq!(absolute("261122070000028+").unix_seconds(), 1_795_305_600);
    assert_eq!(absolute("261121190000020-").unix_seconds(), 1_795_305_600);
    assert_eq!(absolute("261122054500023+").unix_seconds(), 1_795_305_600, "Nepal, five and three quarters");
    assert_eq!(absolute("000101000000000+").unix_seconds(), 946_684_800);
}

#[test]
fn the_calendar_is_strict() {
    assert!(SmppTime::parse("240229000000000+").is_ok());
    for wrong in [
        "260229000000000+",
        "260431000000000+",
        "261301000000000+",
        "260001000000000+",
        "260100000000000+",
        "260101240000000+",
        "260101006000000+",
        "260101000060000+",
        "260101000000057+",
    ] {
        assert_eq!(SmppTime::parse(wrong), Err(TimeError::Range), "{wrong}");
    }
    for wrong in
        ["", "2601010000", "260101000000000", "260101000000000*", "26010100000000x+", "260101000000000++"]
    {
        assert_eq!(SmppTime::parse(wrong), Err(TimeError::Shape), "{wrong}");
    }
}

#[test]
fn relative_times_are_spans() {
    let span = |seconds| Ok(SmppTime::Relative(Duration::from_secs(seconds)));
    assert_eq!(SmppTime::parse("000000001000000R"), span(600));
    assert_eq!(SmppTime::parse("000003000000000R"), span(3 * 86_400));
    assert_eq!(SmppTime::relative(Duration::from_secs(600)).to_string(), "000000001000000R");
    assert_eq!(SmppTime::relative(Duration::from_secs(3 * 86_400 + 61)).to_string(), "000003000101000R");
    assert_eq!(SmppTime::relative(Duration::MAX).to_string(), "990000000000000R");
}

#[test]
fn a_year_rolls_over_by_its_own_clock() {
    let new_year = Absolute::from_unix_seconds(1_798_736_400, 28).unwrap();
    assert_eq!(new_year.to_string(), "270101000000028+");
    assert_eq!(Absolute::from_unix_seconds(1_798_736_400, -20).unwrap().to_string(), "261231120000020-");
    assert_eq!(Absolute::from_unix_seconds(0, 0), Err(TimeError::Range), "two digits cannot say 1970");
    assert_eq!(Absolute::from_unix_seconds(i64::MAX, 1), Err(TimeError::Range));
    assert_eq!(Absolute::from_unix_seconds(i64::MIN, 0), Err(TimeError::Range));
}

proptest! {
    #[test]
    fn every_moment_of_the_century_survives(seconds in 946_771_200i64..4_102_358_400, quarters in -48i8..=56) {
        let time = Absolute::from_unix_seconds(seconds, quarters).unwrap();
        prop_assert_eq!(time.unix_seconds(), seconds);
        prop_assert_eq!(SmppTime::parse(&time.to_string()), Ok(SmppTime::Absolute(time)));
    }

    #[test]
    fn every_span_survives(seconds in 0u64..99 * 365 * 86_400) {
        let span = SmppTime::relative(Duration::from_secs(seconds));
        prop_assert_eq!(SmppTime::parse(&span.to_string()), Ok(span));
    }

    #[test]
    fn any_field_is_read_or_refused(field in "\\PC{0,20}") {
        let _ = SmppTime::parse(&field);
    }
}
