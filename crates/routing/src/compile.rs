//! From a services file to settings and grammar, with every error at its place.

mod arguments;
mod calendar;
mod form;
pub(crate) mod pattern;
pub(crate) mod rules;
pub(crate) mod settings;

use model::Service;
use toml::Spanned;

use crate::file::File;
use crate::grammar::Grammar;
use crate::report::Report;

/// One service, compiled.
pub(crate) struct Compiled {
    pub(crate) service: Service,
    pub(crate) grammar: Grammar,
    pub(crate) platform: Option<String>,
    /// Spelling and keyword, for the other numbers of the platform.
    pub(crate) foreign: Vec<(String, String)>,
}

/// The format's version.
const SCHEMA: u32 = 1;

/// Compiles all files; errors go to the report.
pub(crate) fn files<N: AsRef<str>, T: AsRef<str>>(
    files: &[(N, T)],
    report: &mut Report,
) -> Vec<(String, File, Compiled)> {
    let mut compiled = Vec::new();
    for (name, text) in files {
        let (name, text) = (name.as_ref(), text.as_ref());
        report.add_source(name, text);
        if let Some(file) = form::read(name, text, report) {
            let service = file_to_service(&file, name, report);
            compiled.push((name.to_owned(), file, service));
        }
    }
    compiled
}

fn file_to_service(file: &File, name: &str, report: &mut Report) -> Compiled {
    if *file.schema.get_ref() != SCHEMA {
        let message = format!("schema {} is not known", file.schema.get_ref());
        report.error(name, file.schema.span(), message, Some(format!("write schema = {SCHEMA}")));
    }
    let mut out = Out { name, report };
    let service = settings::service(file, &mut out);
    let (grammar, foreign) = rules::grammar(file, &service, &mut out);
    report.counts.services += 1;
    report.counts.rules += file.rule.len();
    report.counts.templates += file.template.len();
    Compiled { service, grammar, platform: file.service.platform.clone(), foreign }
}

/// Where findings of one file go.
pub(crate) struct Out<'a> {
    pub(crate) name: &'a str,
    pub(crate) report: &'a mut Report,
}

impl Out<'_> {
    pub(crate) fn error<T>(&mut self, at: &Spanned<T>, message: String, help: Option<String>) {
        self.report.error(self.name, at.span(), message, help);
    }

    /// The value, or an error with its reason at `at`.
    pub(crate) fn read<T, V, E: ToString>(
        &mut self,
        at: &Spanned<T>,
        read: Result<V, E>,
        help: &str,
    ) -> Option<V> {
        match read {
            Ok(value) => Some(value),
            Err(error) => {
                self.error(at, error.to_string(), Some(help.to_owned()));
                None
            }
        }
    }
}
