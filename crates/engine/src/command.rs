//! Commands of clerks and feeds enter the turn like messages do; their answers leave after the commit.

use model::journal::Entry;
use model::request::Request;
use model::{ClerkCommand, CommandError, Outcome, Service, ServiceId};

use crate::engine::Engine;
use crate::event::Effect;
use crate::fatal::Fatal;
use crate::turn::Turn;

impl Engine {
    /// Has a command decided and its answer sent after the commit.
    pub(crate) fn command(
        &mut self,
        slot: u64,
        actor: String,
        command: ClerkCommand,
        turn: &mut Turn,
    ) -> Result<(), Fatal> {
        let name = name(&command).to_owned();
        let is_preview = matches!(command, ClerkCommand::ImportDossier { preview: true, .. });
        let service = match service_of(&command) {
            Some(id) => self.rules.service(id.as_str()).cloned(),
            // A subscriber belongs to no service; any that looks subscribers up knows what they are.
            None => self.rules.services().iter().find(|service| service.subscribers.is_some()).cloned(),
        };
        let Some(service) = service else {
            let error = CommandError::NotFound { what: "service".to_owned() };
            turn.effect(Effect::Answer { slot, result: Err(error) });
            return Ok(());
        };
        let mut outcome = match self.unreadable_code(&command, &service) {
            Some(refusal) => refusal,
            None => self.decide(&Request::Command(command), &service, turn)?,
        };
        let label = outcome.label;
        let result =
            outcome.answer.take().unwrap_or_else(|| Err(CommandError::NotFound { what: name.clone() }));
        self.settle(outcome, &service, None, turn);
        // A question changes nothing, and leaves no trace.
        if !is_preview {
            turn.entries.push(Entry::Command { actor, command: name, label });
        }
        turn.effect(Effect::Answer { slot, result });
        Ok(())
    }

    /// The refusal of a dossier whose code no rule of its service reads: no citizen could ever ask for it.
    fn unreadable_code(&self, command: &ClerkCommand, service: &Service) -> Option<Outcome> {
        let (ClerkCommand::PutDossier { dossier, .. } | ClerkCommand::ImportDossier { dossier, .. }) =
            command
        else {
            return None;
        };
        if service.dossiers.is_none() || self.rules.reads_code(service.id, &dossier.code) {
            return None;
        }
        let reason = "has not the form of this service's codes: nobody could ask for it".to_owned();
        let answer = Some(Err(CommandError::Invalid { field: "code".to_owned(), reason }));
        Some(Outcome { answer, label: "dossier_refused".into(), ..Outcome::default() })
    }
}

fn service_of(command: &ClerkCommand) -> Option<ServiceId> {
    match command {
        ClerkCommand::PutDossier { service, .. }
        | ClerkCommand::ImportDossier { service, .. }
        | ClerkCommand::DossierEvent { service, .. }
        | ClerkCommand::QueueSample { service, .. }
        | ClerkCommand::ImportAccount { service, .. }
        | ClerkCommand::LogIn { service, .. }
        | ClerkCommand::ChangePassword { service, .. }
        | ClerkCommand::FreePhone { service, .. }
        | ClerkCommand::PutWeeklyHours { service, .. }
        | ClerkCommand::PutDay { service, .. }
        | ClerkCommand::PutCapacity { service, .. } => Some(*service),
        ClerkCommand::PutSubscriber(_) | ClerkCommand::DeleteSubscriber(_) => None,
    }
}

fn name(command: &ClerkCommand) -> &'static str {
    match command {
        ClerkCommand::PutDossier { .. } => "put_dossier",
        ClerkCommand::ImportDossier { .. } => "import_dossier",
        ClerkCommand::DossierEvent { .. } => "dossier_event",
        ClerkCommand::QueueSample { .. } => "queue_sample",
        ClerkCommand::PutSubscriber(_) => "put_subscriber",
        ClerkCommand::DeleteSubscriber(_) => "delete_subscriber",
        ClerkCommand::ImportAccount { .. } => "import_account",
        ClerkCommand::LogIn { .. } => "log_in",
        ClerkCommand::ChangePassword { .. } => "change_password",
        ClerkCommand::FreePhone { .. } => "free_phone",
        ClerkCommand::PutWeeklyHours { .. } => "put_weekly_hours",
        ClerkCommand::PutDay { .. } => "put_day",
        ClerkCommand::PutCapacity { .. } => "put_capacity",
    }
}
