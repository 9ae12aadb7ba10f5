//! What we read is what `tshark` reads: its SMPP dissector was written by others, from the same specification.
//!
//! All vectors go into a capture, and each field that both know is compared. Where they differ, `tshark.txt` says
//! why; a line there that no difference needs is a mistake as well. Without `tshark` the test says that it is
//! skipped, or fails where `TONGDAI_TSHARK` is set.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, in its helpers as well")]

#[cfg(test)]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::process::Command;

use bytes::BytesMut;
use codec::pdu::Body;
use codec::{Framed, Pdu, Sm, SmResp, Tlvs, decode, tlv::tag};
use model::Address;

/// The port that tshark is told to read as SMPP.
const PORT: u16 = 2775;
/// The port of the first vector's peer; each vector has a connection of its own.
const PEER_PORT: u16 = 10_000;
/// Octets of a TCP segment; the longest vector takes several.
const SEGMENT: usize = 32_000;

/// What tshark is asked for. `malformed` stands for the mark that it puts on what it cannot read.
const FIELDS: [&str; 39] = [
    "command_length",
    "command_id",
    "command_status",
    "sequence_number",
    "system_id",
    "password",
    "system_type",
    "interface_version",
    "addr_ton",
    "addr_npi",
    "address_range",
    "service_type",
    "source_addr_ton",
    "source_addr_npi",
    "source_addr",
    "dest_addr_ton",
    "dest_addr_npi",
    "destination_addr",
    "esm.submit.msg_mode",
    "esm.submit.msg_type",
    "esm.submit.features",
    "protocol_id",
    "priority_flag",
    "replace_if_present_flag",
    "data_coding",
    "sm_default_msg_id",
    "sm_length",
    "message",
    "message_id",
    "message_state",
    "opt_param_tag",
    "opt_param_len",
    "message_payload",
    "receipted_message_id",
    "user_message_reference",
    "sar_msg_ref_num",
    "sar_total_segments",
    "sar_segment_seqnum",
    "network_error.code",
];
/// What is compared of a PDU that we know by its command only.
const HEADER: [&str; 5] = ["command_length", "command_id", "command_status", "sequence_number", "malformed"];

type Fields = BTreeMap<String, String>;

/// A capture of raw IPv4 (libpcap's format, link type 228) with each vector as what a peer sends.
fn capture(vectors: &[support::Case]) -> Vec<u8> {
    let mut out = Vec::new();
    for word in [0xA1B2_C3D4_u32, 0x0002_0004, 0, 0, 0x0004_0000, 228] {
        out.extend_from_slice(&word.to_be_bytes());
    }
    for (index, vector) in vectors.iter().enumerate() {
        for (segment, octets) in vector.octets.chunks(SEGMENT).enumerate() {
            let port = PEER_PORT + u16::try_from(index).unwrap();
            let packet = packet(port, u32::try_from(segment * SEGMENT).unwrap() + 1, octets);
            let length = u32::try_from(packet.len()).unwrap();
            for word in [u32::try_from(index).unwrap(), 0, length, length] {
                out.extend_from_slice(&word.to_be_bytes());
            }
            out.extend_from_slice(&packet);
        }
    }
    out
}

/// An IPv4 packet with a TCP segment. Its sums are left out: tshark does not look at them.
fn packet(port: u16, sequence: u32, octets: &[u8]) -> Vec<u8> {
    let length = u16::try_from(40 + octets.len()).unwrap();
    let mut out = vec![0x45, 0];
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&[0, 0, 0x40, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1]);
    out.extend_from_slice(&port.to_be_bytes());
    out.extend_from_slice(&PORT.to_be_bytes());
    out.extend_from_slice(&sequence.to_be_bytes());
    // Acknowledges 1; five words of header; PSH and ACK.
    out.extend_from_slice(&[0, 0, 0, 1, 0x50, 0x18, 0xFF, 0xFF, 0, 0, 0, 0]);
    out.extend_from_slice(octets);
    out
}

