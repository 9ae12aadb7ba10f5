//! One table from `command_status` to what becomes of a submitted part (docs/RELIABILITY.md).

use codec::CommandStatus;

/// What a `submit_sm_resp` means for the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The SMSC took it.
    Accepted,
    /// The bind is too fast: back to the head of its queue, no attempt counted.
    Throttled,
    /// Try again until the message expires.
    Retry,
    /// Try again a few times: the status is too vague to hope for long.
    RetryLimited,
    /// This message never: to the dead letters.
    Rejected,
    /// Nothing that this bind sends will be taken: stop it and keep the queue.
    Configuration,
}

impl Verdict {
    /// By the table; a bind's profile may override it.
    #[must_use]
    pub fn of(status: CommandStatus) -> Self {
        use CommandStatus as Status;
        match status {
            Status::ESME_ROK => Self::Accepted,
            Status::ESME_RTHROTTLED | Status::ESME_RMSGQFUL => Self::Throttled,
            Status::ESME_RSYSERR
            | Status::ESME_RX_T_APPN
            | Status::ESME_RDELIVERYFAILURE
            | Status::ESME_RSERTYPUNAVAIL => Self::Retry,
            Status::ESME_RINVCMDID
            | Status::ESME_RINVBNDSTS
            | Status::ESME_RINVSERTYP
            | Status::ESME_RINVSYSTYP
            | Status::ESME_RSERTYPUNAUTH
            | Status::ESME_RPROHIBITED
            | Status::ESME_RSERTYPDENIED => Self::Configuration,
            Status::ESME_RSUBMITFAIL | Status::ESME_RUNKNOWNERR => Self::RetryLimited,
            // What the specification names and is neither of the above says that this message is wrong.
            named if named.name().is_some() => Self::Rejected,
            _ => Self::RetryLimited,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_of_status_has_its_verdict() {
        for (status, verdict) in [
            (0x00, Verdict::Accepted),
            (0x58, Verdict::Throttled),
            (0x14, Verdict::Throttled),
            (0x08, Verdict::Retry),
            (0x64, Verdict::Retry),
            (0xFE, Verdict::Retry),
            (0x102, Verdict::Retry),
            (0x45, Verdict::RetryLimited),
            (0xFF, Verdict::RetryLimited),
            (0x400, Verdict::RetryLimited),
            (0xDEAD_BEEF, Verdict::RetryLimited),
            (0x01, Verdict::Rejected),
            (0x0A, Verdict::Rejected),
            (0x0B, Verdict::Rejected),
            (0x62, Verdict::Rejected),
            (0x65, Verdict::Rejected),
            (0xC0, Verdict::Rejected),
            (0x104, Verdict::Rejected),
            (0x03, Verdict::Configuration),
            (0x15, Verdict::Configuration),
            (0x101, Verdict::Configuration),
        ] {
            assert_eq!(Verdict::of(CommandStatus(status)), verdict, "{status:#x}");
        }
    }
}
