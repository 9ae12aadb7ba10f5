//! Parts of the path, read with a problem for each that is wrong.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use jiff::civil::Date;
use model::Msisdn;
use model::plan::NumberingPlan;
use serde::de::DeserializeOwned;

use crate::json;
use crate::problem::{Kind, Problem};

/// [`Path`] whose rejection is a problem.
pub(crate) struct Place<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Place<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &S) -> Result<Self, Problem> {
        let Path(parts) = Path::from_request_parts(parts, app)
            .await
            .map_err(|_| Problem::new(Kind::NotFound, "the path cannot be read"))?;
        Ok(Self(parts))
    }
}

/// An E.164 number, with or without `+`; a retired form stands for the number that replaced it, since citizens
/// write from that one. A number of a known country that its plan does not have is a slip of the pen.
pub(crate) fn msisdn(digits: &str) -> Result<Msisdn, Problem> {
    let msisdn = Msisdn::new(digits).map_err(|error| Problem::field("/msisdn", error.to_string()))?;
    NumberingPlan::renumbered(msisdn)
        .ok_or_else(|| Problem::field("/msisdn", "is no citizen's number of its country"))
}

/// A day as `yyyy-mm-dd`.
pub(crate) fn date(text: &str) -> Result<Date, Problem> {
    json::read_day(text).ok_or_else(|| Problem::field("/date", json::NO_DAY))
}
