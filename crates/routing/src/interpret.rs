//! A whole message: how many commands it holds, whether they are this number's, and what it means.

use model::{Command, ErrorKind, Interpretation, Rejection, ServiceId};

use crate::clean::Cleaned;
use crate::command;
use crate::grammar::Grammar;
use crate::local_time::LocalTime;
use crate::parse::{Outcome, Parsed, Parser, Place, Trace, find_word, known_word};
use crate::rules::{Foreign, Platform};
use crate::words;

/// Keywords of one message that are followed; two different ones are one too many already.
const KEYWORDS_MAX: usize = 16;

/// The surroundings of a reading.
pub(crate) struct Reader<'a> {
    pub(crate) service: usize,
    pub(crate) id: ServiceId,
    pub(crate) grammars: &'a [Grammar],
    pub(crate) platform: Option<&'a Platform>,
    pub(crate) now: &'a LocalTime<'a>,
}

/// One stretch of a message that begins with a keyword.
enum Segment {
    Own(Parsed),
    Foreign(Foreign),
    Unknown,
}

/// A keyword, and whether another number has it as well.
struct Found {
    service: usize,
    shared: bool,
}

/// Keywords behind the first one.
struct Hits {
    /// Where commands with arguments of their own begin.
    cuts: Vec<usize>,
    /// Another number's keyword stands alone somewhere.
    bare_foreign: bool,
    /// A keyword that only this number has stands alone somewhere.
    bare_own: bool,
}

impl<'a> Reader<'a> {
    pub(crate) fn read(&self, cleaned: &Cleaned, trace: &mut Trace) -> Interpretation {
        if words::skip_separators(&cleaned.text, 0) >= cleaned.text.len() {
            return self.reject(None, Rejection::new(ErrorKind::Empty));
        }
        let path = self.parser(self.service, cleaned).head();
        let head = self.segment(cleaned, path, trace);
        // Fields say where a name ends: keywords inside it are words of the name.
        if self.is_fields_match(cleaned, &head) {
            return self.meaning(head);
        }
        let hits = self.hits(cleaned, path);
        if !hits.cuts.is_empty() {
            trace.tried.clear();
            return self.read_segments(cleaned, &hits.cuts, trace);
        }
        match head {
            Segment::Own(parsed) if hits.bare_foreign && !took_words(&parsed) => {
                self.reject(Some(parsed.rule), Rejection::new(ErrorKind::MultipleCommands))
            }
            Segment::Foreign(_) if hits.bare_own => {
                self.reject(None, Rejection::new(ErrorKind::MultipleCommands))
            }
            segment => self.meaning(segment),
        }
    }

    /// Whether the whole text is one command of fields, of this number or of another.
    fn is_fields_match(&self, cleaned: &Cleaned, head: &Segment) -> bool {
        let is_fields = |service: usize, parsed: &Parsed| {
            parsed.is_command() && self.grammars[service].rules[parsed.rule].fields
        };
        match head {
            Segment::Own(parsed) => is_fields(self.service, parsed),
            Segment::Foreign(foreign) => {
                let parsed = self.parser(foreign.service, cleaned).parse(0, false, &mut Trace::default());
                parsed.is_some_and(|parsed| is_fields(foreign.service, &parsed))
            }
            Segment::Unknown => false,
        }
    }

