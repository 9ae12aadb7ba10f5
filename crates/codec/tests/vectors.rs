//! Walks `tests/vectors/*.txt`; the format is told in `tests/vectors/README.md`.

#[cfg(test)]
mod support;

use bytes::BytesMut;
use codec::{
    Body, CommandStatus, Framed, Pdu, Receipt, Sm, command_id,
    data_coding::{self, DefaultAlphabet},
    decode, encode,
};
use support::Case;

const ENQUIRE_LINK: [u8; 16] = [0, 0, 0, 16, 0, 0, 0, 0x15, 0, 0, 0, 0, 0x01, 0x02, 0x03, 0x04];
/// A floor, so that a walk that finds no files fails.
const CASES_MIN: usize = 120;

/// `key=value` and `key="value with blanks"`.
fn checks(mut rest: &str) -> Vec<(&str, &str)> {
    let mut out = Vec::new();
    while let Some((key, after)) = rest.trim_start().split_once('=') {
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').expect("a closing quote"),
            None => after.split_once(' ').unwrap_or((after, "")),
        };
        out.push((key, value));
        rest = next;
    }
    assert!(rest.trim().is_empty(), "{rest}");
    out
}

fn sm(pdu: &Pdu) -> &Sm {
    match &pdu.body {
        Body::DeliverSm(sm) | Body::SubmitSm(sm) | Body::DataSm(sm) => sm,
        other => panic!("no message: {other:?}"),
    }
}

fn text(sm: &Sm) -> String {
    let data = sm.user_data().expect("a sound header");
    data_coding::decode_text(&data.payload, sm.data_coding, data.shifts, DefaultAlphabet::Gsm7)
        .map_or_else(|_| "none".to_owned(), |decoded| decoded.text)
}

fn concat(sm: &Sm) -> String {
    let data = sm.user_data().expect("a sound header");
    data.concat.map_or_else(|| "none".to_owned(), |it| format!("{}/{}/{}", it.reference, it.total, it.number))
}

fn receipt(sm: &Sm) -> String {
    Receipt::parse(sm).map_or_else(
        || "none".to_owned(),
        |it| {
            let state = it.state.map(|state| format!("{state:?}")).unwrap_or_default();
            format!("{}/{state}", it.message_id.unwrap_or_default())
        },
    )
}

fn tlvs(pdu: &Pdu) -> usize {
    match &pdu.body {
        Body::SubmitSmResp(resp) | Body::DeliverSmResp(resp) | Body::DataSmResp(resp) => {
            resp.tlvs.iter().count()
        }
        Body::BindTransmitterResp(resp) | Body::BindReceiverResp(resp) | Body::BindTransceiverResp(resp) => {
            resp.tlvs.iter().count()
        }
        _ => sm(pdu).tlvs.iter().count(),
    }
}

fn system_id(pdu: &Pdu) -> &str {
    match &pdu.body {
        Body::BindTransmitter(it) | Body::BindReceiver(it) | Body::BindTransceiver(it) => &it.system_id,
        Body::BindTransmitterResp(it) | Body::BindReceiverResp(it) | Body::BindTransceiverResp(it) => {
            &it.system_id
        }
        Body::Outbind(it) => &it.system_id,
        other => panic!("no system_id: {other:?}"),
    }
}

fn message_id(pdu: &Pdu) -> &str {
    match &pdu.body {
        Body::SubmitSmResp(it) | Body::DeliverSmResp(it) | Body::DataSmResp(it) => &it.message_id,
        Body::QuerySm(it) => &it.message_id,
        Body::QuerySmResp(it) => &it.message_id,
        other => panic!("no message_id: {other:?}"),
    }
}

fn source(pdu: &Pdu) -> String {
    let address = match &pdu.body {
        Body::AlertNotification(it) => &it.source,
        _ => &sm(pdu).source,
    };
    format!("{}/{}/{}", address.ton, address.npi, address.digits)
}

fn found(pdu: &Pdu, key: &str) -> String {
    match key {
        "status" => pdu.command_status.0.to_string(),
        "seq" => pdu.sequence_number.to_string(),
        "source" => source(pdu),
        "destination" => {
            let address = &sm(pdu).destination;
            format!("{}/{}/{}", address.ton, address.npi, address.digits)
        }
        "system_id" => system_id(pdu).to_owned(),
        "message_id" => message_id(pdu).to_owned(),
        "tlvs" => tlvs(pdu).to_string(),
        "kind" => format!("{:?}", sm(pdu).kind()),
        "concat" => concat(sm(pdu)),
        "udh" => sm(pdu).user_data().map_or("error", |_| "sound").to_owned(),
        "text" => text(sm(pdu)),
        "receipt" => receipt(sm(pdu)),
        _ => panic!("unknown check {key}"),
    }
}

fn written(pdu: Option<Pdu>) -> Option<Vec<u8>> {
    pdu.map(|pdu| {
        let mut out = BytesMut::new();
        encode(&pdu, &mut out).expect("an answer can be written");
        out.to_vec()
    })
}

/// The answer that a peer of ours must get.
fn answer(pdu: &Pdu) -> Option<Pdu> {
    match pdu.body {
        Body::Other { .. } | Body::QuerySm(_) => pdu.refusal(),
        _ => pdu.respond(CommandStatus::ESME_ROK),
    }
}

fn check(case: &Case) {
    let name = &case.name;
    let (expected, rest) = case.expect.split_once(' ').unwrap_or((&case.expect, ""));
    let mut source = BytesMut::from(case.octets.as_slice());
    if expected == "incomplete" {
        let before = source.len();
        assert_eq!(decode(&mut source), Ok(None), "{name}");
        assert_eq!(source.len(), before, "{name}: octets were taken");
        assert!(case.answer.is_none(), "{name}");
        return;
    }
    source.extend_from_slice(&ENQUIRE_LINK);
    match decode(&mut source) {
        Err(fatal) => {
            assert_eq!(expected, "fatal", "{name}: {fatal}");
            assert_eq!(written(Some(fatal.generic_nack())), case.answer, "{name}");
            return;
        }
        Ok(Some(Framed::Answerable(error))) => {
            assert_eq!(expected, "unreadable", "{name}: {error}");
            assert_eq!(written(error.answer()), case.answer, "{name}");
        }
        Ok(Some(Framed::Pdu(pdu))) => {
            let id = pdu.body.command_id();
            let called =
                command_id::name(id).map_or_else(|| format!("{id:#010X}").replace("0X", "0x"), str::to_owned);
            assert_eq!(expected, called, "{name}");
            for (key, value) in checks(rest) {
                assert_eq!(found(&pdu, key), value, "{name}: {key}");
            }
            assert_eq!(written(answer(&pdu)), case.answer, "{name}");
        }
        Ok(None) => panic!("{name}: incomplete"),
    }
    match decode(&mut source) {
        Ok(Some(Framed::Pdu(Pdu { body: Body::EnquireLink, sequence_number: 0x0102_0304, .. }))) => {}
        other => panic!("{name}: the next PDU is lost: {other:?}"),
    }
    assert!(source.is_empty(), "{name}");
}

#[test]
fn every_vector_is_answered_as_it_says() {
    let cases = support::all();
    cases.iter().for_each(check);
    let seen = cases.len();
    assert!(seen >= CASES_MIN, "only {seen} cases");
}
