//! Plays a conversation and prints it with the state behind it.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use model::{Key, Msisdn, Record, ServiceId};

use crate::cmd::demo::script::{self, Conversation, Step};
use crate::cmd::demo::stage::Stage;
use crate::output;

/// Plays conversations and counts their replies.
pub(super) struct Player<'a> {
    stage: &'a Stage,
    captured: BTreeMap<String, String>,
    /// The reply that came and was not looked at yet.
    pending: Option<Option<String>>,
    replies: u32,
    wrong: u32,
}

impl<'a> Player<'a> {
    /// A player on `stage`.
    pub(super) fn new(stage: &'a Stage) -> Self {
        Self { stage, captured: BTreeMap::new(), pending: None, replies: 0, wrong: 0 }
    }

    /// Replies that were looked at.
    pub(super) fn replies(&self) -> u32 {
        self.replies
    }

    /// Replies that were not what their script expects.
    pub(super) fn wrong(&self) -> u32 {
        self.wrong
    }

    /// Plays one conversation.
    pub(super) async fn play(&mut self, conversation: &Conversation) -> anyhow::Result<()> {
        output::print_line(format_args!("\n== {}", conversation.title))?;
        for step in &conversation.steps {
            match step {
                Step::Remark(remark) => output::print_line(format_args!("   {remark}"))?,
                Step::Clerk(command) => {
                    self.stage.clerk((**command).clone()).await.context("a clerk's command")?
                }
                Step::Text { from, to, text } => self.text(from, to, text).await?,
                Step::Reply(expected) => self.reply(expected)?,
                Step::State(words) => output::print_line(format_args!("   [store] {}", self.state(words)?))?,
            }
        }
        Ok(())
    }

    async fn text(&mut self, from: &str, to: &str, text: &str) -> anyhow::Result<()> {
        let text = script::fill(text, &self.captured);
        output::print_line(format_args!("{from} -> {to}: {text}"))?;
        let reply = self.stage.text(from, to, &text).await?;
        if let Some(reply) = &reply {
            output::print_line(format_args!("{to} -> {from}: {}", *reply.text))?;
        }
        self.pending = Some(reply.map(|reply| reply.text.to_string()));
        Ok(())
    }

    fn reply(&mut self, expected: &str) -> anyhow::Result<()> {
        let Some(reply) = self.pending.take() else { bail!("a reply is expected where no text was sent") };
        let expected = script::fill(expected, &self.captured);
        self.replies += 1;
        if !reply.as_deref().is_some_and(|reply| script::matches(&expected, reply, &mut self.captured)) {
            self.wrong += 1;
            output::print_line(format_args!("   !! expected: {expected}"))?;
        }
        Ok(())
    }

    /// What the store holds, in words.
    fn state(&self, words: &[String]) -> anyhow::Result<String> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let key = match words[..] {
            ["dossier", service, code] => {
                Key::Dossier(ServiceId::new(service), model::dossier::code_key(code))
            }
            ["queue", service, queue] => Key::Queue(ServiceId::new(service), (*queue).into()),
            ["subscriber", number] => Key::Subscriber(Msisdn::new(number)?),
            ["account", service, id] => Key::Account(ServiceId::new(service), id.into()),
            ["day", service, date] => Key::SlotDay(ServiceId::new(service), date.parse()?),
            _ => bail!("no such state: {words:?}"),
        };
        let record = self.stage.record(&key)?;
        Ok(format!(
            "{}: {}",
            words.join(" "),
            record.map_or_else(|| "nothing".to_owned(), |it| describe(&it))
        ))
    }
}

fn describe(record: &Record) -> String {
    match record {
        Record::Dossier(dossier) => format!("status {:?}, version {}", dossier.status, dossier.version),
        Record::Subscriber(subscriber) => {
            let whose = if subscriber.organisation { "an organisation's" } else { "a person's" };
            format!("{whose}, document {}", subscriber.doc_type.as_deref().unwrap_or("none"))
        }
        Record::Account(account) => format!(
            "password {:?}, Argon2id hash {}, dies {}",
            account.password_origin,
            if account.password_hash.is_some() { "kept" } else { "absent" },
            account.password_expires_at.map_or_else(|| "never".to_owned(), |at| at.to_string()),
        ),
        Record::SlotDay(day) => {
            let taken: usize = day.taken.values().map(BTreeMap::len).sum();
            format!("{taken} slot(s) taken")
        }
        other => format!("{other:?}"),
    }
}
