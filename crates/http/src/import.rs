//! Many dossiers at once: the file of a case system, as JSON lines or as CSV.
//!
//! A file is read twice. First the engine is asked about every row, and where one is wrong none is written. Then the
//! rows are written, some a turn, no faster than the disk bears beside citizens' messages. A row that says what is known
//! already is not written: a file whose import broke off is sent again as it is.

use std::collections::HashMap;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::{StatusCode, Uri};
use futures_util::future::join_all;
use model::dossier::code_key;
use model::{Answer, ClerkCommand, CommandError, Dossier, ImportEffect, ServiceId, SmolStr};
use serde_json::{Value, json};

use crate::App;
use crate::auth::Actor;
use crate::bulk::Pace;
use crate::commands::COMMANDS_WAITING_MAX;
use crate::dossiers::read_row;
use crate::parameter::Place;
use crate::problem::{Kind, Problem, WrongRow};

mod rows;

use rows::{Format, Row, rows};

/// Octets of a file, which is held in memory meanwhile: 100,000 dossiers as JSON.
pub(crate) const FILE_OCTETS_MAX: usize = 32 << 20;
/// Rows of a file.
const ROWS_MAX: usize = 200_000;
/// Rows that wait for the engine: half of all commands that may, so that no other caller is turned away.
const ROWS_AT_ONCE: usize = COMMANDS_WAITING_MAX / 2;
/// Wrong rows that are told; all are counted.
const WRONG_TOLD_MAX: usize = 100;
/// How long a file may take on its way.
const FILE_WAIT: Duration = Duration::from_secs(300);
/// Rows that are written in a second: some 8 MiB of journal and records, beside which citizens wait a few milliseconds
/// (docs/PERFORMANCE.md).
const ROWS_PER_S: u32 = 8_192;

/// `POST /dossiers/{service}`: takes a file; with `?preview` only says what would be done.
pub(crate) async fn import(
    State(app): State<App>,
    actor: Actor,
    Place(service): Place<String>,
    request: Request,
) -> Result<Json<Value>, Problem> {
    let service = app.service(&service)?.id;
    let is_preview = asks_for_preview(request.uri())?;
    let format = Format::of(request.headers())?;
    let _alone = app.imports.enter()?;
    let file = read_file(request, &app).await?;
    let import = Import { app: &app, actor: &actor.0, service, format, file: &file };
    let expected = import.preview().await?;
    if is_preview {
        return Ok(Json(expected.shape("preview")));
    }
    Ok(Json(import.write().await?.shape("imported")))
}

fn asks_for_preview(uri: &Uri) -> Result<bool, Problem> {
    match uri.query() {
        None => Ok(false),
        Some("preview") => Ok(true),
        Some(_) => Err(Problem::field("/preview", "nothing but `?preview` may stand behind the path")),
    }
}

async fn read_file(request: Request, app: &App) -> Result<Bytes, Problem> {
    tokio::time::timeout(FILE_WAIT, Bytes::from_request(request, app))
        .await
        .map_err(|_| Problem::new(Kind::BodyTimeout, "the file did not come within 300 s"))?
        .map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Problem::new(Kind::BodyTooLarge, "at most 32 MiB: send it in several files")
            }
            _ => Problem::new(Kind::MalformedJson, "the file broke off"),
        })
}

/// One file on its way.
struct Import<'a> {
    app: &'a App,
    actor: &'a str,
    service: ServiceId,
    format: Format,
    file: &'a [u8],
}

/// What was decided of the row in a line.
type Decided = (u64, Result<ImportEffect, Problem>);

/// What rows do, or did.
#[derive(Default)]
struct Tally {
    created: u64,
    changed: u64,
    unchanged: u64,
}

impl Tally {
    fn take(&mut self, decided: Vec<Decided>, wrong: &mut Wrong) {
        for (line, decided) in decided {
            match decided {
                Ok(ImportEffect::Created) => self.created += 1,
                Ok(ImportEffect::Changed) => self.changed += 1,
                Ok(ImportEffect::Unchanged) => self.unchanged += 1,
                Err(problem) => wrong.add(line, problem),
            }
        }
    }

    fn written(&self) -> u64 {
        self.created + self.changed
    }

    fn rows(&self) -> u64 {
        self.written() + self.unchanged
    }

    fn so_far(&self) -> String {
        format!("at least {} rows are taken: send the file again, they are not written twice", self.rows())
    }

    fn shape(&self, result: &str) -> Value {
        let Self { created, changed, unchanged } = self;
        json!({
            "result": result, "rows": self.rows(),
            "created": created, "changed": changed, "unchanged": unchanged,
        })
    }
}

