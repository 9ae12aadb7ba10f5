//! One command at one place of the text: follow the keywords, then try the rules behind them.

use std::sync::Arc;

use model::{Command, ErrorKind};

use crate::args::fields::{self, Fields};
use crate::args::{Arg, Context, Miss, Read, Value};
use crate::clean::Cleaned;
use crate::command::{self, Values};
use crate::grammar::{Field, Grammar, Rule};
use crate::keywords::{Keywords, NodeId};
use crate::local_time::LocalTime;
use crate::word_map::WordMap;
use crate::words;

/// How often what a keyword asks for is looked for once more behind it; more often it is left over.
const REPEATS_MAX: u8 = 4;

/// What a rule made of the text, for `explain`.
#[derive(Debug)]
pub(crate) struct Tried {
    pub(crate) rule: usize,
    pub(crate) outcome: Result<Vec<(Field, String)>, Failure>,
}

/// Why a rule did not match.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    /// The argument that failed; none where words were left over.
    pub(crate) arg: Option<usize>,
}

/// Collects what was tried, where somebody wants to know.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    pub(crate) on: bool,
    pub(crate) tried: Vec<Tried>,
}

/// The reading of one place.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) rule: usize,
    /// Keywords that led to the rule.
    pub(crate) path: usize,
    /// The topmost keyword's node.
    pub(crate) root: NodeId,
    /// Where it is no command, for the reply.
    pub(crate) activity: Option<Arc<str>>,
    pub(crate) outcome: Outcome,
}

#[derive(Debug)]
pub(crate) enum Outcome {
    /// A command, how many of its arguments were written, and whether a name took words in.
    Command { command: Command, given: usize, took_words: bool },
    /// Well formed, but refused for what it says.
    Refused(ErrorKind),
    /// Two commands by one keyword.
    Multiple,
    /// Not well formed.
    Miss { kind: ErrorKind, depth: usize, claimed: bool, arg: Option<usize> },
}

impl Parsed {
    pub(crate) fn is_match(&self) -> bool {
        !matches!(self.outcome, Outcome::Miss { .. })
    }

    /// Whether it says what to do.
    pub(crate) fn is_command(&self) -> bool {
        matches!(self.outcome, Outcome::Command { .. })
    }

    /// Whether the keyword has arguments of its own behind it.
    pub(crate) fn has_arguments(&self) -> bool {
        match self.outcome {
            Outcome::Command { given, .. } => given > 0 || self.path > 1,
            Outcome::Refused(_) | Outcome::Multiple => true,
            Outcome::Miss { depth, claimed, .. } => depth > 0 || claimed,
        }
    }

    fn rank(&self) -> (usize, bool) {
        match self.outcome {
            Outcome::Miss { depth, claimed, .. } => (depth, claimed),
            _ => (usize::MAX, true),
        }
    }
}

/// Reads one service's commands in one text.
pub(crate) struct Parser<'a> {
    pub(crate) grammar: &'a Grammar,
    pub(crate) cleaned: &'a Cleaned,
    pub(crate) now: &'a LocalTime<'a>,
}

/// The place in the tree that a reading has reached.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    node: NodeId,
    root: NodeId,
    /// Keywords that led there.
    pub(crate) path: usize,
    at: usize,
    strict: bool,
}

impl Place {
    fn root(at: usize, strict: bool) -> Self {
        Self { node: 0, root: 0, path: 0, at, strict }
    }

    fn down(self, node: NodeId, at: usize) -> Self {
        let root = if self.path == 0 { node } else { self.root };
        Self { node, root, path: self.path + 1, at, strict: self.strict }
    }
}

impl<'a> Parser<'a> {
    /// The command that begins at `at`; none where no keyword stands there. `corrections` allows a slip.
    pub(crate) fn parse(&self, at: usize, corrections: bool, trace: &mut Trace) -> Option<Parsed> {
        self.read(self.follow(Place::root(at, !corrections)), trace)
    }

    /// The end of the keyword path at `at`, exact or joined.
    pub(crate) fn path_end(&self, at: usize) -> usize {
        self.follow(Place::root(at, true)).at
    }

    /// The keyword path at the head of the text, exact or joined.
    pub(crate) fn head(&self) -> Place {
        self.follow(Place::root(0, false))
    }

    /// The end of the keyword path at the head of the text, its first keyword perhaps with a slip, or of the
    /// first word where there is none.
    pub(crate) fn head_end(&self, head: Place) -> usize {
        if head.path > 0 {
            return head.at;
        }
        let start = words::skip_separators(self.text(), 0);
        let letters = words::letters_end(self.text(), start);
        match self.grammar.keywords.corrected(0, &self.text()[start..letters]) {
            Some(node) => self.follow(head.down(node, letters)).at,
            None => words::token_end(self.text(), start),
        }
    }

