//! What each line of a script does.

use anyhow::{Context, Result, bail, ensure};
use codec::{CommandStatus, MessageState, Sm};
use model::account::CreatedVia;
use model::command::ClerkCommand;
use model::dossier::{DossierEvent, Status};
use model::queue::Sample;
use model::{Account, Address, Answer, CommandError, Dossier, Msisdn, Redacted, ServiceId, Subscriber};

use crate::handset::digits;
use crate::pattern;
use crate::script::{Body, Sms};
use crate::smsc::Mood;
use crate::stage::Stage;
use crate::text_fields::Fields;
use crate::world::{self, World};

impl Stage {
    /// Whether a line shows what a citizen must have received: it comes from a number of ours.
    pub(crate) fn is_expected(&self, sms: &Sms) -> bool {
        !sms.options.iter().any(|option| option == "forged")
            && self.world.rules().by_number(&digits(&sms.from)).is_some()
    }

    /// The next text of a handset is this one.
    pub(crate) fn expect(&mut self, sms: &Sms) -> Result<()> {
        self.world.settle()?;
        let received = self.world.handsets.read(&sms.to).context("no text came")?;
        ensure!(received.from == digits(&sms.from), "it came from {}: {}", received.from, received.text);
        let pieces = match &sms.body {
            Body::Text(text) => pattern::read(text),
            Body::Template(id) => {
                let services = self.world.rules().services();
                let found =
                    services.iter().flat_map(|service| service.templates.values()).find(|it| *it.id == **id);
                // Fields of an earlier text of the same template say nothing of this one.
                let pieces = found.with_context(|| format!("no template `{id}`"))?.pieces.clone();
                for piece in &pieces {
                    if let model::template::Piece::Field(name) = piece {
                        self.values.remove(name);
                    }
                }
                pieces
            }
        };
        let matched = pattern::matches(&pieces, &received.text, &mut self.values);
        ensure!(matched, "it says: {}", received.text);
        Ok(())
    }

    /// A citizen sends a text.
    pub(crate) fn send(&mut self, sms: &Sms) -> Result<()> {
        let Body::Text(text) = &sms.body else { bail!("a citizen sends a text, no template") };
        let text = pattern::fill(text, &self.values);
        let mut link = if digits(&sms.to).starts_with("420") { "cz" } else { "a" };
        let mut message = world::message(sender(&sms.from), receiver(&sms.to), &text);
        let mut options = sms.options.iter().map(String::as_str);
        while let Some(option) = options.next() {
            match option {
                "via" => link = options.next().context("via LINK")?,
                "forged" => {}
                "binary" => message.data_coding = 0x05,
                "part" => {
                    let numbers = options.next().context("part N/TOTAL ref R")?;
                    let reference = options.nth(1).context("part N/TOTAL ref R")?;
                    make_part(&mut message, numbers, reference)?;
                }
                _ => bail!("unknown option `{option}`"),
            }
        }
        self.world.deliver(link, message)?;
        if sms.together { Ok(()) } else { self.world.settle() }
    }

