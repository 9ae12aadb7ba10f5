//! What is wrong with services files, each thing at its line and column.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use miette::{LabeledSpan, MietteDiagnostic, NamedSource, Severity as MietteSeverity};
use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file still does what it says.
    Warning,
    /// The file is not taken.
    Error,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Name or path of the file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Octets of the place.
    #[serde(skip)]
    pub span: Range<usize>,
}

/// All findings of a set of files.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// In the order of the files.
    pub diagnostics: Vec<Diagnostic>,
    /// How many services, rules, templates were read and tests were run.
    pub counts: Counts,
    pub(crate) sources: Vec<(Arc<str>, Arc<str>)>,
}

/// What was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Services.
    pub services: usize,
    /// Rules.
    pub rules: usize,
    /// Templates.
    pub templates: usize,
    /// Tests that passed.
    pub tests_passed: usize,
    /// Tests that failed.
    pub tests_failed: usize,
}

/// Process exit code for a services file that is not taken (`EX_CONFIG` of sysexits).
pub const EX_CONFIG: u8 = 78;

impl Report {
    pub(crate) fn add_source(&mut self, name: &str, text: &str) {
        self.sources.push((name.into(), text.into()));
    }

    pub(crate) fn error(&mut self, file: &str, span: Range<usize>, message: String, help: Option<String>) {
        self.push(Severity::Error, file, span, message, help);
    }

    pub(crate) fn warning(&mut self, file: &str, span: Range<usize>, message: String, help: Option<String>) {
        self.push(Severity::Warning, file, span, message, help);
    }

    fn push(
        &mut self,
        severity: Severity,
        file: &str,
        span: Range<usize>,
        message: String,
        help: Option<String>,
    ) {
        let text = self.source(file).unwrap_or("");
        let mut start = span.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let before = &text[..start];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |tail| tail.chars().count()) + 1;
        let file = file.to_owned();
        self.diagnostics.push(Diagnostic { severity, file, line, column, message, help, span });
    }

    fn source(&self, file: &str) -> Option<&str> {
        self.sources.iter().find(|(name, _)| &**name == file).map(|(_, text)| &**text)
    }

    /// Whether a file must not be taken.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// Findings of one severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|finding| finding.severity == severity).count()
    }

    /// 0, or 78 where a file must not be taken.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.is_error() { EX_CONFIG } else { 0 }
    }

    /// The findings with their source lines drawn, and the summary; in colour where asked.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let theme = if colour {
            miette::GraphicalTheme::unicode()
        } else {
            miette::GraphicalTheme::unicode_nocolor()
        };
        let handler = miette::GraphicalReportHandler::new_themed(theme).with_width(110);
        let mut out = String::new();
        for finding in &self.diagnostics {
            let report = self.miette(finding);
            if handler.render_report(&mut out, report.as_ref()).is_err() {
                out.push_str(&finding.message);
            }
        }
        out.push_str(&self.to_string());
        out
    }

    fn miette(&self, finding: &Diagnostic) -> miette::Report {
        let mut diagnostic = MietteDiagnostic::new(finding.message.clone());
        diagnostic.help.clone_from(&finding.help);
        diagnostic.severity = Some(match finding.severity {
            Severity::Warning => MietteSeverity::Warning,
            Severity::Error => MietteSeverity::Error,
        });
        diagnostic.labels = Some(vec![LabeledSpan::underline(finding.span.clone())]);
        let text = self.source(&finding.file).unwrap_or("").to_owned();
        miette::Report::new(diagnostic).with_source_code(NamedSource::new(&finding.file, text))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { services, rules, templates, tests_passed, tests_failed } = self.counts;
        writeln!(
            f,
            "{services} services, {rules} rules, {templates} templates, {} tests: {tests_passed} passed, \
             {tests_failed} failed; {} errors, {} warnings",
            tests_passed + tests_failed,
            self.count(Severity::Error),
            self.count(Severity::Warning),
        )
    }
}

impl std::error::Error for Report {}

impl Serialize for Report {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut out = serializer.serialize_struct("Report", 3)?;
        out.serialize_field("ok", &!self.is_error())?;
        out.serialize_field("counts", &self.counts)?;
        out.serialize_field("diagnostics", &self.diagnostics)?;
        out.end()
    }
}

/// `did you mean "…"?`, where one of the known names is near, and else the known names.
pub(crate) fn suggest<'a>(wrong: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(name) = near(wrong, known.clone()) {
        return Some(format!("did you mean \"{name}\"?"));
    }
    let names: Vec<&str> = known.take(12).collect();
    if names.is_empty() { None } else { Some(format!("known: {}", names.join(", "))) }
}

/// The known name that `wrong` is most likely a slip of.
pub(crate) fn near<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    /// Names that share less than this of their letters are no slip of each other.
    const NEAR: f64 = 0.7;
    let score = |name: &str| {
        let slip = if strsim::osa_distance(wrong, name) == 1 { 1.0 } else { 0.0 };
        strsim::jaro_winkler(wrong, name).max(slip)
    };
    let scored = known.map(|name| (score(name), name)).filter(|(score, _)| *score >= NEAR);
    scored.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}