    /// Down the tree as far as keywords stand there, exact or joined.
    fn follow(&self, mut place: Place) -> Place {
        while let Some((child, end)) = self.keyword(place.node, place.at) {
            place = place.down(child, end);
        }
        place
    }

    fn text(&self) -> &'a str {
        &self.cleaned.text
    }

    fn keyword(&self, node: NodeId, at: usize) -> Option<(NodeId, usize)> {
        find_word(self.text(), at, self.grammar.keywords.children(node)?, |_, child| Some(child.node))
    }

    /// The command of a keyword path that goes no further.
    pub(crate) fn read(&self, place: Place, trace: &mut Trace) -> Option<Parsed> {
        let best = self.best_rule(place, trace);
        if best.as_ref().is_some_and(|best| best.is_match() || best.rank().0 > 0) {
            return best;
        }
        self.alternative(place, trace).or(best)
    }

    /// A slip in the keyword, or a keyword glued to what follows.
    fn alternative(&self, place: Place, trace: &mut Trace) -> Option<Parsed> {
        let start = words::skip_separators(self.text(), place.at);
        let end = words::letters_end(self.text(), start);
        let slip = words::one_digit_inside(self.text(), start)
            .and_then(|end| self.corrected(place, start, end, trace));
        if slip.is_some() || end == start {
            return slip;
        }
        let digits_follow = words::octet(self.text(), end).is_ascii_digit();
        let glued = self.glued(place, start, end, trace);
        let (first, second) = if digits_follow && glued.as_ref().is_some_and(Parsed::is_match) {
            (glued, None)
        } else {
            (self.corrected(place, start, end, trace), glued)
        };
        first.or(second)
    }

    fn corrected(&self, place: Place, start: usize, end: usize, trace: &mut Trace) -> Option<Parsed> {
        if place.strict {
            return None;
        }
        let node = self.grammar.keywords.corrected(place.node, &self.text()[start..end])?;
        let place = Place { strict: true, ..place.down(node, end) };
        self.read(self.follow(place), trace).filter(Parsed::is_match)
    }

    /// `XNCSTTXC`, `OBJZOP`: the longest keyword with a well-formed rest, or with a rest that was begun well.
    fn glued(&self, place: Place, start: usize, end: usize, trace: &mut Trace) -> Option<Parsed> {
        let keywords = self.grammar.keywords.children(place.node)?;
        let longest = keywords.longest().min(end - start);
        let digits_follow = words::octet(self.text(), end).is_ascii_digit();
        let mut begun = None;
        for length in (1..=longest).rev() {
            let Some(child) = keywords.get(&self.text()[start..start + length]) else { continue };
            let behind = self.follow(place.down(child.node, start + length));
            let Some(parsed) = self.read(behind, trace) else { continue };
            let correct = self.grammar.keywords.node(child.node).correct && child.correct;
            let (depth, claimed) = parsed.rank();
            if parsed.is_match() {
                if ate_nothing(&parsed) {
                    continue;
                }
                return Some(parsed);
            }
            let meant = if place.strict {
                claimed && digits_follow
            } else {
                claimed || self.is_template(&parsed, start + length)
            };
            if begun.is_none() && (depth > 0 || (meant && correct)) {
                begun = Some(parsed);
            }
        }
        begun
    }

    /// Whether nothing but labels stands at `at`, where the value should (`DVCMa bien nhan`).
    fn is_template(&self, parsed: &Parsed, at: usize) -> bool {
        let Outcome::Miss { arg: Some(arg), .. } = parsed.outcome else { return false };
        let (end, labelled) = self.grammar.args[arg].skip_labels(&self.context(true), at);
        labelled && end >= self.text().len()
    }

    /// Whether the whole text is a keyword alone, perhaps several times, or one with a template's words behind it.
    pub(crate) fn says_nothing(&self, parsed: &Parsed) -> bool {
        let (mut end, mut next) = (0, self.head_end(self.head()));
        while next > end {
            (end, next) = (next, self.path_end(next));
        }
        words::skip_separators(self.text(), end) >= self.text().len() || self.is_template(parsed, end)
    }

    fn context(&self, strict: bool) -> Context<'a> {
        Context {
            cleaned: self.cleaned,
            words: &self.grammar.words,
            now: self.now,
            horizon_days: self.grammar.horizon_days,
            args: &self.grammar.args,
            strict,
        }
    }

    /// Tries the rules whose keywords end here; the first match, else the miss that came furthest.
    fn best_rule(&self, place: Place, trace: &mut Trace) -> Option<Parsed> {
        let mut best: Option<Parsed> = None;
        for index in &self.grammar.keywords.node(place.node).rules {
            let parsed = self.try_rule(*index, place, REPEATS_MAX, trace);
            if parsed.is_match() {
                return Some(parsed);
            }
            // Without a keyword a text that misses is simply no command.
            if place.path > 0 && best.as_ref().is_none_or(|best| parsed.rank() > best.rank()) {
                best = Some(parsed);
            }
        }
        best
    }

    fn try_rule(&self, index: usize, place: Place, repeats: u8, trace: &mut Trace) -> Parsed {
        let rule = &self.grammar.rules[index];
        // Bare codes are never corrected.
        let context = self.context(place.strict || place.path == 0);
        let mut values = Values::default();
        let read = if rule.fields {
            self.read_fields(rule, &context, place.at, &mut values)
        } else {
            self.read_slots(rule, &context, place.at, &mut values)
        };
        // The command takes the texts out of the values.
        let shown = if trace.on { values.0.iter().map(show).collect() } else { Vec::new() };
        let outcome = match read {
            Err(outcome) => outcome,
            Ok((refused, end)) => self.settle(index, place, refused, end, &mut values, repeats),
        };
        let is_command = matches!(outcome, Outcome::Command { .. });
        let activity = if is_command { None } else { values.activity().cloned() };
        if trace.on {
            trace.tried.push(Tried { rule: index, outcome: tried(&outcome, shown) });
        }
        Parsed { rule: index, path: place.path, root: place.root, activity, outcome }
    }

    /// What one rule makes of the text behind its keywords, for checks.
    pub(crate) fn probe(&self, rule: usize, node: NodeId, trace: &mut Trace) -> Parsed {
        self.try_rule(rule, Place { node, root: node, path: 1, at: 0, strict: true }, 0, trace)
    }

    fn settle(
        &self,
        index: usize,
        place: Place,
        refused: Option<ErrorKind>,
        end: usize,
        values: &mut Values<'_>,
        repeats: u8,
    ) -> Outcome {
        let rule = &self.grammar.rules[index];
        let built = match refused {
            Some(kind) => Err(kind),
            None => command::build(rule, &self.grammar.args, values, self.now),
        };
        let left = words::skip_separators(self.text(), end);
        if left < self.text().len() {
            let second = match (repeats, rule.slots.is_empty()) {
                (0, _) => None,
                (_, false) => self.repeated(place, left, repeats - 1),
                (_, true) => self.said_again(left),
            };
            match (second, rule.extra) {
                (Some(Outcome::Command { command: second, .. }), _)
                    if built.as_ref().is_ok_and(|first| command::same(first, &second)) => {}
                (Some(_), _) => return Outcome::Multiple,
                (None, Some(kind)) => {
                    return Outcome::Miss { kind, depth: rule.slots.len(), claimed: false, arg: None };
                }
                (None, None) => {}
            }
        }
        match built {
            Ok(command) => {
                let took_words = rule.slots.iter().any(|slot| slot.field == Field::Name);
                Outcome::Command { command, given: values.given(), took_words }
            }
            Err(kind) => Outcome::Refused(kind),
        }
    }

    /// A second command by the same keyword in what is left over: `XNC 13557009 13557010`.
    fn repeated(&self, place: Place, left: usize, repeats: u8) -> Option<Outcome> {
        let place = Place { at: left, strict: true, ..place };
        let rules = self.grammar.keywords.node(place.node).rules.iter();
        rules
            .map(|index| self.try_rule(*index, place, repeats, &mut Trace::default()).outcome)
            .find(|outcome| matches!(outcome, Outcome::Command { given: 1.., .. } | Outcome::Multiple))
    }

    /// A command behind a fixed text: the same once more (`HELP HELP`), or another (`HD 13557009`).
    fn said_again(&self, left: usize) -> Option<Outcome> {
        let outcome = self.parse(left, false, &mut Trace::default())?.outcome;
        matches!(outcome, Outcome::Command { .. }).then_some(outcome)
    }

    fn read_slots(
        &self,
        rule: &Rule,
        context: &Context<'a>,
        at: usize,
        values: &mut Values<'a>,
    ) -> Result<SlotsRead, Outcome> {
        let (mut end, mut refused) = (at, None);
        for (depth, slot) in rule.slots.iter().enumerate() {
            let arg = &self.grammar.args[slot.arg];
            match arg.read(context, end) {
                Read::Found(value, stop) => {
                    values.0.push((slot.field, value));
                    end = stop;
                }
                Read::Refused(kind, stop) => {
                    refused = refused.or(Some(kind));
                    end = stop;
                }
                Read::Miss(miss) if slot.optional && !miss.claimed => {}
                Read::Miss(Miss { kind, claimed, .. }) => {
                    return Err(Outcome::Miss { kind, depth, claimed, arg: Some(slot.arg) });
                }
            }
        }
        Ok((refused, end))
    }

    fn read_fields(
        &self,
        rule: &Rule,
        context: &Context<'a>,
        at: usize,
        values: &mut Values<'a>,
    ) -> Result<SlotsRead, Outcome> {
        let mut args: Fields<&Arg> = Fields::new();
        for slot in &rule.slots {
            args.push(&self.grammar.args[slot.arg]);
        }
        match fields::read(&args, context, at, rule.blanks) {
            Ok(read) => {
                for (slot, value) in rule.slots.iter().zip(read) {
                    values.0.push((slot.field, value));
                }
                Ok((None, self.text().len()))
            }
            Err(miss) => {
                let depth = if miss.shaped { miss.arg + 1 } else { 0 };
                let arg = miss.shaped.then(|| rule.slots[miss.arg].arg);
                Err(Outcome::Miss { kind: miss.kind, depth, claimed: false, arg })
            }
        }
    }
}

