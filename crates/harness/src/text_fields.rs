//! Words, quoted values and `name=value` fields of a script line; moments and spans.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The words of a line; double quotes hold blanks together.
pub(crate) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut quoted, mut open) = (false, false);
    for character in line.chars() {
        match character {
            '"' => (quoted, open) = (!quoted, true),
            ' ' if !quoted => {
                if open || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                open = false;
            }
            _ => word.push(character),
        }
    }
    if open || !word.is_empty() {
        words.push(word);
    }
    words
}

/// The `name=value` words.
#[derive(Debug, Default)]
pub(crate) struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Splits `name=value` words off; every word must be one.
    pub(crate) fn read(words: &[String]) -> Result<Self> {
        let pair = |word: &String| {
            let (name, value) = word.split_once('=').with_context(|| format!("`{word}` is no name=value"))?;
            Ok((name.to_owned(), value.to_owned()))
        };
        Ok(Self(words.iter().map(pair).collect::<Result<_>>()?))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.get(name).unwrap_or_default().to_owned()
    }

    pub(crate) fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>> {
        let parse = |value: &str| value.parse().ok().with_context(|| format!("{name}={value} is no number"));
        self.get(name).map(parse).transpose()
    }

    pub(crate) fn date(&self, name: &str) -> Result<Option<Date>> {
        let parse = |value: &str| value.parse().with_context(|| format!("{name}={value} is no date"));
        self.get(name).map(parse).transpose()
    }

    pub(crate) fn moment(&self, name: &str, clock: &LocalClock) -> Result<Option<Timestamp>> {
        self.get(name).map(|value| clock.moment(value)).transpose()
    }

    /// Refuses a name that nobody reads: a slip in a script must not pass for a default.
    pub(crate) fn allow(&self, names: &[&str]) -> Result<()> {
        match self.0.keys().find(|name| !names.contains(&name.as_str())) {
            Some(name) => bail!("unknown field `{name}`; known: {}", names.join(", ")),
            None => Ok(()),
        }
    }
}

/// How a script writes moments: on the wall clock of one zone.
#[derive(Debug, Clone)]
pub(crate) struct LocalClock {
    pub(crate) zone: TimeZone,
    pub(crate) today: Date,
}

impl LocalClock {
    /// `2026-08-03T08:00`, `2026-08-03 08:00:30` or `08:30` of today.
    pub(crate) fn moment(&self, text: &str) -> Result<Timestamp> {
        let text = text.trim();
        let local: DateTime = if text.contains('-') {
            text.replacen(' ', "T", 1).parse().with_context(|| format!("`{text}` is no moment"))?
        } else {
            let time: Time = text.parse().with_context(|| format!("`{text}` is no time"))?;
            self.today.to_datetime(time)
        };
        Ok(local.to_zoned(self.zone.clone())?.timestamp())
    }
}

/// `90s`, `10m`, `12h`, `3d`.
pub(crate) fn span(text: &str) -> Result<SignedDuration> {
    let unit = text.chars().next_back().context("a span has a unit")?;
    let number: i64 = text[..text.len() - unit.len_utf8()]
        .parse()
        .with_context(|| format!("`{text}` is no span like 90s, 10m, 12h or 3d"))?;
    Ok(match unit {
        's' => SignedDuration::from_secs(number),
        'm' => SignedDuration::from_mins(number),
        'h' => SignedDuration::from_hours(number),
        'd' => SignedDuration::from_hours(24 * number),
        _ => bail!("`{text}` has no unit of s, m, h, d"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_spans() {
        assert_eq!(words(r#"a name="x y" b="""#), ["a", "name=x y", "b="]);
        assert_eq!(span("3d").unwrap(), SignedDuration::from_hours(72));
        assert!(span("3w").is_err());
        let fields = Fields::read(&words("a=1 b=x")).unwrap();
        assert!(fields.allow(&["a"]).is_err());
    }
}
