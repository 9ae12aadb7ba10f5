//! Strict JSON bodies: one object, no name twice at any depth, no unknown field, every mistake named by its
//! pointer.

use std::fmt;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use jiff::civil::{Date, Time};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::App;
use crate::problem::{Kind, Problem};

/// How long a body may take: 64 KiB over the slowest line of an office takes a few seconds.
const BODY_WAIT: Duration = Duration::from_secs(30);

/// The fields of an object, taken one by one; [`Fields::finish`] refuses what nobody took.
pub(crate) struct Fields {
    pointer: String,
    values: Map<String, Value>,
}

impl FromRequest<App> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        if !is_json(&request) {
            return Err(Problem::new(Kind::NoJson, "set Content-Type: application/json"));
        }
        let body = tokio::time::timeout(BODY_WAIT, Bytes::from_request(request, app))
            .await
            .map_err(|_| Problem::new(Kind::BodyTimeout, "the body did not come within 30 s"))?
            .map_err(|rejection| match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => Problem::new(Kind::BodyTooLarge, "at most 64 KiB"),
                _ => Problem::new(Kind::MalformedJson, "the body broke off"),
            })?;
        Self::parse(&body)
    }
}

fn is_json(request: &Request) -> bool {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|value| value.split(';').next()).unwrap_or("").trim();
    media_type.eq_ignore_ascii_case("application/json")
}

impl Fields {
    /// Reads a whole body. Depth is capped by `serde_json` (128), numbers beyond a double are refused there.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Problem> {
        let StrictValue(value) = serde_json::from_slice(body)
            .map_err(|error| Problem::new(Kind::MalformedJson, error.to_string()))?;
        Self::of(String::new(), value)
    }

    /// The fields of `value`, which stands at `pointer`.
    pub(crate) fn of(pointer: String, value: Value) -> Result<Self, Problem> {
        match value {
            Value::Object(values) => Ok(Self { pointer, values }),
            _ => Err(Problem::field(pointer, "must be an object")),
        }
    }

    /// A field that may be absent or null.
    pub(crate) fn optional<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, Problem> {
        match self.values.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match serde_json::from_value(value) {
                Ok(value) => Ok(Some(value)),
                Err(error) => Err(self.wrong(name, error.to_string())),
            },
        }
    }

    /// A field that must be there.
    pub(crate) fn required<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, Problem> {
        self.optional(name)?.ok_or_else(|| self.wrong(name, "is missing"))
    }

    /// A day that may be absent.
    pub(crate) fn day(&mut self, name: &str) -> Result<Option<Date>, Problem> {
        let Some(text) = self.optional::<String>(name)? else { return Ok(None) };
        read_day(&text).map(Some).ok_or_else(|| self.wrong(name, NO_DAY))
    }

    /// A day that must be there.
    pub(crate) fn required_day(&mut self, name: &str) -> Result<Date, Problem> {
        self.day(name)?.ok_or_else(|| self.wrong(name, "is missing"))
    }

    /// A time of the day, to the minute, that must be there.
    pub(crate) fn required_time(&mut self, name: &str) -> Result<Time, Problem> {
        let text: String = self.required(name)?;
        let time = text.parse::<Time>().ok().filter(|time| time.strftime("%H:%M").to_string() == text);
        time.ok_or_else(|| self.wrong(name, "must be a time as hh:mm"))
    }

    /// A text of at most `chars_max` characters that may be absent; control characters are refused.
    pub(crate) fn text(&mut self, name: &str, chars_max: usize) -> Result<Option<String>, Problem> {
        let Some(text) = self.optional::<String>(name)? else { return Ok(None) };
        if text.chars().count() > chars_max {
            return Err(self.wrong(name, format!("has more than {chars_max} characters")));
        }
        if text.chars().any(char::is_control) {
            return Err(self.wrong(name, "holds a control character"));
        }
        Ok(Some(text))
    }

    /// A text of 1 to `chars_max` characters.
    pub(crate) fn required_text(&mut self, name: &str, chars_max: usize) -> Result<String, Problem> {
        let text = self.text(name, chars_max)?.ok_or_else(|| self.wrong(name, "is missing"))?;
        if text.trim().is_empty() {
            return Err(self.wrong(name, "is empty"));
        }
        Ok(text)
    }

    /// The problem that the field `name` is wrong.
    pub(crate) fn wrong(&self, name: &str, reason: impl Into<String>) -> Problem {
        Problem::field(format!("{}/{name}", self.pointer), reason)
    }

    /// Refuses a field that nobody took.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        match self.values.keys().next() {
            Some(name) => {
                let name = name.replace('~', "~0").replace('/', "~1");
                Err(self.wrong(&name, "is no field of this request"))
            }
            None => Ok(()),
        }
    }
}

/// What is said of a text that is no day.
pub(crate) const NO_DAY: &str = "must be a day as yyyy-mm-dd";

/// A day as `yyyy-mm-dd` and nothing else: a moment with an offset may lie on another day of the office.
pub(crate) fn read_day(text: &str) -> Option<Date> {
    text.parse::<Date>().ok().filter(|day| day.to_string() == text)
}

/// Any JSON value whose objects name no field twice.
struct StrictValue(Value);

impl<'de> Deserialize<'de> for StrictValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(StrictValue(value)) = sequence.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some((name, StrictValue(value))) = map.next_entry::<String, StrictValue>()? {
            if values.insert(name, value).is_some() {
                return Err(A::Error::custom("a field stands twice"));
            }
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_bodies_are_malformed() {
        let deep = "[".repeat(200) + &"]".repeat(200);
        let hostile: [&[u8]; 8] = [
            b"",
            b"{\"a\":1}{\"b\":2}",
            b"{\"a\":1,\"a\":2}",
            b"{\"a\":{\"b\":1,\"b\":2}}",
            b"{\"a\":1e400}",
            b"{\"a\":\"\xff\"}",
            b"{\"a\":NaN}",
            deep.as_bytes(),
        ];
        for body in hostile {
            let problem = Fields::parse(body).err().expect("refused");
            assert_eq!(status(problem), StatusCode::BAD_REQUEST, "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn a_mistake_is_named_by_its_pointer() {
        let mut fields = Fields::parse(br#"{"n":"x","long":"abc","ctl":"a\u0007b","a/b":1}"#).ok().unwrap();
        let pointer = |problem: Problem| json(problem)["pointer"].as_str().unwrap().to_owned();
        assert_eq!(pointer(fields.required::<u32>("n").unwrap_err_problem()), "/n");
        assert_eq!(pointer(fields.required::<u32>("none").unwrap_err_problem()), "/none");
        assert_eq!(pointer(fields.text("long", 2).unwrap_err_problem()), "/long");
        assert_eq!(pointer(fields.text("ctl", 9).unwrap_err_problem()), "/ctl");
        assert_eq!(pointer(fields.finish().unwrap_err_problem()), "/a~1b");
    }

    trait UnwrapProblem {
        fn unwrap_err_problem(self) -> Problem;
    }

    impl<T> UnwrapProblem for Result<T, Problem> {
        fn unwrap_err_problem(self) -> Problem {
            self.err().expect("a problem")
        }
    }

    fn status(problem: Problem) -> StatusCode {
        axum::response::IntoResponse::into_response(problem).status()
    }

    fn json(problem: Problem) -> Value {
        let body = axum::response::IntoResponse::into_response(problem).into_body();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let octets = runtime.block_on(axum::body::to_bytes(body, 4096)).unwrap();
        serde_json::from_slice(&octets).unwrap()
    }
}
