//! Bind states, and which request may be sent in which (SMPP 3.4, table 2-1).

use codec::{Body, command_id};

/// Which end of the link we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The application: it binds and submits.
    Esme,
    /// The message centre: it is bound to and delivers.
    Smsc,
}

impl Role {
    /// The other end.
    #[must_use]
    pub fn peer(self) -> Self {
        match self {
            Self::Esme => Self::Smsc,
            Self::Smsc => Self::Esme,
        }
    }
}

/// What a bind is for, as the ESME sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// bind_transmitter: the ESME submits only.
    Transmitter,
    /// bind_receiver: the ESME receives only.
    Receiver,
    /// bind_transceiver: both.
    Transceiver,
}

impl Mode {
    /// Whether the ESME may submit.
    #[must_use]
    pub fn transmits(self) -> bool {
        self != Self::Receiver
    }

    /// Whether the SMSC may deliver.
    #[must_use]
    pub fn receives(self) -> bool {
        self != Self::Transmitter
    }

    /// The bind request's command_id.
    #[must_use]
    pub fn command_id(self) -> u32 {
        match self {
            Self::Transmitter => command_id::BIND_TRANSMITTER,
            Self::Receiver => command_id::BIND_RECEIVER,
            Self::Transceiver => command_id::BIND_TRANSCEIVER,
        }
    }

    /// The bind request for this mode.
    pub(crate) fn request(self, bind: codec::Bind) -> Body {
        match self {
            Self::Transmitter => Body::BindTransmitter(bind),
            Self::Receiver => Body::BindReceiver(bind),
            Self::Transceiver => Body::BindTransceiver(bind),
        }
    }

    /// The bind response for this mode.
    pub(crate) fn response(self, resp: codec::BindResp) -> Body {
        match self {
            Self::Transmitter => Body::BindTransmitterResp(resp),
            Self::Receiver => Body::BindReceiverResp(resp),
            Self::Transceiver => Body::BindTransceiverResp(resp),
        }
    }
}

/// How far a session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Connected; nobody has bound.
    Open,
    /// A bind was sent (ESME) or received (SMSC) and has no answer yet.
    Binding(Mode),
    /// Bound.
    Bound(Mode),
    /// We are leaving: no new requests of ours, but all of the peer's are served.
    Unbinding(Mode),
    /// Over; nothing more is sent.
    Closed,
}

impl State {
    /// The mode while bound, leaving included.
    #[must_use]
    pub fn bound(self) -> Option<Mode> {
        match self {
            Self::Bound(mode) | Self::Unbinding(mode) => Some(mode),
            Self::Open | Self::Binding(_) | Self::Closed => None,
        }
    }
}

/// Whether `role` may send this request to a peer in `state`. Unlike table 2-1, enquire_link goes in any state
/// but [`State::Closed`], as peers send it before they are bound.
///
/// [`State::Unbinding`] counts as bound here: it binds our own requests only, not the peer's.
#[must_use]
pub fn may_send(role: Role, state: State, command: u32) -> bool {
    let bound = state.bound();
    match command {
        command_id::ENQUIRE_LINK => state != State::Closed,
        command_id::BIND_TRANSMITTER | command_id::BIND_RECEIVER | command_id::BIND_TRANSCEIVER => {
            role == Role::Esme && state == State::Open
        }
        command_id::OUTBIND => role == Role::Smsc && state == State::Open,
        command_id::UNBIND => bound.is_some(),
        command_id::DATA_SM => match role {
            Role::Esme => bound.is_some_and(Mode::transmits),
            Role::Smsc => bound.is_some_and(Mode::receives),
        },
        command_id::DELIVER_SM | command_id::ALERT_NOTIFICATION => {
            role == Role::Smsc && bound.is_some_and(Mode::receives)
        }
        command_id::SUBMIT_SM
        | command_id::SUBMIT_MULTI
        | command_id::QUERY_SM
        | command_id::CANCEL_SM
        | command_id::REPLACE_SM
        | command_id::BROADCAST_SM
        | command_id::QUERY_BROADCAST_SM
        | command_id::CANCEL_BROADCAST_SM => role == Role::Esme && bound.is_some_and(Mode::transmits),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Table 2-1: command, then who may send it in Open, TX, RX, TRX (`e` ESME, `s` SMSC, `b` both, `-` nobody).
    const MATRIX: [(u32, &str); 12] = [
        (command_id::BIND_TRANSMITTER, "e---"),
        (command_id::BIND_RECEIVER, "e---"),
        (command_id::BIND_TRANSCEIVER, "e---"),
        (command_id::OUTBIND, "s---"),
        (command_id::UNBIND, "-bbb"),
        (command_id::ENQUIRE_LINK, "bbbb"),
        (command_id::SUBMIT_SM, "-e-e"),
        (command_id::QUERY_SM, "-e-e"),
        (command_id::DATA_SM, "-esb"),
        (command_id::DELIVER_SM, "--ss"),
        (command_id::ALERT_NOTIFICATION, "--ss"),
        (0x0001_0200, "----"),
    ];

    #[test]
    fn requests_follow_the_matrix_of_the_specification() {
        let states = [
            State::Open,
            State::Bound(Mode::Transmitter),
            State::Bound(Mode::Receiver),
            State::Bound(Mode::Transceiver),
        ];
        for (command, row) in MATRIX {
            for (state, cell) in states.into_iter().zip(row.chars()) {
                let esme = may_send(Role::Esme, state, command);
                let smsc = may_send(Role::Smsc, state, command);
                assert_eq!(esme, matches!(cell, 'e' | 'b'), "ESME {command:#x} {state:?}");
                assert_eq!(smsc, matches!(cell, 's' | 'b'), "SMSC {command:#x} {state:?}");
            }
            assert!(!may_send(Role::Esme, State::Closed, command));
        }
    }
}
