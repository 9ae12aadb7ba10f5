//! The four services as their packs describe them.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::time;
use model::{Interpretation, Service, Span};
use routing::Rules;

static RULES: LazyLock<Rules> = LazyLock::new(Rules::builtin);

/// What a text means, as the packs read it.
pub(crate) fn interpret(to: &str, text: &str, now: Timestamp) -> Interpretation {
    RULES.interpret(to, text, now).expect("a service has the number")
}

fn pack(id: &str) -> Service {
    Service::clone(RULES.service(id).expect("the pack is compiled in"))
}

pub(crate) fn hue() -> Service {
    pack("hue-xnc")
}

pub(crate) fn tttb() -> Service {
    pack("tttb")
}

pub(crate) fn danang() -> Service {
    pack("danang")
}

pub(crate) fn trutnov() -> Service {
    pack("trutnov")
}

pub(crate) fn span(from: (i8, i8), to: (i8, i8)) -> Span {
    Span { from: time(from.0, from.1, 0, 0), to: time(to.0, to.1, 0, 0) }
}
