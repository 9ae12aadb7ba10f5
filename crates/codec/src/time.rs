//! SMPP times, `YYMMDDhhmmsstnnp` (3.4, 7.1): absolute with an offset in quarter hours, or relative with `R`.
//! Empty stands for "at once" or "the SMSC's default" and is no time.

use std::time::Duration;

use model::SmolStr;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// The specification counts months and years of a relative time by the calendar; we neither send nor need such.
const MONTH: u64 = 30 * DAY;
const YEAR: u64 = 365 * DAY;
/// What the pairs of digits of a relative time count, in seconds.
const UNITS: [u64; 6] = [YEAR, MONTH, DAY, HOUR, MINUTE, 1];
/// Digits of a time, before `p` or `R`.
const DIGITS: usize = 15;
/// The furthest offset in quarter hours: the specification says 48, but clocks up to 14 hours ahead exist.
const QUARTERS_MAX: i8 = 56;

/// A point in time or a span from the moment of receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmppTime {
    /// Wall clock with its offset from UTC.
    Absolute(Absolute),
    /// From when the SMSC receives it.
    Relative(Duration),
}

/// An absolute time. The year is 2000 to 2099, as two digits cannot say more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Absolute {
    /// 0 to 99, after 2000.
    pub year: u8,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31, as the month allows.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// 0 to 9.
    pub tenth: u8,
    /// Quarter hours that this wall clock is ahead of UTC.
    pub quarters: i8,
}

/// Not a time. Returned by [`SmppTime::parse`] and [`Absolute::from_unix_seconds`]; answer ESME_RINVSCHED or
/// ESME_RINVEXPIRY, or treat the field as empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not 15 digits and one of `+`, `-`, `R`.
    #[error("an SMPP time has 15 digits and then +, - or R")]
    Shape,
    /// No such date, hour or offset.
    #[error("no such date, hour or offset")]
    Range,
}

impl SmppTime {
    /// Reads a field that is not empty.
    pub fn parse(field: &str) -> Result<Self, TimeError> {
        let (digits, sign) = field.as_bytes().split_first_chunk::<DIGITS>().ok_or(TimeError::Shape)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(TimeError::Shape);
        }
        let pair = |at: usize| {
            let digit = |at: usize| digits.get(at).map_or(0, |octet| octet - b'0');
            digit(at) * 10 + digit(at + 1)
        };
        let fields = [pair(0), pair(2), pair(4), pair(6), pair(8), pair(10)];
        let tenth = digits[12] - b'0';
        match sign {
            b"R" => Ok(Self::Relative(relative(fields))),
            b"+" | b"-" => {
                let quarters = i8::try_from(pair(13)).map_err(|_| TimeError::Range)?;
                let quarters = if sign == b"-" { -quarters } else { quarters };
                Absolute::checked(fields, tenth, quarters).map(Self::Absolute)
            }
            _ => Err(TimeError::Shape),
        }
    }

    /// A span as a validity period, in whole seconds; 99 years at most.
    #[must_use]
    pub fn relative(span: Duration) -> Self {
        Self::Relative(Duration::from_secs(span.as_secs().min(99 * YEAR)))
    }
}

impl std::fmt::Display for SmppTime {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Absolute(time) => write!(formatter, "{time}"),
            Self::Relative(span) => formatter.write_str(str::from_utf8(&field(*span)).unwrap_or_default()),
        }
    }
}

/// Without a block of memory for a span: each answer has one.
impl From<SmppTime> for SmolStr {
    fn from(time: SmppTime) -> Self {
        match time {
            SmppTime::Absolute(_) => time.to_string().into(),
            SmppTime::Relative(span) => str::from_utf8(&field(span)).unwrap_or_default().into(),
        }
    }
}

/// A span as it is sent, its digits not put through the machinery of formats.
fn field(span: Duration) -> [u8; DIGITS + 1] {
    let mut field = *b"000000000000000R";
    let mut seconds = span.as_secs().min(99 * YEAR);
    for (digits, unit) in field.chunks_exact_mut(2).zip(UNITS) {
        let count = seconds / unit;
        seconds %= unit;
        for (digit, value) in digits.iter_mut().zip([count / 10, count % 10]) {
            *digit += u8::try_from(value).unwrap_or_default();
        }
    }
    field
}

fn relative(fields: [u8; 6]) -> Duration {
    Duration::from_secs(fields.into_iter().zip(UNITS).map(|(count, unit)| u64::from(count) * unit).sum())
}

impl Absolute {
    fn checked(fields: [u8; 6], tenth: u8, quarters: i8) -> Result<Self, TimeError> {
        let [year, month, day, hour, minute, second] = fields;
        let sound = (1..=12).contains(&month)
            && (1..=days_in(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60
            && (-QUARTERS_MAX..=QUARTERS_MAX).contains(&quarters);
        if !sound {
            return Err(TimeError::Range);
        }
        Ok(Self { year, month, day, hour, minute, second, tenth, quarters })
    }

    /// Seconds since 1970 UTC.
    #[must_use]
    pub fn unix_seconds(&self) -> i64 {
        let days = days_since_1970(i64::from(self.year) + 2000, i64::from(self.month), i64::from(self.day));
        days * 86_400 + i64::from(self.hour) * 3_600 + i64::from(self.minute) * 60 + i64::from(self.second)
            - i64::from(self.quarters) * 900
    }

    /// The wall clock at this moment, `quarters` of an hour ahead of UTC.
    pub fn from_unix_seconds(seconds: i64, quarters: i8) -> Result<Self, TimeError> {
        let local = seconds.checked_add(i64::from(quarters) * 900).ok_or(TimeError::Range)?;
        let (days, second) = (local.div_euclid(86_400), local.rem_euclid(86_400));
        let (year, month, day) = civil(days);
        let octet = |value: i64| u8::try_from(value).map_err(|_| TimeError::Range);
        let year = octet(year - 2000).ok().filter(|year| *year < 100).ok_or(TimeError::Range)?;
        let fields = [
            year,
            octet(month)?,
            octet(day)?,
            octet(second / 3_600)?,
            octet(second / 60 % 60)?,
            octet(second % 60)?,
        ];
        Self::checked(fields, 0, quarters)
    }
}

impl std::fmt::Display for Absolute {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { year, month, day, hour, minute, second, tenth, quarters } = self;
        let sign = if *quarters < 0 { '-' } else { '+' };
        let quarters = quarters.unsigned_abs();
        write!(
            formatter,
            "{year:02}{month:02}{day:02}{hour:02}{minute:02}{second:02}{tenth}{quarters:02}{sign}"
        )
    }
}

fn days_in(year: u8, month: u8) -> u8 {
    match month {
        2 if year.is_multiple_of(4) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1 January 1970 in the Gregorian calendar; years are counted from March, so that the leap day ends one.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The inverse: year, month, day.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days.saturating_add(719_468);
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests;
