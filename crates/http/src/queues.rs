//! Samples of waiting lines, as a counter system measures them.

use axum::Json;
use axum::extract::State;
use model::queue::Sample;
use model::{Answer, ClerkCommand};

use crate::App;
use crate::auth::Actor;
use crate::json::Fields;
use crate::parameter::Place;
use crate::problem::Problem;

/// Characters of a source's name.
const SOURCE_CHARS_MAX: usize = 40;

/// `POST /queues/{service}/{queue}/samples`. A late, out-of-order sample is answered `ignored`.
pub(crate) async fn post_sample(
    State(app): State<App>,
    actor: Actor,
    Place((service, queue)): Place<(String, String)>,
    fields: Fields,
) -> Result<Json<Answer>, Problem> {
    let service = app.service(&service)?;
    if !service.queues.contains_key(&queue) {
        return Err(Problem::not_found("queue"));
    }
    let sample = read_sample(fields, &actor)?;
    let command = ClerkCommand::QueueSample { service: service.id, queue, sample };
    Ok(Json(app.answer(&actor.0, command).await?))
}

fn read_sample(mut fields: Fields, actor: &Actor) -> Result<Sample, Problem> {
    let sample = Sample {
        waiting: fields.required("waiting")?,
        open_counters: fields.optional("open_counters")?,
        mean_service_s: fields.optional("mean_service_s")?.unwrap_or_default(),
        est_minutes: fields.optional("est_minutes")?,
        measured_at: fields.required("measured_at")?,
        sequence: fields.required("sequence")?,
        source: fields.text("source", SOURCE_CHARS_MAX)?.unwrap_or_else(|| actor.0.to_string()),
    };
    fields.finish()?;
    Ok(sample)
}
