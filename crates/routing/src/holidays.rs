//! Public holidays 2025 to 2035: reviewed tables, and Easter, which is computed.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;

/// Years for which the tables were reviewed.
const YEARS: std::ops::RangeInclusive<i16> = 2025..=2035;

const TABLES: [(&str, &str); 2] =
    [("vn", include_str!("../data/holidays-vn.toml")), ("cz", include_str!("../data/holidays-cz.toml"))];

/// A country's table.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Table {
    /// `mm-dd` of each year.
    fixed: BTreeMap<String, String>,
    /// Days from Easter Sunday.
    easter: BTreeMap<String, String>,
    /// Single days.
    days: BTreeMap<String, String>,
}

/// The countries that have a table.
pub(crate) fn known() -> impl Iterator<Item = &'static str> + Clone {
    TABLES.iter().map(|(name, _)| *name)
}

/// The closed days of a country with their names.
pub(crate) fn closed(country: &str) -> Option<BTreeMap<Date, String>> {
    let (_, text) = TABLES.iter().find(|(known, _)| *known == country)?;
    let table: Table = toml::from_str(text).ok()?;
    let mut closed = BTreeMap::new();
    for year in YEARS {
        for (day, name) in &table.fixed {
            closed.extend(format!("{year}-{day}").parse::<Date>().ok().map(|date| (date, name.clone())));
        }
        for (distance, name) in &table.easter {
            let date =
                distance.parse::<i32>().ok().and_then(|days| easter(year)?.checked_add(days.days()).ok());
            closed.extend(date.map(|date| (date, name.clone())));
        }
    }
    let days = table.days.into_iter().filter_map(|(day, name)| Some((day.parse::<Date>().ok()?, name)));
    closed.extend(days);
    Some(closed)
}

fn easter(year: i16) -> Option<Date> {
    let date = computus::gregorian(i32::from(year)).ok()?;
    Date::new(year, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn czech_days_are_the_thirteen_of_law_245_of_2000() {
        let closed = closed("cz").unwrap();
        assert_eq!(closed.keys().filter(|day| day.year() == 2026).count(), 13);
        for day in
            [date(2026, 4, 3), date(2026, 4, 6), date(2027, 3, 26), date(2027, 3, 29), date(2026, 9, 28)]
        {
            assert!(closed.contains_key(&day), "{day}");
        }
    }

    /// The working days of 2026 that the official sector has off, and no others.
    #[test]
    fn vietnamese_days_of_2026() {
        let closed = closed("vn").unwrap();
        let weekdays = closed.keys().filter(|day| day.year() == 2026 && !is_weekend(**day));
        let off: Vec<String> = weekdays.map(|day| day.strftime("%-d.%-m.").to_string()).collect();
        let official = "1.1. 2.1. 16.2. 17.2. 18.2. 19.2. 20.2. 27.4. 30.4. 1.5. 31.8. 1.9. 2.9. 24.11.";
        assert_eq!(off.join(" "), official);
    }

    /// Article 112: a holiday on a weekly day off is made up on the next working day.
    #[test]
    fn vietnamese_days_on_a_weekend_are_made_up() {
        let closed = closed("vn").unwrap();
        for year in 2026..=2035 {
            let of_year = || closed.iter().filter(|(day, _)| day.year() == year);
            let lost = of_year().filter(|(day, _)| is_weekend(**day)).count();
            let made_up = of_year().filter(|(day, name)| name.starts_with("Nghi bu") && !is_weekend(**day));
            assert_eq!(made_up.count(), lost, "{year}");
        }
    }

    fn is_weekend(day: Date) -> bool {
        day.weekday().to_monday_zero_offset() >= 5
    }

    #[test]
    fn vietnamese_days_follow_the_lunar_table_of_viet_nam() {
        let closed = closed("vn").unwrap();
        for day in
            [date(2026, 2, 17), date(2026, 4, 27), date(2030, 2, 2), date(2035, 4, 17), date(2026, 11, 24)]
        {
            assert!(closed.contains_key(&day), "{day}");
        }
    }
}
