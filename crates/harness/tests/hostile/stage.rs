//! A world to be attacked, and what its attackers see of it.

use std::sync::Arc;

use codec::{Sm, Tlv, Tlvs};
use harness::World;
use jiff::{SignedDuration, Timestamp};
use model::dossier::Status;
use model::{Address, Answer, ClerkCommand, CommandError, Dossier, ServiceId};
use routing::Rules;

/// The town's number.
pub(crate) const TRUTNOV: &str = "420739547765";

/// A Monday, nine o'clock in Prague and 14:00 in Viet Nam.
pub(crate) const MONDAY: &str = "2026-08-03T07:00:00Z";

/// A world and the texts that its citizens got.
pub(crate) struct Stage {
    pub(crate) world: World,
}

impl Stage {
    /// The four services at a moment.
    pub(crate) fn at(moment: &str) -> Self {
        Self::with(Rules::builtin(), moment)
    }

    /// Some services at a moment.
    pub(crate) fn with(rules: Rules, moment: &str) -> Self {
        let moment: Timestamp = moment.parse().unwrap();
        Self { world: World::start(Arc::new(rules), moment).unwrap() }
    }

    /// A citizen's text, and all that he received since he last looked.
    pub(crate) fn ask(&mut self, from: &str, to: &str, text: &str) -> Vec<String> {
        let link = if to == TRUTNOV { "cz" } else { "a" };
        self.world.deliver(link, message(from, to, text)).unwrap();
        self.world.settle().unwrap();
        self.read(from)
    }

    /// The one answer to a text.
    #[track_caller]
    pub(crate) fn answer(&mut self, from: &str, to: &str, text: &str) -> String {
        let mut texts = self.ask(from, to, text);
        assert_eq!(texts.len(), 1, "{text}: {texts:?}");
        texts.remove(0)
    }

    /// The one answer of the town.
    #[track_caller]
    pub(crate) fn town(&mut self, text: &str) -> String {
        self.answer("420602123456", TRUTNOV, text)
    }

    /// What a handset received since it was last looked at.
    pub(crate) fn read(&mut self, number: &str) -> Vec<String> {
        std::iter::from_fn(|| self.world.handsets.read(number)).map(|received| received.text).collect()
    }

    /// Lets time go by.
    pub(crate) fn after(&mut self, span: SignedDuration) {
        let later = self.world.wall().checked_add(span).unwrap();
        self.world.advance_to(later).unwrap();
    }

    /// Lets the clock run to a moment.
    pub(crate) fn until(&mut self, moment: &str) {
        self.world.advance_to(moment.parse().unwrap()).unwrap();
    }

    /// A clerk's command that must be taken.
    #[track_caller]
    pub(crate) fn clerk(&mut self, command: ClerkCommand) {
        self.world.command(command).unwrap().unwrap();
    }

    /// A dossier of Da Nang, with what a clerk writes about it.
    #[track_caller]
    pub(crate) fn dossier(&mut self, code: &str, status: Status, unit: &str, note: &str) {
        let dossier = Dossier {
            code: code.to_owned(),
            unit: unit.to_owned(),
            note: note.to_owned(),
            status,
            ..Dossier::default()
        };
        self.clerk(ClerkCommand::PutDossier {
            service: ServiceId::new("danang"),
            dossier: Box::new(dossier),
            expected_version: None,
        });
    }

    /// A dossier of Hue that is accepted, paid and under way.
    #[track_caller]
    pub(crate) fn hue(&mut self, code: &str) {
        let accepted = self.world.wall().checked_sub(SignedDuration::from_hours(48)).unwrap();
        let dossier = Dossier {
            code: code.to_owned(),
            accepted_at: Some(accepted),
            fee_paid_at: Some(accepted),
            status: Status::Processing,
            ..Dossier::default()
        };
        self.clerk(ClerkCommand::PutDossier {
            service: ServiceId::new("hue-xnc"),
            dossier: Box::new(dossier),
            expected_version: None,
        });
    }

    /// One try to log in at Da Nang.
    pub(crate) fn log_in(&mut self, id_number: &str, password: &str) -> Result<Answer, CommandError> {
        let service = ServiceId::new("danang");
        let account = self.world.account(service, id_number).unwrap();
        let (matched, version) =
            account.map_or((false, 0), |account| (World::matches(&account, password), account.version));
        let command = ClerkCommand::LogIn { service, id_number: id_number.into(), matched, version };
        self.world.command(command).unwrap()
    }
}

/// A deliver_sm with a text: septets where they suffice, else UCS-2; as message_payload where it is long.
fn message(from: &str, to: &str, text: &str) -> Sm {
    const MESSAGE_PAYLOAD: u16 = 0x0424;
    let (data_coding, octets) = match text::gsm7::encode(text) {
        Some(octets) => (0x00, octets),
        None => (0x08, text::ucs2::encode(text)),
    };
    let mut sm = Sm {
        source: Address::new(1, 1, from),
        destination: Address::new(u8::from(to.len() > 6), 1, to),
        data_coding,
        ..Sm::default()
    };
    if octets.len() > 254 {
        sm.tlvs = Tlvs::from_iter([Tlv { tag: MESSAGE_PAYLOAD, value: octets.into() }]);
    } else {
        sm.short_message = octets.into();
    }
    sm
}

/// The value of a text between two of its words.
pub(crate) fn between<'a>(text: &'a str, before: &str, behind: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no `{before}` in: {text}"));
    rest.split_once(behind).map_or(rest, |(value, _)| value)
}