/// What tshark reads of each vector; `None` where there is no tshark.
fn theirs(vectors: &[support::Case]) -> Option<Vec<Fields>> {
    let file = std::env::temp_dir().join(format!("tongdai-tshark-{}.pcap", std::process::id()));
    std::fs::write(&file, capture(vectors)).unwrap();
    let mut command = Command::new("tshark");
    command.arg("-r").arg(&file).args(["-d", &format!("tcp.port=={PORT},smpp"), "-T", "fields"]);
    command.args(["-E", "separator=/t", "-E", "aggregator=,", "-e", "tcp.srcport", "-e", "_ws.malformed"]);
    for field in FIELDS {
        command.args(["-e", &format!("smpp.{field}")]);
    }
    let output = command.output();
    std::fs::remove_file(&file).unwrap();
    let output = output.ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut found = vec![Fields::new(); vectors.len()];
    // An empty text is `(Default)` in some fields.
    let is_said = |value: &str| !value.is_empty() && value != "(Default)";
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let mut values = line.split('\t');
        let port: u16 = values.next().unwrap().parse().unwrap();
        let fields = &mut found[usize::from(port - PEER_PORT)];
        if values.next().is_some_and(|mark| !mark.is_empty()) {
            fields.insert("malformed".to_owned(), "yes".to_owned());
        }
        let named = FIELDS.iter().zip(values).filter(|(_, value)| is_said(value));
        fields.extend(named.map(|(name, value)| ((*name).to_owned(), value.to_owned())));
    }
    Some(found)
}

/// What we read of a vector, as tshark writes it, and whether we read more than its header.
fn ours(octets: &[u8]) -> (Fields, bool) {
    let (mut fields, mut whole) = (Fields::new(), true);
    let mut put = |name: &str, value: String| {
        if !value.is_empty() {
            fields.insert(name.to_owned(), value);
        }
    };
    match decode(&mut BytesMut::from(octets)) {
        Ok(None) | Err(_) => {}
        Ok(Some(Framed::Answerable(error))) => {
            put("command_length", (error.body.len() + 16).to_string());
            put("command_id", format!("{:#010x}", error.command_id));
            put("sequence_number", error.sequence_number.to_string());
            put("malformed", "yes".to_owned());
            whole = false;
        }
        Ok(Some(Framed::Pdu(pdu))) => {
            put("command_length", u32::from_be_bytes(*octets.first_chunk().unwrap()).to_string());
            put("command_id", format!("{:#010x}", pdu.body.command_id()));
            if pdu.body.is_response() {
                put("command_status", format!("{:#010x}", pdu.command_status.0));
            }
            put("sequence_number", pdu.sequence_number.to_string());
            put_body(&pdu, &mut put);
            whole = !matches!(pdu.body, Body::Other { .. });
        }
    }
    (fields, whole)
}

fn put_body(pdu: &Pdu, put: &mut impl FnMut(&str, String)) {
    match &pdu.body {
        Body::BindTransmitter(bind) | Body::BindReceiver(bind) | Body::BindTransceiver(bind) => {
            put("system_id", bind.system_id.clone());
            put("password", bind.password.0.clone());
            put("system_type", bind.system_type.clone());
            put("interface_version", bind.interface_version.to_string());
            put("addr_ton", format!("{:#04x}", bind.addr_ton));
            put("addr_npi", format!("{:#04x}", bind.addr_npi));
            put("address_range", bind.address_range.clone());
        }
        Body::BindTransmitterResp(resp) | Body::BindReceiverResp(resp) | Body::BindTransceiverResp(resp) => {
            put("system_id", resp.system_id.clone());
            put_tlvs(&resp.tlvs, put);
        }
        Body::Outbind(outbind) => {
            put("system_id", outbind.system_id.clone());
            put("password", outbind.password.0.clone());
        }
        Body::SubmitSm(sm) | Body::DeliverSm(sm) => {
            put_sm(sm, put);
            put("protocol_id", format!("{:#04x}", sm.protocol_id));
            put("priority_flag", format!("{:#04x}", sm.priority_flag));
            put("replace_if_present_flag", format!("{:#04x}", sm.replace_if_present_flag));
            put("sm_default_msg_id", sm.sm_default_msg_id.to_string());
            put("sm_length", sm.short_message.len().to_string());
            put("message", hex::encode(&sm.short_message));
            put_tlvs(&sm.tlvs, put);
        }
        Body::DataSm(sm) => {
            put_sm(sm, put);
            put_tlvs(&sm.tlvs, put);
        }
        Body::SubmitSmResp(resp) | Body::DeliverSmResp(resp) | Body::DataSmResp(resp) => put_resp(resp, put),
        Body::QuerySm(query) => {
            put("message_id", query.message_id.clone());
            put_address("source_addr", "source_addr", &query.source, put);
        }
        Body::QuerySmResp(resp) => {
            put("message_id", resp.message_id.clone());
            put("message_state", resp.message_state.to_string());
        }
        Body::AlertNotification(alert) => {
            put_address("source_addr", "source_addr", &alert.source, put);
            let status = alert.ms_availability_status.map(|status| vec![status]);
            let tlvs = status.map(|status| Tlvs::new().with(tag::MS_AVAILABILITY_STATUS, status));
            put_tlvs(&tlvs.unwrap_or_default(), put);
        }
        Body::Unbind | Body::UnbindResp | Body::EnquireLink | Body::EnquireLinkResp | Body::GenericNack => {}
        Body::Other { .. } => {}
    }
}