fn show((field, value): &(Field, Value<'_>)) -> (Field, String) {
    (*field, crate::explain::show(value))
}

fn tried(outcome: &Outcome, shown: Vec<(Field, String)>) -> Result<Vec<(Field, String)>, Failure> {
    let failure = |kind, arg| Failure { kind, arg };
    match outcome {
        Outcome::Command { .. } => Ok(shown),
        Outcome::Refused(kind) => Err(failure(*kind, None)),
        Outcome::Multiple => Err(failure(ErrorKind::MultipleCommands, None)),
        Outcome::Miss { kind, arg, .. } => Err(failure(*kind, *arg)),
    }
}

/// A glued keyword whose command took nothing of the rest is no keyword (`TTTBLA`).
fn ate_nothing(parsed: &Parsed) -> bool {
    matches!(parsed.outcome, Outcome::Command { given: 0, .. }) && parsed.path < 2
}

/// Why the values are refused, if they are, and where they end.
type SlotsRead = (Option<ErrorKind>, usize);

/// What the known word at `at` stands for, if that is wanted: a run of letters, or separate letters and syllables
/// joined.
pub(crate) fn find_word<'a, T, W>(
    text: &str,
    at: usize,
    known: &'a WordMap<T>,
    wanted: impl Fn(&str, &'a T) -> Option<W>,
) -> Option<(W, usize)> {
    let start = words::skip_separators(text, at);
    known_word(text, start, words::letters_end(text, start), known, wanted)
}

/// The same where the letters `start..end` stand.
pub(crate) fn known_word<'a, T, W>(
    text: &str,
    start: usize,
    end: usize,
    known: &'a WordMap<T>,
    wanted: impl Fn(&str, &'a T) -> Option<W>,
) -> Option<(W, usize)> {
    let word = &text[start..end];
    if word.is_empty() || word.len() > known.longest() {
        return None;
    }
    if let Some(found) = known.get(word).and_then(|value| wanted(word, value)) {
        return Some((found, end));
    }
    if known.may_go_on(word) { join_letters(text, (start, end), known, wanted) } else { None }
}

/// The longest known word that separate letters and syllables on one line make.
fn join_letters<'a, T, W>(
    text: &str,
    (start, mut end): (usize, usize),
    known: &'a WordMap<T>,
    wanted: impl Fn(&str, &'a T) -> Option<W>,
) -> Option<(W, usize)> {
    let mut joined = String::new();
    let mut found = None;
    loop {
        let next = words::skip_separators(text, end);
        let stop = words::letters_end(text, next);
        let length = if joined.is_empty() { end - start } else { joined.len() };
        if stop == next || length + stop - next > known.longest() || text[end..next].contains('\n') {
            return found;
        }
        if joined.is_empty() {
            joined.push_str(&text[start..end]);
        }
        joined.push_str(&text[next..stop]);
        end = stop;
        if Keywords::may_join(joined.len())
            && let Some(value) = known.get(&joined).and_then(|value| wanted(&joined, value))
        {
            found = Some((value, end));
        }
    }
}
