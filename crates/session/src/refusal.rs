//! The answers to requests that this end does not serve, or not now. Responses are never answered.

use codec::{CommandStatus, command_id};

use crate::{Mode, Role, State, may_send};

/// Whether the peer's request is served, or what is answered instead.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Serve it.
    Serve,
    /// Answer with this status.
    Refuse(CommandStatus),
}

/// Judges a request of the peer.
///
/// A command that nobody knows, or that only the other role serves, gets ESME_RINVCMDID; one that comes before
/// the bind, or against its mode, ESME_RINVBNDSTS; a second bind ESME_RALYBND.
pub(crate) fn judge(role: Role, state: State, command: u32) -> Verdict {
    if command_id::name(command).is_none() || !served_by(role, command) {
        return Verdict::Refuse(CommandStatus::ESME_RINVCMDID);
    }
    if may_send(role.peer(), state, command) {
        return Verdict::Serve;
    }
    if is_bind(command) && state != State::Open {
        return Verdict::Refuse(CommandStatus::ESME_RALYBND);
    }
    Verdict::Refuse(CommandStatus::ESME_RINVBNDSTS)
}

fn is_bind(command: u32) -> bool {
    [Mode::Transmitter, Mode::Receiver, Mode::Transceiver]
        .into_iter()
        .any(|mode| mode.command_id() == command)
}

/// Whether this role could serve the command in some state.
fn served_by(role: Role, command: u32) -> bool {
    [State::Open, State::Bound(Mode::Transceiver)]
        .into_iter()
        .any(|state| may_send(role.peer(), state, command))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(role: Role, state: State, command: u32) -> Option<CommandStatus> {
        match judge(role, state, command) {
            Verdict::Serve => None,
            Verdict::Refuse(status) => Some(status),
        }
    }

    #[test]
    fn each_misplaced_request_has_its_status() {
        let trx = State::Bound(Mode::Transceiver);
        let tx = State::Bound(Mode::Transmitter);
        let cases = [
            (Role::Esme, trx, command_id::DELIVER_SM, None),
            (Role::Esme, State::Unbinding(Mode::Receiver), command_id::DELIVER_SM, None),
            (Role::Esme, State::Open, command_id::ENQUIRE_LINK, None),
            (Role::Esme, State::Open, command_id::DELIVER_SM, Some(CommandStatus::ESME_RINVBNDSTS)),
            (Role::Esme, tx, command_id::DELIVER_SM, Some(CommandStatus::ESME_RINVBNDSTS)),
            (Role::Esme, trx, command_id::SUBMIT_SM, Some(CommandStatus::ESME_RINVCMDID)),
            (Role::Esme, trx, 0x0001_0200, Some(CommandStatus::ESME_RINVCMDID)),
            (Role::Smsc, State::Open, command_id::SUBMIT_SM, Some(CommandStatus::ESME_RINVBNDSTS)),
            (
                Role::Smsc,
                State::Bound(Mode::Receiver),
                command_id::SUBMIT_SM,
                Some(CommandStatus::ESME_RINVBNDSTS),
            ),
            (Role::Smsc, trx, command_id::BIND_RECEIVER, Some(CommandStatus::ESME_RALYBND)),
            (
                Role::Smsc,
                State::Binding(Mode::Receiver),
                command_id::BIND_RECEIVER,
                Some(CommandStatus::ESME_RALYBND),
            ),
            (Role::Smsc, State::Open, command_id::BIND_RECEIVER, None),
        ];
        for (role, state, command, expected) in cases {
            assert_eq!(refused(role, state, command), expected, "{role:?} {state:?} {command:#x}");
        }
    }
}
