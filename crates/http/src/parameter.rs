//! Parts of the path, read with a problem for each that is wrong.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use jiff::civil::Date;
use model::Msisdn;
use model::plan::NumberingPlan;
use serde::de::DeserializeOwned;

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
/// write from that one.
pub(crate) fn msisdn(digits: &str) -> Result<Msisdn, Problem> {
    let msisdn = Msisdn::new(digits).map_err(|error| Problem::field("/msisdn", error.to_string()))?;
    Ok(NumberingPlan::renumbered(msisdn))
}

/// A day as `yyyy-mm-dd`.
pub(crate) fn date(text: &str) -> Result<Date, Problem> {
    Date::from_str(text).map_err(|_| Problem::field("/date", "must be a day as yyyy-mm-dd"))
}