impl Import<'_> {
    /// Asks the engine about every row; all that are wrong are told together.
    async fn preview(&self) -> Result<Tally, Problem> {
        let mut tally = Tally::default();
        let mut wrong = Wrong::default();
        let mut lines = HashMap::new();
        let mut rows = rows(self.format, self.file)?.peekable();
        while rows.peek().is_some() {
            let some = rows.by_ref().take(ROWS_AT_ONCE);
            let some = some.filter_map(|row| wrong.check(read_once(row, &mut lines))).collect();
            if lines.len() > ROWS_MAX {
                let detail = format!("at most {ROWS_MAX} rows: send it in several files");
                return Err(Problem::new(Kind::BodyTooLarge, detail));
            }
            tally.take(self.run(some, true).await?, &mut wrong);
        }
        wrong.none_or("nothing was written").map(|()| tally)
    }

    /// Writes all rows, as fast as the disk bears.
    async fn write(&self) -> Result<Tally, Problem> {
        let mut tally = Tally::default();
        let mut pace = Pace::of(ROWS_PER_S);
        let mut rows = rows(self.format, self.file)?.peekable();
        while rows.peek().is_some() {
            let some: Vec<_> = rows.by_ref().take(ROWS_AT_ONCE).filter_map(|row| read(row).ok()).collect();
            let count = some.len();
            let decided = self.run(some, false).await.map_err(|problem| problem.midway(&tally.so_far()))?;
            // They were right a moment ago: where one is not, the rules changed, or the clock did.
            let mut wrong = Wrong::default();
            let written = tally.written();
            tally.take(decided, &mut wrong);
            wrong.none_or(&tally.so_far())?;
            if tally.written() > written {
                pace.keep(count).await;
            }
        }
        Ok(tally)
    }

    /// Has some rows decided together; a row is refused by itself, and what concerns all of them ends the import.
    async fn run(&self, rows: Vec<(u64, Dossier)>, preview: bool) -> Result<Vec<Decided>, Problem> {
        let run = |(line, dossier)| async move {
            let (service, dossier) = (self.service, Box::new(dossier));
            let command = ClerkCommand::ImportDossier { service, dossier, preview };
            (line, self.app.run_patiently(self.actor, command).await)
        };
        let mut decided = Vec::with_capacity(rows.len());
        for (line, answer) in join_all(rows.into_iter().map(run)).await {
            decided.push((
                line,
                match answer? {
                    Ok(Answer::Imported { effect }) => Ok(effect),
                    Ok(_) => {
                        return Err(Problem::new(Kind::Internal, "the engine gave another command's answer"));
                    }
                    Err(error @ CommandError::Invalid { .. }) => Err(Problem::from(error)),
                    Err(error) => return Err(Problem::from(error)),
                },
            ));
        }
        Ok(decided)
    }
}

/// Reads a row.
fn read(Row { line, fields }: Row) -> Result<(u64, Dossier), WrongRow> {
    let dossier = fields.and_then(read_row).map_err(|problem| WrongRow { line, problem })?;
    Ok((line, dossier))
}

/// Reads a row whose code no row before it has.
fn read_once(row: Row, lines: &mut HashMap<SmolStr, u64>) -> Result<(u64, Dossier), WrongRow> {
    let (line, dossier) = read(row)?;
    match lines.insert(code_key(&dossier.code), line) {
        None => Ok((line, dossier)),
        Some(before) => {
            let problem = Problem::field("/code", format!("stands in line {before} as well"));
            Err(WrongRow { line, problem })
        }
    }
}

/// The wrong rows of a file: the first ones, and how many there are.
#[derive(Default)]
struct Wrong {
    told: Vec<WrongRow>,
    count: u64,
}

impl Wrong {
    fn check<T>(&mut self, row: Result<T, WrongRow>) -> Option<T> {
        row.map_err(|WrongRow { line, problem }| self.add(line, problem)).ok()
    }

    fn add(&mut self, line: u64, problem: Problem) {
        self.count += 1;
        if self.told.len() < WRONG_TOLD_MAX {
            self.told.push(WrongRow { line, problem });
        }
    }

    /// The problem that there are any.
    fn none_or(self, outcome: &str) -> Result<(), Problem> {
        let Self { mut told, count } = self;
        if told.is_empty() {
            return Ok(());
        }
        told.sort_by_key(|row| row.line);
        Err(Problem::rows(told, format!("{count} rows are wrong; {outcome}")))
    }
}