    fn grammar(&self) -> &'a Grammar {
        &self.grammars[self.service]
    }

    fn parser<'b>(&self, service: usize, cleaned: &'b Cleaned) -> Parser<'b>
    where
        'a: 'b,
    {
        Parser { grammar: &self.grammars[service], cleaned, now: self.now }
    }

    fn foreign(&self, word: &str) -> Option<&'a Foreign> {
        self.other(self.platform?.keywords.get(word)?)
    }

    /// The first of a keyword's owners that is another number.
    fn other<'b>(&self, owners: &'b [Foreign]) -> Option<&'b Foreign> {
        owners.iter().find(|foreign| foreign.service != self.service)
    }

    /// Looks at each word once: a keyword with arguments of its own begins another command.
    fn hits(&self, cleaned: &Cleaned, head: Place) -> Hits {
        let text = &cleaned.text;
        let mut hits = Hits { cuts: Vec::new(), bare_foreign: false, bare_own: false };
        let mut at = self.parser(self.service, cleaned).head_end(head);
        let first = words::skip_separators(text, at);
        let mut followed = 0;
        let mut open = Vec::new();
        while at < text.len() && followed < KEYWORDS_MAX {
            let start = words::skip_separators(text, at);
            at = words::letters_end(text, start);
            if at == start {
                at = words::digits_end(text, start).max(start + 1);
                continue;
            }
            let glued = start > 0 && words::octet(text, start - 1).is_ascii_alphanumeric();
            if glued {
                continue;
            }
            let Some((Found { service, shared }, end)) = self.keyword_at(text, start, at) else {
                // Right behind one keyword nothing stands yet that is a whole command.
                let behind_keyword = start == first && head.path == 1;
                if !behind_keyword && self.is_slip_of_another(cleaned, start, at) {
                    followed += 1;
                    self.cut(cleaned, start, &mut hits.cuts, &mut open);
                }
                continue;
            };
            at = end;
            followed += 1;
            let parser = self.parser(service, cleaned);
            if parser.parse(start, false, &mut Trace::default()).is_some_and(|it| it.has_arguments()) {
                self.cut(cleaned, start, &mut hits.cuts, &mut open);
                at = parser.path_end(start);
                continue;
            }
            open.push((service, start));
            if service != self.service {
                hits.bare_foreign = true;
            } else {
                hits.bare_own |= !shared;
            }
        }
        hits
    }

    /// The keyword that begins with the letters `start..end`, this number's or another's, and where it ends.
    fn keyword_at(&self, text: &str, start: usize, end: usize) -> Option<(Found, usize)> {
        let service = self.service;
        let own = |word: &str, _| Some(Found { service, shared: self.foreign(word).is_some() });
        let foreign = |_: &str, owners: &Vec<Foreign>| {
            Some(Found { service: self.other(owners)?.service, shared: true })
        };
        let keywords = self.grammar().keywords.children(0);
        keywords
            .and_then(|keywords| known_word(text, start, end, keywords, own))
            .or_else(|| known_word(text, start, end, &self.platform?.keywords, foreign))
    }

    /// Another command begins at `start`. A keyword before it that made nothing of all the text behind it may
    /// have arguments of its own up to here.
    fn cut(&self, cleaned: &Cleaned, start: usize, cuts: &mut Vec<usize>, open: &mut Vec<(usize, usize)>) {
        let place = cuts.len();
        let mut end = start;
        while let Some((service, begin)) = open.pop() {
            let part = cleaned.part(begin..end);
            let parsed = self.parser(service, &part).parse(0, false, &mut Trace::default());
            if parsed.is_some_and(|it| it.has_arguments()) {
                cuts.insert(place, begin);
                end = begin;
            }
        }
        cuts.push(start);
    }

    /// Whether the word `start..end` is a keyword with a slip that begins another command: what stands before it
    /// is a whole command, and what stands behind it is well formed.
    fn is_slip_of_another(&self, cleaned: &Cleaned, start: usize, end: usize) -> bool {
        if self.grammar().keywords.corrected(0, &cleaned.text[start..end]).is_none() {
            return false;
        }
        let whole = |cleaned: &Cleaned, at: usize| {
            let parsed = self.parser(self.service, cleaned).parse(at, true, &mut Trace::default());
            parsed.is_some_and(|parsed| parsed.is_match() && parsed.has_arguments())
        };
        whole(cleaned, start) && whole(&cleaned.part(0..start), 0)
    }

    fn read_segments(&self, cleaned: &Cleaned, cuts: &[usize], trace: &mut Trace) -> Interpretation {
        let mut bounds = vec![0];
        bounds.extend_from_slice(cuts);
        bounds.push(cleaned.text.len());
        let mut parts = bounds.windows(2).map(|bound| cleaned.part(bound[0]..bound[1]));
        let Some(mut part) = parts.next() else {
            return self.reject(None, Rejection::new(ErrorKind::Empty));
        };
        let mut first = self.read_segment(&part, trace);
        if matches!(first, Segment::Unknown) {
            return self.meaning(first);
        }
        for next_part in parts {
            let next = self.read_segment(&next_part, trace);
            if same_keyword(&first, &next) && self.says_nothing(&part, &first) {
                (part, first) = (next_part, next);
            } else if !same(&first, &next) {
                return self.reject(None, Rejection::new(ErrorKind::MultipleCommands));
            }
        }
        self.meaning(first)
    }

    /// Whether a stretch is a keyword of this number and no more.
    fn says_nothing(&self, part: &Cleaned, segment: &Segment) -> bool {
        matches!(segment, Segment::Own(parsed)
            if !parsed.is_match() && self.parser(self.service, part).says_nothing(parsed))
    }

    fn read_segment(&self, cleaned: &Cleaned, trace: &mut Trace) -> Segment {
        self.segment(cleaned, self.parser(self.service, cleaned).head(), trace)
    }

    /// One stretch: a command of this number, a keyword of another, or neither.
    fn segment(&self, cleaned: &Cleaned, head: Place, trace: &mut Trace) -> Segment {
        if let Some(parsed) = self.parser(self.service, cleaned).read(head, trace) {
            return Segment::Own(parsed);
        }
        match self.foreign_head(cleaned) {
            Some(foreign) => Segment::Foreign(foreign),
            None => Segment::Unknown,
        }
    }

    /// Another number's keyword at the head: exact, joined, or glued to a well-formed rest; never corrected.
    fn foreign_head(&self, cleaned: &Cleaned) -> Option<Foreign> {
        let keywords = &self.platform?.keywords;
        let text = &cleaned.text;
        if let Some((foreign, _)) = find_word(text, 0, keywords, |_, owners| self.other(owners)) {
            return Some(foreign.clone());
        }
        let start = words::skip_separators(text, 0);
        let end = words::letters_end(text, start);
        let lengths = (1..=keywords.longest().min(end - start)).rev();
        let mut prefixes = lengths.filter_map(|length| self.foreign(&text[start..start + length]));
        prefixes
            .find(|foreign| {
                let parsed = self.parser(foreign.service, cleaned).parse(start, false, &mut Trace::default());
                parsed.is_some_and(|parsed| parsed.is_match())
            })
            .cloned()
    }

    fn meaning(&self, segment: Segment) -> Interpretation {
        match segment {
            Segment::Own(parsed) => self.own_meaning(parsed),
            Segment::Unknown => self.reject(None, Rejection::new(ErrorKind::UnknownKeyword)),
            Segment::Foreign(foreign) => {
                let mut rejection = Rejection::new(ErrorKind::WrongNumber);
                rejection.values = vec![("kw", foreign.keyword), ("num", foreign.number)];
                self.reject(None, rejection)
            }
        }
    }

    fn own_meaning(&self, parsed: Parsed) -> Interpretation {
        let grammar = self.grammar();
        let rule = &grammar.rules[parsed.rule];
        let (kind, arg) = match parsed.outcome {
            Outcome::Command { command, .. } => {
                return self.interpretation(Some(parsed.rule), Ok(command));
            }
            Outcome::Refused(kind) => (kind, None),
            Outcome::Multiple => (ErrorKind::MultipleCommands, None),
            Outcome::Miss { kind, arg, .. } => (kind, arg),
        };
        let mut rejection = Rejection::new(kind);
        rejection.command = Some(rule.command);
        if let Some(arg) = arg.and_then(|arg| grammar.args.get(arg)) {
            rejection.values.push(("field", arg.title.clone()));
        }
        if let Some(activity) = parsed.activity {
            rejection.values.push(("act", activity));
        }
        self.reject(Some(parsed.rule), rejection)
    }

    fn reject(&self, rule: Option<usize>, rejection: Rejection) -> Interpretation {
        self.interpretation(rule, Err(rejection))
    }

    fn interpretation(&self, rule: Option<usize>, result: Result<Command, Rejection>) -> Interpretation {
        let rule = rule.map(|rule| self.grammar().rules[rule].id);
        Interpretation { service: self.id, rule, result }
    }
}

fn took_words(parsed: &Parsed) -> bool {
    matches!(parsed.outcome, Outcome::Command { took_words: true, .. })
}

fn same_keyword(a: &Segment, b: &Segment) -> bool {
    matches!((a, b), (Segment::Own(a), Segment::Own(b)) if a.root == b.root)
}

/// Whether two stretches say the same.
fn same(a: &Segment, b: &Segment) -> bool {
    match (a, b) {
        (Segment::Own(a), Segment::Own(b)) => match (&a.outcome, &b.outcome) {
            (Outcome::Command { command: a, .. }, Outcome::Command { command: b, .. }) => command::same(a, b),
            _ => false,
        },
        (Segment::Foreign(a), Segment::Foreign(b)) => a.keyword == b.keyword,
        _ => false,
    }
}