    /// Every line that is no text.
    pub(crate) fn words(&mut self, words: &[String]) -> Result<()> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["at", moment @ ..] => self.run_until(&moment.join(" ")),
            ["after", span] => self.run_for(span),
            ["restart"] => self.world.restart(),
            ["secrets", count] => {
                let kept = self.world.secrets();
                ensure!(kept == count.parse::<usize>()?, "{kept} are kept");
                Ok(())
            }
            ["clock", "jumps", span] => self.jump(span),
            ["clock", "confirmed"] => self.world.confirm_clock(),
            ["nothing", "for", number] => match self.world.handsets.read(number) {
                Some(received) => bail!("it received: {}", received.text),
                None => Ok(()),
            },
            ["link", name, "down"] => self.world.cut(name),
            ["link", name, "up"] => self.world.connect(name),
            ["cut", name, "before", "the", "acknowledgement"] => {
                self.world.link(name)?.cut_at_response = true;
                Ok(())
            }
            ["redeliver", "over", name] => self.redeliver(name),
            ["smsc", group, rest @ ..] => self.smsc(group, rest),
            ["receipt", rest @ ..] => self.receipt(rest),
            ["acknowledged", "with", status, "over", name] => self.acknowledged(status, name),
            ["remember", name, value] => {
                self.values.insert((*name).to_owned(), (*value).to_owned());
                Ok(())
            }
            _ => self.clerk(&words),
        }
    }

    /// Hands over again, oldest first, what the SMSC has no acknowledgement for.
    fn redeliver(&mut self, name: &str) -> Result<()> {
        let group = self.world.link(name)?.group.clone();
        let again: Vec<Sm> = self
            .world
            .links
            .iter_mut()
            .filter(|link| link.group == group)
            .flat_map(|link| std::mem::take(&mut link.unacknowledged))
            .collect();
        ensure!(!again.is_empty(), "everything was acknowledged");
        for message in again {
            self.world.deliver(name, message)?;
        }
        self.world.settle()
    }

    fn acknowledged(&mut self, status: &str, name: &str) -> Result<()> {
        let status = CommandStatus(number(status)?);
        let last = self.world.link(name)?.responses.last().copied();
        ensure!(last == Some(status), "the last response was {last:?}");
        Ok(())
    }

    fn smsc(&mut self, group: &str, words: &[&str]) -> Result<()> {
        let smsc = self.world.smscs.get_mut(group).with_context(|| format!("no SMSC `{group}`"))?;
        match words {
            ["accepts"] => smsc.mood = Mood::Accept,
            ["is", "silent"] => smsc.mood = Mood::Silent,
            ["holds", "responses"] => smsc.mood = Mood::Hold,
            ["names", "ids", "in", "hexadecimal"] => smsc.hexadecimal = true,
            ["answers", status, times, "times"] => {
                let status = CommandStatus(number(status)?);
                smsc.statuses.extend(std::iter::repeat_n(status, times.parse()?));
            }
            ["releases"] => {
                smsc.mood = Mood::Accept;
                self.world
                    .links
                    .iter_mut()
                    .filter(|link| link.group == group)
                    .for_each(crate::link::Link::release);
                return self.world.settle();
            }
            ["was", "asked", "for", count, "receipts"] => {
                let count: usize = count.parse()?;
                ensure!(smsc.receipts.len() == count, "it was asked for {}", smsc.receipts.len());
            }
            _ => bail!("unknown mood of an SMSC"),
        }
        Ok(())
    }

    /// `receipt DELIVRD for 1 over b`: of the first message that asked for one; `for id 77` of any id.
    fn receipt(&mut self, words: &[&str]) -> Result<()> {
        let (stat, id, place, name) = match words {
            [stat, "for", "id", id, "over", name] => (stat, Some(*id), 0, name),
            [stat, "for", place, "over", name] => (stat, None, place.parse::<usize>()?, name),
            _ => bail!("receipt STATE for N over LINK"),
        };
        let state = MessageState::from_stat(stat).with_context(|| format!("no state `{stat}`"))?;
        let group = self.world.link(name)?.group.clone();
        let smsc = self.world.smscs.get(&group).context("the group has an SMSC")?;
        let asked = smsc.receipts.get(place.saturating_sub(1));
        let (id, to, from) = match (id, asked) {
            (Some(id), _) => (id.to_owned(), Address::new(0, 1, "8383"), Address::new(1, 1, "84905999999")),
            (None, Some((id, sm))) => (id.to_string(), sm.source.clone(), sm.destination.clone()),
            (None, None) => bail!("only {} messages asked for a receipt", smsc.receipts.len()),
        };
        let text = format!(
            "id:{id} sub:001 dlvrd:001 submit date:2608031000 done date:2608031001 stat:{} err:000 text:",
            state.stat()
        );
        let receipt = Sm { esm_class: codec::esm_class::SMSC_RECEIPT, ..world::message(from, to, &text) };
        self.world.deliver(name, receipt)?;
        self.world.settle()
    }

    /// A clerk's or a feed's line; after `=>` stands the answer that must come, `done` where nothing stands.
    fn clerk(&mut self, words: &[&str]) -> Result<()> {
        let arrow = words.iter().position(|word| *word == "=>");
        let (words, expected) = match arrow {
            Some(at) => (&words[..at], words[at + 1..].join(" ")),
            None => (words, "done".to_owned()),
        };
        let command = self.command(words)?;
        let answer = word_of(&self.world.command(command)?);
        ensure!(answer.starts_with(&expected), "the answer is: {answer}");
        Ok(())
    }

    fn command(&self, words: &[&str]) -> Result<ClerkCommand> {
        Ok(match words {
            ["dossier", service, code, rest @ ..] => {
                let fields = Fields::read(&owned(rest))?;
                ClerkCommand::PutDossier {
                    service: id(service),
                    dossier: Box::new(self.dossier(code, &fields)?),
                    expected_version: None,
                }
            }
            ["event", service, code, name, rest @ ..] => {
                let fields = Fields::read(&owned(rest))?;
                ClerkCommand::DossierEvent {
                    service: id(service),
                    code: (*code).to_owned(),
                    event: event(name, &fields)?,
                    at: fields.moment("at", &self.clock)?,
                }
            }
            ["queue", service, queue, rest @ ..] => {
                let fields = Fields::read(&owned(rest))?;
                ClerkCommand::QueueSample {
                    service: id(service),
                    queue: (*queue).to_owned(),
                    sample: self.sample(&fields)?,
                }
            }
            ["subscriber", msisdn, rest @ ..] => {
                let fields = Fields::read(&owned(rest))?;
                ClerkCommand::PutSubscriber(Box::new(subscriber(msisdn, &fields)?))
            }
            ["no", "subscriber", msisdn] => ClerkCommand::DeleteSubscriber(Msisdn::new(msisdn)?),
            ["closed", service, date] => {
                ClerkCommand::PutDay { service: id(service), date: date.parse()?, spans: Some(Vec::new()) }
            }
            ["capacity", service, activity, counters] => ClerkCommand::PutCapacity {
                service: id(service),
                activity: (*activity).to_owned(),
                counters: counters.parse()?,
            },
            _ => return self.account_command(words),
        })
    }

    fn account_command(&self, words: &[&str]) -> Result<ClerkCommand> {
        Ok(match words {
            ["import", service, id_number, rest @ ..] => {
                let fields = Fields::read(&owned(rest))?;
                fields.allow(&["name", "born", "phone"])?;
                ClerkCommand::ImportAccount {
                    service: id(service),
                    id_number: (*id_number).into(),
                    full_name: Redacted(fields.text("name")),
                    birth_date: Redacted(fields.date("born")?.context("born=DATE")?),
                    phone: fields.get("phone").map(Into::into),
                    created_via: CreatedVia::Import,
                }
            }
            ["login", service, id_number, password] => {
                let (matched, version) = self.compared(service, id_number, password)?;
                ClerkCommand::LogIn { service: id(service), id_number: (*id_number).into(), matched, version }
            }
            ["password", service, id_number, old, new] => {
                let (matched, version) = self.compared(service, id_number, old)?;
                ClerkCommand::ChangePassword {
                    service: id(service),
                    id_number: (*id_number).into(),
                    matched,
                    version,
                    hash: Redacted(world::hash(new)),
                }
            }
            ["free", "phone", service, msisdn] => {
                ClerkCommand::FreePhone { service: id(service), msisdn: Msisdn::new(msisdn)? }
            }
            _ => bail!("no such line"),
        })
    }

    fn compared(&self, service: &str, id_number: &str, password: &str) -> Result<(bool, u64)> {
        let account: Option<Account> = self.world.account(id(service), id_number)?;
        Ok(account.map_or((false, 0), |account| (World::matches(&account, password), account.version)))
    }

    fn dossier(&self, code: &str, fields: &Fields) -> Result<Dossier> {
        const KNOWN: [&str; 13] = [
            "accepted",
            "paid",
            "fee",
            "due",
            "new_due",
            "status",
            "status_at",
            "note",
            "ready",
            "picked_up",
            "withdrawn",
            "unit",
            "kind",
        ];
        fields.allow(&KNOWN)?;
        let status = match fields.number::<u8>("status")? {
            Some(code) => Status::from_code(code).context("status is 1 to 10")?,
            None => Status::default(),
        };
        Ok(Dossier {
            code: code.to_owned(),
            kind: fields.text("kind"),
            unit: fields.text("unit"),
            accepted_at: fields.moment("accepted", &self.clock)?,
            fee_paid_at: fields.moment("paid", &self.clock)?,
            fee_amount: fields.number("fee")?,
            due_on: fields.date("due")?,
            new_due_on: fields.date("new_due")?,
            status,
            status_at: fields.moment("status_at", &self.clock)?,
            note: fields.text("note"),
            ready_at: fields.moment("ready", &self.clock)?,
            picked_up_at: fields.moment("picked_up", &self.clock)?,
            withdrawn_at: fields.moment("withdrawn", &self.clock)?,
            ..Dossier::default()
        })
    }

    fn sample(&self, fields: &Fields) -> Result<Sample> {
        fields.allow(&["waiting", "counters", "service_s", "minutes", "at", "seq"])?;
        Ok(Sample {
            waiting: fields.number("waiting")?.context("waiting=N")?,
            open_counters: fields.number("counters")?,
            mean_service_s: fields.number("service_s")?.unwrap_or_default(),
            est_minutes: fields.number("minutes")?,
            measured_at: fields.moment("at", &self.clock)?.context("at=TIME")?,
            sequence: fields.number("seq")?.context("seq=N")?,
            source: "script".to_owned(),
        })
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn id(service: &str) -> ServiceId {
    ServiceId::new(service)
}

fn event(name: &str, fields: &Fields) -> Result<DossierEvent> {
    fields.allow(&["at", "amount", "code", "note", "on"])?;
    let note = fields.text("note");
    Ok(match name {
        "accepted" => DossierEvent::Accepted,
        "paid" => DossierEvent::FeePaid { amount: fields.number("amount")? },
        "status" => DossierEvent::Status { code: fields.number("code")?.context("code=N")?, note },
        "due" => DossierEvent::Due { on: fields.date("on")?.context("on=DATE")? },
        "supplement" => DossierEvent::Supplement { note },
        "resumed" => DossierEvent::Resumed,
        "ready" => DossierEvent::Ready,
        "refused" => DossierEvent::Refused { note },
        "picked_up" => DossierEvent::PickedUp,
        "withdrawn" => DossierEvent::Withdrawn,
        _ => bail!("no event `{name}`"),
    })
}

fn subscriber(msisdn: &str, fields: &Fields) -> Result<Subscriber> {
    fields.allow(&["name", "born", "type", "number", "issued", "place", "organisation", "operator"])?;
    let some = |name: &str| fields.get(name).map(str::to_owned);
    Ok(Subscriber {
        msisdn: Msisdn::new(msisdn)?,
        operator: some("operator"),
        organisation: fields.get("organisation") == Some("yes"),
        full_name: Redacted(some("name")),
        birth_date: Redacted(fields.date("born")?),
        doc_type: some("type"),
        doc_number: Redacted(some("number")),
        doc_issued_on: fields.date("issued")?,
        doc_issued_by: some("place"),
        updated_at: None,
    })
}

/// The answer to a command in a word.
fn word_of(answer: &Result<Answer, CommandError>) -> String {
    match answer {
        Ok(Answer::Done { .. }) => "done".to_owned(),
        Ok(Answer::Ignored) => "ignored".to_owned(),
        Ok(Answer::LoggedIn { must_change: true }) => "ok, must change".to_owned(),
        Ok(Answer::LoggedIn { must_change: false }) => "ok".to_owned(),
        Ok(Answer::Imported { .. }) => "imported".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// A sender as an SMSC writes him: letters, a short code, or a full number.
fn sender(from: &str) -> Address {
    match from.strip_prefix('+') {
        Some(international) => Address::new(1, 1, international),
        None if from == "nobody" => Address::default(),
        None if from.bytes().any(|octet| octet.is_ascii_alphabetic()) => Address::new(5, 0, from),
        None => Address::new(0, 1, from),
    }
}

fn receiver(to: &str) -> Address {
    match to.strip_prefix('+') {
        Some(international) => Address::new(1, 1, international),
        None => Address::new(0, 1, to),
    }
}

/// Puts a user data header with an 8-bit reference before the text.
fn make_part(message: &mut Sm, numbers: &str, reference: &str) -> Result<()> {
    let (number, total) = numbers.split_once('/').context("part N/TOTAL ref R")?;
    let header = [5, 0, 3, reference.parse()?, total.parse()?, number.parse()?];
    message.short_message = [header.as_slice(), &message.short_message].concat().into();
    message.esm_class |= codec::esm_class::UDHI;
    Ok(())
}

/// `0x58` or `88`.
fn number(text: &str) -> Result<u32> {
    Ok(match text.strip_prefix("0x") {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16)?,
        None => text.parse()?,
    })
}
