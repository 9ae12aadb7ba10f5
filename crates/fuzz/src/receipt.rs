//! Any message as a delivery receipt.

use codec::receipt::{ReceiptIds, ReceiptText, Spellings, date, plain};
use codec::time::Absolute;
use codec::tlv::tag;
use codec::{MessageState, Receipt, Sm, SmKind, Tlvs};

use crate::input::Input;

const TAGS: [u16; 4] =
    [tag::RECEIPTED_MESSAGE_ID, tag::MESSAGE_STATE, tag::NETWORK_ERROR_CODE, tag::MESSAGE_PAYLOAD];
const FORMS: [ReceiptIds; 4] =
    [ReceiptIds::Any, ReceiptIds::Same, ReceiptIds::Decimal, ReceiptIds::Hexadecimal];

/// Reads a message as a receipt: esm_class, data_coding, some parameters, then the text; and reads two ids.
///
/// - `esm_class` alone says whether it is one.
/// - No field holds a blank or is empty; a known state has no unknown word beside it.
/// - A receipt that is written with the fields that were read reads as the same fields.
/// - That a receipt's id means a response's is found from both sides alike.
pub fn receipt(octets: &[u8]) {
    let mut input = Input::new(octets);
    let (esm_class, data_coding) = (input.octet(), input.octet());
    let mut tlvs = Tlvs::new();
    for _ in 0..input.octet() % 4 {
        let tag = *input.pick(&TAGS);
        tlvs.push(tag, input.short().to_vec());
    }
    let (response_id, receipt_id) = (input.short(), input.short());
    check_ids(&String::from_utf8_lossy(response_id), &String::from_utf8_lossy(receipt_id));
    let sm =
        Sm { esm_class, data_coding, tlvs, short_message: input.rest().to_vec().into(), ..Sm::default() };
    let receipt = Receipt::parse(&sm);
    assert_eq!(receipt.is_some(), sm.kind() != SmKind::Message);
    check_text(&String::from_utf8_lossy(&sm.short_message));
    if let Some(receipt) = receipt {
        check_fields(&receipt, &sm);
    }
}

/// A text's fields are pieces of it.
fn check_text(text: &str) {
    let receipt = Receipt::from_text(text);
    assert!(receipt.state.is_none() || receipt.unknown_stat.is_none());
    for field in fields(&receipt) {
        assert!(!field.is_empty() && text.contains(field), "{field:?}");
        assert!(!field.contains([' ', '\0', '\r', '\n', '\t', ',', ';']), "{field:?}");
    }
}

fn fields(receipt: &Receipt) -> impl Iterator<Item = &String> {
    let Receipt { message_id, unknown_stat, error, submit_date, done_date, .. } = receipt;
    [message_id, unknown_stat, error, submit_date, done_date].into_iter().flatten()
}

/// What was read is written as an SMSC writes it and read again.
fn check_fields(receipt: &Receipt, sm: &Sm) {
    let Some(id) = receipt.message_id.as_deref().filter(|id| id.is_ascii() && !id.is_empty()) else { return };
    let day = Absolute::from_unix_seconds(1_800_000_000, 0).unwrap();
    let submit_date = receipt.submit_date.as_deref().and_then(date).unwrap_or(day);
    let done_date = receipt.done_date.as_deref().and_then(date).unwrap_or(day);
    let state = receipt.state.unwrap_or(MessageState::Unknown);
    let error = receipt.error.as_deref().unwrap_or("000");
    let text =
        ReceiptText { message_id: id, state, error, submit_date, done_date, text: "id:no stat:DELIVRD" };
    // An id or error out of a parameter may be anything; one out of a text is a word, and may be another key.
    let is_word = |field: &str| {
        let read = Receipt::from_text(&format!("id:{field}"));
        field.is_ascii() && !field.contains(':') && read.message_id.as_deref() == Some(field)
    };
    if text.text().len() < codec::encode::SM_LENGTH_MAX && is_word(id) && is_word(error) {
        let again = Receipt::parse(&text.deliver_sm(sm, true, false)).unwrap();
        assert_eq!((again.message_id.as_deref(), again.state), (Some(id), Some(state)));
        assert_eq!(again.error.as_deref(), Some(error));
        assert_eq!(again.done_date.as_deref().and_then(date).map(|it| it.minute), Some(done_date.minute));
    }
    let again = Receipt::parse(&text.deliver_sm(sm, false, true)).unwrap();
    assert_eq!((again.message_id.as_deref(), again.state), (Some(id), Some(state)));
}

fn check_ids(response: &str, receipt: &str) {
    for id in [response, receipt] {
        let spellings = plain(id);
        assert!((1..=3).contains(&spellings.len()) && spellings[0] == id);
        let last = spellings.last().unwrap();
        assert_eq!(plain(last), [last.as_str()], "the plainest spelling is plain");
    }
    for form in FORMS {
        let there = meets(&form.of_receipt(receipt), response);
        let back = meets(&form.of_response(response), receipt);
        assert_eq!(there, back, "{form:?}: {response:?} {receipt:?}");
    }
}

fn meets(spellings: &Spellings, id: &str) -> bool {
    let plain = plain(id);
    spellings.iter().any(|it| plain.contains(it))
}