fn put_sm(sm: &Sm, put: &mut impl FnMut(&str, String)) {
    put("service_type", sm.service_type.clone());
    put_address("source_addr", "source_addr", &sm.source, put);
    put_address("dest_addr", "destination_addr", &sm.destination, put);
    put("esm.submit.msg_mode", format!("{:#04x}", sm.esm_class & 0x03));
    put("esm.submit.msg_type", format!("{:#04x}", (sm.esm_class & 0x3C) >> 2));
    put("esm.submit.features", format!("{:#04x}", sm.esm_class >> 6));
    put("data_coding", format!("{:#04x}", sm.data_coding));
}

fn put_address(kind: &str, name: &str, address: &Address, put: &mut impl FnMut(&str, String)) {
    put(&format!("{kind}_ton"), format!("{:#04x}", address.ton));
    put(&format!("{kind}_npi"), format!("{:#04x}", address.npi));
    put(name, address.digits.to_string());
}

fn put_resp(resp: &SmResp, put: &mut impl FnMut(&str, String)) {
    put("message_id", resp.message_id.to_string());
    put_tlvs(&resp.tlvs, put);
}

fn put_tlvs(tlvs: &Tlvs, put: &mut impl FnMut(&str, String)) {
    let tags: Vec<String> = tlvs.iter().map(|tlv| format!("{:#06x}", tlv.tag)).collect();
    let lengths: Vec<String> = tlvs.iter().map(|tlv| tlv.value.len().to_string()).collect();
    put("opt_param_tag", tags.join(","));
    put("opt_param_len", lengths.join(","));
    let hexadecimal = |tag: u16| tlvs.get(tag).map(hex::encode).unwrap_or_default();
    let decimal = |tag: u16| tlvs.integer(tag).map(|it| it.to_string()).unwrap_or_default();
    put("message_payload", hexadecimal(tag::MESSAGE_PAYLOAD));
    put("receipted_message_id", tlvs.text(tag::RECEIPTED_MESSAGE_ID).unwrap_or_default());
    put("message_state", decimal(tag::MESSAGE_STATE));
    let references = tlvs.iter().filter(|tlv| tlv.tag == tag::USER_MESSAGE_REFERENCE);
    let references: Vec<String> = references.map(|tlv| format!("0x{}", hex::encode(&tlv.value))).collect();
    put("user_message_reference", references.join(","));
    put("sar_msg_ref_num", decimal(tag::SAR_MSG_REF_NUM));
    put("sar_total_segments", decimal(tag::SAR_TOTAL_SEGMENTS));
    put("sar_segment_seqnum", decimal(tag::SAR_SEGMENT_SEQNUM));
    if let Some([_, code @ ..]) = tlvs.get(tag::NETWORK_ERROR_CODE).map(AsRef::as_ref) {
        put("network_error.code", format!("0x{}", hex::encode(code)));
    }
}

/// Name and field of what is known to differ: lines `vector | fields, comma apart | why` of `tshark.txt`.
fn known() -> BTreeSet<(String, String)> {
    let lines = include_str!("tshark.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let known = lines.flat_map(|line| {
        let cells: Vec<&str> = line.split(" | ").collect();
        assert!(cells.len() == 3 && !cells[2].is_empty(), "vector | fields | why: {line}");
        cells[1].split(", ").map(|field| (cells[0].to_owned(), field.to_owned())).collect::<Vec<_>>()
    });
    known.collect()
}

#[test]
fn every_vector_is_read_as_tshark_reads_it() {
    let vectors = support::all();
    let Some(theirs) = theirs(&vectors) else {
        assert!(std::env::var_os("TONGDAI_TSHARK").is_none(), "tshark is not installed");
        println!("SKIPPED: tshark is not installed");
        return;
    };
    let mut known = known();
    let (mut compared, mut report) = (0, String::new());
    for (vector, theirs) in vectors.iter().zip(theirs) {
        let (ours, whole) = ours(&vector.octets);
        let mut names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
        names.retain(|name| whole || HEADER.contains(&name.as_str()));
        for name in names {
            let (our, their) = (ours.get(name), theirs.get(name));
            compared += 1;
            if our != their && !known.remove(&(vector.name.clone(), name.clone())) {
                writeln!(report, "{} | {name} | ours {our:?}, tshark's {their:?}", vector.name).unwrap();
            }
        }
    }
    println!("{compared} fields of {} vectors compared", vectors.len());
    assert!(compared > 1_000, "only {compared} fields");
    assert!(report.is_empty(), "\n{report}");
    assert!(known.is_empty(), "these do not differ any more: {known:?}");
}
