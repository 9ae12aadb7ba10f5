//! Any octets as an SMPP time, and any moment as one.

use codec::receipt;
use codec::time::{Absolute, SmppTime};
use jiff::civil;

use crate::input::Input;

/// The longest span that an SMPP time can say, in seconds.
const SPAN_MAX: u64 = 99 * 365 * 86_400;

/// Reads octets as the text of a time, and as seconds and an offset.
///
/// - A time that was read is a day of the calendar, and is written as it came.
/// - Seconds since 1970 and back give the same moment, the same as another calendar says.
/// - A receipt's date is a real one.
pub fn time(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    match SmppTime::parse(&text) {
        Ok(SmppTime::Absolute(time)) => {
            // Nought has no sign.
            assert_eq!(time.to_string(), text.replace("00-", "00+"));
            check_absolute(time);
        }
        Ok(SmppTime::Relative(span)) => {
            let written = SmppTime::Relative(span).to_string();
            assert_eq!(SmppTime::parse(&written), Ok(SmppTime::relative(span)));
            assert!(span.as_secs() < 2 * SPAN_MAX);
        }
        Err(_) => {}
    }
    if let Some(date) = receipt::date(&text) {
        check_absolute(date);
        let digits = text.strip_prefix("20").filter(|_| text.len() == 14).unwrap_or(&text);
        assert!(date.to_string().starts_with(digits), "{text} is {date}");
    }
    check_moment(&mut Input::new(octets));
}

fn check_absolute(time: Absolute) {
    let Absolute { year, month, day, hour, minute, second, tenth, quarters } = time;
    let signed = |value: u8| i8::try_from(value).unwrap();
    let civil = civil::date(2000 + i16::from(year), signed(month), signed(day)).at(
        signed(hour),
        signed(minute),
        signed(second),
        0,
    );
    assert!(tenth < 10 && quarters.abs() <= 56);
    let zoned =
        civil.to_zoned(jiff::tz::Offset::from_seconds(i32::from(quarters) * 900).unwrap().to_time_zone());
    assert_eq!(zoned.unwrap().timestamp().as_second(), time.unix_seconds());
    let again = Absolute::from_unix_seconds(time.unix_seconds(), quarters);
    assert_eq!(again, Ok(Absolute { tenth: 0, ..time }));
}

fn check_moment(input: &mut Input<'_>) {
    let quarters = i8::from_be_bytes([input.octet()]);
    let mut seconds = i64::from(input.u32()) << 32 | i64::from(input.u32());
    if input.octet().is_multiple_of(2) {
        // Between 1999 and 2104.
        seconds = 915_148_800 + seconds.rem_euclid(105 * 366 * 86_400);
    }
    if let Ok(time) = Absolute::from_unix_seconds(seconds, quarters) {
        assert_eq!((time.unix_seconds(), time.quarters), (seconds, quarters));
        check_absolute(time);
        assert_eq!(SmppTime::parse(&time.to_string()), Ok(SmppTime::Absolute(time)));
    }
}
