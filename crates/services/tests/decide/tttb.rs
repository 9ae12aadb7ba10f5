//! 1414: scenarios 12 to 14.

use jiff::civil::date;
use model::request::Command;
use model::{ClerkCommand, Redacted, Subscriber};

use crate::offices::tttb;
use crate::world::{World, msisdn};

const AN: &str = "84905123456";

fn world() -> World {
    World::new(tttb(), date(2026, 8, 3).at(14, 0, 0, 0))
}

fn ask(id_number: Option<&str>) -> Command {
    Command::SubscriberInfo { id_number: id_number.map(Redacted::from) }
}

fn complete() -> Subscriber {
    Subscriber {
        msisdn: msisdn(AN),
        operator: None,
        organisation: false,
        full_name: Redacted(Some("Nguyễn Văn An".to_owned())),
        birth_date: Redacted(Some(date(1990, 12, 20))),
        doc_type: Some("CMND".to_owned()),
        doc_number: Redacted(Some("201499999".to_owned())),
        doc_issued_on: Some(date(2008, 3, 5)),
        doc_issued_by: Some("CA Đà Nẵng".to_owned()),
        updated_at: None,
    }
}

fn feed(world: &mut World, subscriber: Subscriber) {
    world.clerk(ClerkCommand::PutSubscriber(Box::new(subscriber))).unwrap();
}

#[test]
fn six_fields_in_order_and_gaps_named() {
    let mut world = world();
    feed(&mut world, complete());
    assert_eq!(
        world.text(AN, ask(None)),
        "Ho ten: Nguyen Van An; Ngay sinh: 20/12/1990; So giay to: 201499999; Ngay cap: 05/03/2008; Noi cap: CA Da \
         Nang; Loai giay to: CMND"
    );
    let gaps = Subscriber { doc_issued_on: None, doc_issued_by: Some(" ".to_owned()), ..complete() };
    feed(&mut world, gaps);
    assert!(world.text(AN, ask(None)).contains("Ngay cap: (trong); Noi cap: (trong);"));
}

#[test]
fn nobody_learns_of_a_number_without_a_record() {
    let mut world = world();
    assert_eq!(
        world.text(AN, ask(None)),
        "Thue bao 0905123456 chua co thong tin. Lien he nha mang de cap nhat thong tin chinh chu: VinaPhone 18001091, \
         MobiFone 9090, Viettel 18008098."
    );
    assert_eq!(world.label(AN, ask(Some("201499999"))), "T-NONE");
}

#[test]
fn an_id_number_is_only_compared() {
    let mut world = world();
    feed(&mut world, complete());
    assert_eq!(
        world.text(AN, ask(Some("201499999"))),
        "Thue bao 0905123456: so giay to Quy khach nhap trung voi thong tin dang ky; thong tin dang ky day du."
    );
    let mismatch = world.text(AN, ask(Some("201499998")));
    assert_eq!(
        mismatch,
        "Thue bao 0905123456: so giay to Quy khach nhap khong trung voi thong tin dang ky. Lien he nha mang de cap \
         nhat thong tin chinh chu."
    );
    for held in ["Nguyen", "2014", "1990", "Nang", "CMND"] {
        assert!(!mismatch.contains(held));
    }
    feed(
        &mut world,
        Subscriber { doc_issued_by: None, doc_number: Redacted(Some("201.499.999".into())), ..complete() },
    );
    assert_eq!(
        world.text(AN, ask(Some("201499999"))),
        "Thue bao 0905123456: so giay to dung nhung thong tin dang ky chua day du. Vui long lien he nha mang de cap \
         nhat thong tin chinh chu."
    );
    feed(&mut world, Subscriber { doc_number: Redacted(None), ..complete() });
    assert_eq!(world.label(AN, ask(Some("201499999"))), "T-ID-MISMATCH");
}

#[test]
fn organisations_and_required_ids() {
    let mut world = world();
    feed(&mut world, Subscriber { organisation: true, ..complete() });
    let text =
        "Thue bao 0905123456 dang ky theo to chuc. Vui long lien he nha mang hoac don vi cua Quy khach.";
    assert_eq!(world.text(AN, ask(None)), text);
    assert_eq!(world.text(AN, ask(Some("201499999"))), text);
    feed(&mut world, complete());
    world.service.subscribers.as_mut().unwrap().require_id = true;
    assert_eq!(
        world.text(AN, ask(None)),
        "De kiem tra thong tin thue bao, soan: TTTB <so giay to> gui 1414 (mien phi). So giay to gom 9 hoac 12 chu so."
    );
    assert_eq!(world.label(AN, ask(Some("201499999"))), "T-ID-MATCH");
}

#[test]
fn long_records_keep_to_two_parts() {
    let mut world = world();
    let long = "Cục Cảnh sát quản lý hành chính về trật tự xã hội ".repeat(4);
    feed(
        &mut world,
        Subscriber {
            full_name: Redacted(Some("Nguyễn Thị Hoàng Phương Thảo Nguyên Vũ".to_owned())),
            doc_issued_by: Some(long.chars().take(200).collect()),
            ..complete()
        },
    );
    let text = world.text(AN, ask(None));
    assert!(text.contains("Ho ten: Nguyen Thi Hoang Phuong Thao N;"), "{text}");
    assert!(text.ends_with("; Loai giay to: CMND"));
}

#[test]
fn a_dropped_record_is_gone() {
    let mut world = world();
    feed(&mut world, complete());
    world.clerk(ClerkCommand::DeleteSubscriber(msisdn(AN))).unwrap();
    assert_eq!(world.label(AN, ask(None)), "T-NONE");
    assert!(world.clerk(ClerkCommand::DeleteSubscriber(msisdn(AN))).is_err());
}
