//! The only module that names `rusmpp`: the bodies off the hot path are decoded with its types, from a slice that
//! ends where the PDU ends (docs/decisions/rusmpp.md).

use bytes::{Bytes, BytesMut};
use model::{Address, Redacted};
use rusmpp::{
    CommandId, Pdu as RusmppPdu,
    decode::DecodeWithKeyOptional,
    pdus,
    values::{Npi, Ton},
};

use crate::{
    Body,
    pdu::{AlertNotification, Outbind, QuerySm, QuerySmResp},
};

/// Decodes a body, strictly. A command that `rusmpp` does not know, or that we have no type for, is kept as it
/// came once it is known to be well formed; `None` says that it is not.
pub(crate) fn decode(command_id: u32, body: &Bytes) -> Option<Body> {
    let other = || Body::Other { command_id, body: body.clone() };
    let key = CommandId::from(command_id);
    if matches!(key, CommandId::Other(_)) {
        return Some(other());
    }
    let mut source = BytesMut::from(body.as_ref());
    let (decoded, _) = RusmppPdu::decode(key, &mut source, body.len()).ok()??;
    Some(match decoded {
        RusmppPdu::Outbind(outbind) => Body::Outbind(from_outbind(&outbind)),
        RusmppPdu::QuerySm(query) => Body::QuerySm(from_query_sm(&query)),
        RusmppPdu::QuerySmResp(resp) => Body::QuerySmResp(from_query_sm_resp(&resp)),
        RusmppPdu::AlertNotification(alert) => Body::AlertNotification(AlertNotification {
            source: address(alert.source_addr_ton, alert.source_addr_npi, alert.source_addr.as_str()),
            esme: address(alert.esme_addr_ton, alert.esme_addr_npi, alert.esme_addr.as_str()),
            ms_availability_status: alert.ms_availability_status().map(u8::from),
        }),
        _ => other(),
    })
}

fn address(ton: Ton, npi: Npi, digits: &str) -> Address {
    Address { ton: ton.into(), npi: npi.into(), digits: digits.into() }
}

fn from_outbind(outbind: &pdus::Outbind) -> Outbind {
    Outbind {
        system_id: outbind.system_id.as_str().to_owned(),
        password: Redacted(outbind.password.as_str().to_owned()),
    }
}

fn from_query_sm(query: &pdus::QuerySm) -> QuerySm {
    QuerySm {
        message_id: query.message_id.as_str().to_owned(),
        source: address(query.source_addr_ton, query.source_addr_npi, query.source_addr.as_str()),
    }
}

fn from_query_sm_resp(resp: &pdus::QuerySmResp) -> QuerySmResp {
    QuerySmResp {
        message_id: resp.message_id.as_str().to_owned(),
        final_date: resp.final_date.as_str().to_owned(),
        message_state: resp.message_state.into(),
        error_code: resp.error_code,
    }
}

#[cfg(test)]
mod tests;
