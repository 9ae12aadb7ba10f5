//! Octets of a deliver_sm to the text that a rule looks at, and an answer to the octets of a submit_sm.

#![allow(missing_docs, reason = "criterion's macros make the entry point")]

use std::hint::black_box;

use bytes::{Bytes, BytesMut};
use codec::data_coding::{DefaultAlphabet, decode_text, unpack};
use codec::{Body, Framed, Pdu, Sm, Tlvs, tlv::tag};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use model::Address;

/// PDUs in one buffer: what one read of a busy link brings.
const PDUS: u32 = 256;

/// The text that a citizen of Hue sends most.
const QUESTION: &[u8] = b"XNC 13557009";

/// An answer of 131 septets.
const ANSWER: &[u8] = b"Ho so 13557009 dang duoc xu ly. Ngay hen tra ket qua: 24/11/2026. Khi co ket qua, \
    vui long nop bien nhan va CMND/CCCD tai noi tiep nhan.";

fn deliver_sm(data_coding: u8, short_message: Bytes) -> Sm {
    Sm {
        source: Address::new(1, 1, "84905123456"),
        destination: Address::new(0, 1, "8383"),
        data_coding,
        short_message,
        ..Sm::default()
    }
}

fn ucs2() -> Sm {
    let octets: Vec<u8> = "Mã số truy cập 13557009".encode_utf16().flat_map(u16::to_be_bytes).collect();
    deliver_sm(8, octets.into())
}

/// One part of two, with a header and the parameters that operators add.
fn part() -> Sm {
    let mut octets = vec![5, 0, 3, 7, 2, 1];
    octets.extend_from_slice(QUESTION);
    let tlvs = Tlvs::new().with(tag::USER_MESSAGE_REFERENCE, vec![0, 7]).with(0x1400, vec![1, 2, 3, 4]);
    Sm { esm_class: 0x40, tlvs, ..deliver_sm(0, octets.into()) }
}

fn submit_sm() -> Sm {
    Sm {
        source: Address::new(0, 1, "8383"),
        destination: Address::new(1, 1, "84905123456"),
        validity_period: "000001000000000R".to_owned(),
        short_message: Bytes::from_static(ANSWER),
        ..Sm::default()
    }
}

/// The octets of so many PDUs with rising sequence numbers.
fn written(body: &Body) -> BytesMut {
    let mut octets = BytesMut::new();
    for sequence_number in 1..=PDUS {
        let pdu = Pdu::request(sequence_number, body.clone());
        codec::encode(&pdu, &mut octets).unwrap_or_else(|error| unreachable!("a sound PDU: {error}"));
    }
    octets
}

/// Reads all PDUs to their texts; how many octets of text there are, so that nothing is left out.
fn read_all(octets: &mut BytesMut) -> usize {
    let mut length = 0;
    while let Ok(Some(Framed::Pdu(Pdu { body: Body::DeliverSm(sm), .. }))) = codec::decode(octets) {
        let Ok(data) = sm.user_data() else { continue };
        let payload = unpack(&data, sm.data_coding, DefaultAlphabet::Gsm7);
        if let Ok(decoded) = decode_text(&payload, sm.data_coding, data.shifts, DefaultAlphabet::Gsm7) {
            length += decoded.text.len();
        }
    }
    length
}

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("codec");
    group.throughput(Throughput::Elements(u64::from(PDUS)));
    let cases =
        [("gsm7", deliver_sm(0, Bytes::from_static(QUESTION))), ("ucs2", ucs2()), ("part_with_tlvs", part())];
    for (name, sm) in cases {
        let octets = written(&Body::DeliverSm(sm));
        group.bench_function(format!("deliver_sm_to_text/{name}"), |bencher| {
            bencher.iter_batched_ref(
                || octets.clone(),
                |octets| black_box(read_all(octets)),
                criterion::BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("codec");
    group.throughput(Throughput::Elements(u64::from(PDUS)));
    let pdus: Vec<Pdu> = (1..=PDUS)
        .map(|sequence_number| Pdu::request(sequence_number, Body::SubmitSm(submit_sm())))
        .collect();
    let mut octets = BytesMut::with_capacity(1 << 20);
    group.bench_function("submit_sm_to_octets", |bencher| {
        bencher.iter(|| {
            octets.clear();
            for pdu in &pdus {
                black_box(codec::encode(pdu, &mut octets).is_ok());
            }
            octets.len()
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().without_plots();
    targets = decode, encode
}
criterion_main!(benches);
