//! The rows of a file, each as the fields that it has.

use axum::http::{HeaderMap, header};
use csv::{ByteRecord, ErrorKind, ReaderBuilder, StringRecord, Trim};
use serde_json::{Map, Value};

use crate::json::Fields;
use crate::problem::{Kind, Problem};

/// What a file may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// A JSON object a line.
    JsonLines,
    /// RFC 4180, with a line of names; separated by commas, or by semicolons as spreadsheets of many countries do.
    Csv,
}

impl Format {
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = content_type.and_then(|value| value.split(';').next()).unwrap_or("").trim();
        match media_type.to_ascii_lowercase().as_str() {
            "application/x-ndjson" => Ok(Self::JsonLines),
            "text/csv" => Ok(Self::Csv),
            _ => Err(Problem::new(Kind::NoJson, "set Content-Type: application/x-ndjson or text/csv")),
        }
    }
}

/// A row, and its line in the file, from 1.
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) fields: Result<Fields, Problem>,
}

/// The rows of a file; a problem where not even the names of its columns can be read.
pub(super) fn rows(
    format: Format,
    file: &[u8],
) -> Result<Box<dyn Iterator<Item = Row> + Send + '_>, Problem> {
    // Spreadsheets begin a file with a byte order mark.
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    match format {
        Format::JsonLines => Ok(Box::new(json_lines(file))),
        Format::Csv => Ok(Box::new(csv_rows(file)?)),
    }
}

fn json_lines(file: &[u8]) -> impl Iterator<Item = Row> + Send + '_ {
    let lines = (1..).zip(file.split(|octet| *octet == b'\n'));
    let written = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
    written.map(|(line, octets)| Row { line, fields: Fields::parse(octets) })
}

fn csv_rows(file: &[u8]) -> Result<impl Iterator<Item = Row> + Send + '_, Problem> {
    let first = file.split(|octet| *octet == b'\n').next().unwrap_or_default();
    let delimiter = if first.contains(&b';') && !first.contains(&b',') { b';' } else { b',' };
    let mut reader = ReaderBuilder::new().delimiter(delimiter).trim(Trim::All).from_reader(file);
    let names = reader.headers().cloned().map_err(|error| malformed(&error))?;
    if let Some(twice) = (1..names.len()).find(|at| names.iter().take(*at).any(|name| name == &names[*at])) {
        return Err(Problem::field(format!("/{}", &names[twice]), "is the name of two columns"));
    }
    let mut last = 1;
    Ok(reader.into_byte_records().map(move |record| match record {
        Ok(record) => {
            last = record.position().map_or(last, csv::Position::line);
            Row { line: last, fields: fields_of(&names, &record) }
        }
        Err(error) => {
            last = error.position().map_or(last, csv::Position::line);
            Row { line: last, fields: Err(malformed(&error)) }
        }
    }))
}

/// The fields of a row; an empty one is absent.
fn fields_of(names: &StringRecord, record: &ByteRecord) -> Result<Fields, Problem> {
    let mut fields = Map::new();
    for (name, value) in names.iter().zip(record) {
        let value = std::str::from_utf8(value)
            .map_err(|_| Problem::field(format!("/{name}"), "is no UTF-8: save the file as CSV UTF-8"))?;
        // The one number that a dossier has.
        let number = value.parse().ok().filter(|_: &u64| name == "fee_amount");
        if !value.is_empty() {
            fields.insert(name.to_owned(), number.map_or_else(|| value.into(), Value::from));
        }
    }
    Fields::of(String::new(), Value::Object(fields))
}

fn malformed(error: &csv::Error) -> Problem {
    let reason = match error.kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("has {len} columns, and the first line has {expected_len}")
        }
        ErrorKind::Utf8 { .. } => "is no UTF-8: save the file as CSV UTF-8".to_owned(),
        _ => "is no CSV".to_owned(),
    };
    Problem::new(Kind::MalformedJson, reason)
}
