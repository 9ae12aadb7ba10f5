//! The compiled rules of all services.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::DateTime;
use model::dossier::code_key;
use model::{Interpretation, Service, ServiceId};
use rustc_hash::FxHashMap;

use crate::args::{Arg, Context, Read, Value};
use crate::clean::{Cleaned, clean};
use crate::compile::{self, Compiled};
use crate::explain::Explanation;
use crate::grammar::Grammar;
use crate::interpret::Reader;
use crate::local_time::LocalTime;
use crate::parse::Trace;
use crate::report::Report;
use crate::word_map::WordMap;

/// The packs that come with the program.
const BUILTIN: [(&str, &str); 4] = [
    ("hue-xnc.toml", include_str!("../../../deploy/services/hue-xnc.toml")),
    ("tttb.toml", include_str!("../../../deploy/services/tttb.toml")),
    ("danang.toml", include_str!("../../../deploy/services/danang.toml")),
    ("trutnov.toml", include_str!("../../../deploy/services/trutnov.toml")),
];

/// A keyword of another service on the same platform.
#[derive(Debug, Clone)]
pub(crate) struct Foreign {
    pub(crate) service: usize,
    /// As its file spells it.
    pub(crate) keyword: Arc<str>,
    /// The number to write to.
    pub(crate) number: Arc<str>,
}

/// Services whose citizens mix their numbers up.
#[derive(Debug, Default)]
pub(crate) struct Platform {
    pub(crate) keywords: WordMap<Vec<Foreign>>,
}

/// The compiled rules: read once, asked for each message. A message costs the same with ten rules as with a
/// hundred thousand.
#[derive(Debug, Default)]
pub struct Rules {
    services: Vec<Arc<Service>>,
    grammars: Vec<Grammar>,
    platforms: Vec<Platform>,
    by_id: FxHashMap<ServiceId, usize>,
    by_number: FxHashMap<String, usize>,
}

impl Rules {
    /// Reads services files, given as (name or path, text).
    ///
    /// # Errors
    /// The report with every error at its line and column; nothing is taken then.
    pub fn load<N: AsRef<str>, T: AsRef<str>>(files: &[(N, T)]) -> Result<Self, Report> {
        let (rules, report) = crate::check::load(files);
        if report.is_error() { Err(report) } else { Ok(rules) }
    }

    /// The packs that come with the program; `check` runs over them in this crate's tests.
    #[must_use]
    pub fn builtin() -> Self {
        let compiled = compile::files(&BUILTIN, &mut Report::default());
        Self::assemble(compiled.into_iter().map(|(_, _, compiled)| compiled))
    }

    /// Names and texts of the packs that come with the program.
    #[must_use]
    pub fn builtin_files() -> &'static [(&'static str, &'static str)] {
        &BUILTIN
    }

    pub(crate) fn assemble(compiled: impl IntoIterator<Item = Compiled>) -> Self {
        let mut rules = Self::default();
        let mut names: Vec<String> = Vec::new();
        for Compiled { service, mut grammar, platform, foreign } in compiled {
            let index = rules.services.len();
            grammar.platform = platform.map(|name| rules.platform(&mut names, name));
            if let Some(platform) = grammar.platform.and_then(|index| rules.platforms.get_mut(index)) {
                for (spelling, keyword) in foreign {
                    let number = service.numbers.first().map_or("", String::as_str).into();
                    let foreign = Foreign { service: index, keyword: keyword.into(), number };
                    platform.keywords.entry(&spelling).or_default().push(foreign);
                }
            }
            rules.by_id.insert(service.id, index);
            rules.by_number.extend(service.numbers.iter().map(|number| (number.clone(), index)));
            rules.services.push(Arc::new(service));
            rules.grammars.push(grammar);
        }
        rules
    }

    fn platform(&mut self, names: &mut Vec<String>, name: String) -> usize {
        if let Some(known) = names.iter().position(|known| *known == name) {
            return known;
        }
        names.push(name);
        self.platforms.push(Platform::default());
        names.len() - 1
    }

    /// All services.
    #[must_use]
    pub fn services(&self) -> &[Arc<Service>] {
        &self.services
    }

    /// A service by its name.
    #[must_use]
    pub fn service(&self, name: &str) -> Option<&Arc<Service>> {
        self.services.get(*self.by_id.get(name)?)
    }

    /// The service on a number: digits, with or without `+`.
    #[must_use]
    pub fn by_number(&self, to: &str) -> Option<&Arc<Service>> {
        self.services.get(self.place(to)?)
    }

    /// The place in [`Self::services`] of the one on a number: digits, with or without `+`.
    #[must_use]
    pub fn place(&self, to: &str) -> Option<usize> {
        self.by_number.get(to.strip_prefix('+').unwrap_or(to)).copied()
    }

    /// What a text to a number means at a moment; `None` where no service has the number.
    #[must_use]
    pub fn interpret(&self, to: &str, text: &str, now: Timestamp) -> Option<Interpretation> {
        self.interpret_at(self.place(to)?, text, now)
    }

    /// The same for the service at a place in [`Self::services`]; `None` where there is none.
    #[must_use]
    pub fn interpret_at(&self, place: usize, text: &str, now: Timestamp) -> Option<Interpretation> {
        self.services.get(place)?;
        let cleaned = self.clean(place, text);
        Some(self.read(place, &cleaned, now, &mut Trace::default()))
    }

    /// The same with the way that led there; `None` where no service has the number.
    #[must_use]
    pub fn explain(&self, to: &str, text: &str, now: Timestamp) -> Option<Explanation> {
        let service = self.place(to)?;
        let cleaned = self.clean(service, text);
        let mut trace = Trace { on: true, tried: Vec::new() };
        let interpretation = self.read(service, &cleaned, now, &mut trace);
        Some(Explanation::new(&self.grammars[service], &cleaned, trace, interpretation))
    }

    /// Whether a citizen can ask for a dossier of that code: a rule of the service reads it as it is printed.
    /// A service without such a rule is asked in other ways, and takes any code.
    #[must_use]
    pub fn reads_code(&self, service: ServiceId, code: &str) -> bool {
        let Some(index) = self.by_id.get(&service).copied() else { return false };
        let grammar = &self.grammars[index];
        let cleaned = self.clean(index, code);
        let context = Context {
            cleaned: &cleaned,
            words: &grammar.words,
            now: &LocalTime::fixed(DateTime::ZERO),
            horizon_days: grammar.horizon_days,
            args: &grammar.args,
            // What is printed has no slips.
            strict: true,
        };
        let reads = |arg: &Arg| match arg.read(&context, 0) {
            Read::Found(Value::Text(read), _) => code_key(&read) == code_key(code),
            Read::Found(Value::Word(read), _) => code_key(read) == code_key(code),
            _ => false,
        };
        let mut codes = grammar.dossier_codes().peekable();
        codes.peek().is_none() || codes.any(reads)
    }

    fn clean(&self, service: usize, text: &str) -> Cleaned {
        clean(text, &self.grammars[service].words, |number| self.by_number.contains_key(number))
    }

    fn read(&self, service: usize, cleaned: &Cleaned, now: Timestamp, trace: &mut Trace) -> Interpretation {
        let grammar = &self.grammars[service];
        let Service { id, zone, .. } = &*self.services[service];
        let now = &LocalTime::at(now, zone);
        let platform = grammar.platform.and_then(|index| self.platforms.get(index));
        Reader { service, id: *id, grammars: &self.grammars, platform, now }.read(cleaned, trace)
    }
}
