use super::*;
use crate::Tlvs;
use bytes::Bytes;
use proptest::prelude::*;

const SPECIFIED: &str = "id:0123456789 sub:001 dlvrd:001 submit date:2611220700 done date:2611220701 stat:DELIVRD err:000 text:XNC 1";

fn receipt(text: &str, tlvs: Tlvs) -> Receipt {
    let sm =
        Sm { esm_class: 0x04, short_message: Bytes::copy_from_slice(text.as_bytes()), tlvs, ..Sm::default() };
    Receipt::parse(&sm).unwrap()
}

fn said(text: &str) -> (Option<String>, Option<MessageState>, Option<String>) {
    let receipt = Receipt::from_text(text);
    (receipt.message_id, receipt.state, receipt.error)
}

#[test]
fn the_specified_text() {
    let receipt = Receipt::from_text(SPECIFIED);
    assert_eq!(receipt.message_id.as_deref(), Some("0123456789"));
    assert_eq!(receipt.state, Some(MessageState::Delivered));
    assert_eq!(receipt.error.as_deref(), Some("000"));
    assert_eq!(receipt.submit_date.as_deref(), Some("2611220700"));
    assert_eq!(receipt.done_date.as_deref(), Some("2611220701"));
}

#[test]
fn the_texts_of_the_field() {
    let delivered = Some(MessageState::Delivered);
    let id = |id: &str| Some(id.to_owned());
    assert_eq!(said("STAT:delivrd ERR:0032 ID:AbC"), (id("AbC"), delivered, id("0032")));
    assert_eq!(said("id: 77 stat: DELIVRD err: nul Text: x"), (id("77"), delivered, id("nul")));
    assert_eq!(said("id:77"), (id("77"), None, None));
    assert_eq!(said("id:77 stat:EXPIRED"), (id("77"), Some(MessageState::Expired), None));
    assert_eq!(said("id: sub:001 stat:UNDELIV err:"), (None, Some(MessageState::Undeliverable), None));
    assert_eq!(
        said("id:SAR-77-2-1 done date: stat:FAILED"),
        (id("SAR-77-2-1"), Some(MessageState::Undeliverable), None)
    );
    assert_eq!(said("submit date: done date:2611220701 stat:DELIVRD"), (None, delivered, None));
    assert_eq!(said("xid:1 mstat:DELIVRD"), (None, None, None));
    assert_eq!(
        said("id:0c1e5f9a-9f4b-4c5e-8f5e-2f1f6b7d8e9a,stat:DELIVRD").0,
        id("0c1e5f9a-9f4b-4c5e-8f5e-2f1f6b7d8e9a")
    );
    assert_eq!(said("text:hello id:77 stat:DELIVRD err:000"), (id("77"), delivered, id("000")));
    assert_eq!(said(""), (None, None, None));
}

#[test]
fn the_citizens_words_are_not_read() {
    assert_eq!(
        said("id:1 stat:ENROUTE text:stat:DELIVRD err:9"),
        (Some("1".to_owned()), Some(MessageState::Enroute), None)
    );
}

#[test]
fn an_unknown_word_is_no_state() {
    let receipt = Receipt::from_text("id:1 stat:WEIRD");
    assert_eq!((receipt.state, receipt.unknown_stat.as_deref()), (None, Some("WEIRD")));
    assert!(!MessageState::Accepted.is_final() && !MessageState::Enroute.is_final());
    assert!(MessageState::Delivered.is_final() && MessageState::Rejected.is_final());
}

#[test]
fn parameters_win_over_the_text() {
    let tlvs = Tlvs::new()
        .with(tag::RECEIPTED_MESSAGE_ID, &b"ABC\0"[..])
        .with(tag::MESSAGE_STATE, vec![5])
        .with(tag::NETWORK_ERROR_CODE, vec![3, 0x01, 0x02]);
    let both = receipt(SPECIFIED, tlvs);
    assert_eq!(both.message_id.as_deref(), Some("ABC"));
    assert_eq!((both.state, both.error.as_deref()), (Some(MessageState::Undeliverable), Some("258")));
    let partly = receipt(SPECIFIED, Tlvs::new().with(tag::MESSAGE_STATE, vec![99]));
    assert_eq!(
        (partly.message_id.as_deref(), partly.state),
        (Some("0123456789"), Some(MessageState::Delivered))
    );
    let nothing = receipt("\u{0}\u{1}garbage", Tlvs::new());
    assert_eq!(nothing, Receipt::default());
}

#[test]
fn a_text_that_looks_like_a_receipt_is_a_text() {
    let sm = Sm { short_message: Bytes::from_static(SPECIFIED.as_bytes()), ..Sm::default() };
    assert_eq!(Receipt::parse(&sm), None);
    assert!(Receipt::parse(&Sm { esm_class: 0x44, ..sm.clone() }).is_some(), "even where its header is none");
    assert!(Receipt::parse(&Sm { esm_class: 0x20, ..sm }).is_some());
}

#[test]
fn dates_of_every_length() {
    let shown = |field| date(field).map(|it| it.to_string());
    assert_eq!(shown("2611220701").as_deref(), Some("261122070100000+"));
    assert_eq!(shown("261122070159").as_deref(), Some("261122070159000+"));
    assert_eq!(shown("20261122070159").as_deref(), Some("261122070159000+"));
    for none in ["0000000000", "", "19991122070159", "26112207011", "26112207x1", "ngày giờ nă"] {
        assert_eq!(shown(none), None, "{none}");
    }
}

#[test]
fn what_the_simulator_writes_is_read() {
    let done = date("2611220701").unwrap();
    for state in MessageState::ALL {
        assert_eq!(MessageState::from_octet(state.octet()), Some(state));
        let text = ReceiptText {
            message_id: "7B",
            state,
            error: "000",
            submit_date: done,
            done_date: done,
            text: "Hồ sơ 13557009 stat:X",
        };
        let submitted = Sm { source: model::Address::new(6, 0, "8383"), ..Sm::default() };
        for (with_text, with_tlvs) in [(true, false), (false, true), (true, true)] {
            let sm = text.deliver_sm(&submitted, with_text, with_tlvs);
            assert_eq!(sm.destination.digits, "8383");
            let read = Receipt::parse(&sm).unwrap();
            assert_eq!((read.message_id.as_deref(), read.state), (Some("7B"), Some(state)));
        }
        assert!(text.text().is_ascii());
    }
}

#[test]
fn a_receipt_is_cut_between_characters() {
    let done = date("2611220701").unwrap();
    let receipt = |error: &str| {
        let state = MessageState::Rejected;
        ReceiptText { message_id: "7B", state, error, submit_date: done, done_date: done, text: "" }.text()
    };
    let lengths = [receipt("0"), receipt(&"é".repeat(150)), receipt(&format!("0{}", "é".repeat(150)))];
    assert_eq!(lengths.each_ref().map(String::len), [92, 253, 254]);
    assert!(lengths[0].ends_with("err:0 text:"));
}

proptest! {
    #[test]
    fn any_text_is_read(text in "\\PC{0,200}", esm_class: u8, data_coding: u8) {
        let _ = Receipt::from_text(&text);
        let short_message = Bytes::from(text.into_bytes());
        let _ = Receipt::parse(&Sm { esm_class, data_coding, short_message, ..Sm::default() });
    }

    #[test]
    fn keys_in_any_order(order in Just(vec!["id:9f", "stat:EXPIRED", "err:010", "sub:001", "done date:2611220701"]).prop_shuffle()) {
        let read = Receipt::from_text(&order.join(" "));
        prop_assert_eq!(read.message_id.as_deref(), Some("9f"));
        prop_assert_eq!(read.state, Some(MessageState::Expired));
        prop_assert_eq!(read.done_date.as_deref(), Some("2611220701"));
    }
}
