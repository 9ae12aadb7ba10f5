//! 8188, accounts: scenarios 20 to 27 and 29.

use jiff::civil::{DateTime, date};
use model::account::{CreatedVia, Delivery, IdType, PasswordOrigin};
use model::outcome::{Class, FinalState};
use model::request::Command;
use model::{Answer, ClerkCommand, CommandError, Key, Redacted};

use crate::offices::danang;
use crate::world::{World, msisdn};

const AN: &str = "84905123456";
const BINH: &str = "84701234567";
const ID: &str = "201499999";
const DUP_ID: &str = "So CMND da duoc su dung de dang ky tai khoan tren he thong Chinh quyen dien tu";

fn day(day: i8, hour: i8, minute: i8) -> DateTime {
    date(2026, 8, day).at(hour, minute, 0, 0)
}

fn register(id_number: &str) -> Command {
    Command::Register {
        name: "NGUYEN VAN A".into(),
        id_number: id_number.into(),
        id_type: if id_number.len() == 9 { IdType::Cmnd9 } else { IdType::Cccd12 },
        dob: Redacted(date(1990, 12, 20)),
    }
}

/// Registered on 3 August at 10:00.
fn registered() -> World {
    let mut world = World::new(danang(), day(3, 10, 0));
    assert_eq!(world.label(AN, register(ID)), "D-OK");
    world
}

fn log_in(world: &mut World, matched: bool) -> Result<Answer, CommandError> {
    let version = world.account(ID).map_or(0, |account| account.version);
    let service = world.service.id;
    world.clerk(ClerkCommand::LogIn { service, id_number: ID.into(), matched, version })
}

fn change(world: &mut World, matched: bool) -> Result<Answer, CommandError> {
    let version = world.account(ID).map_or(0, |account| account.version);
    let service = world.service.id;
    let hash = "$argon2id$own".into();
    world.clerk(ClerkCommand::ChangePassword { service, id_number: ID.into(), matched, version, hash })
}

fn import(phone: &str) -> ClerkCommand {
    ClerkCommand::ImportAccount {
        service: danang().id,
        id_number: "201111111".into(),
        full_name: "TRAN THI B".into(),
        birth_date: Redacted(date(1985, 1, 2)),
        phone: Some(phone.into()),
        created_via: CreatedVia::Import,
    }
}

#[test]
fn an_account_and_its_log_in() {
    let mut world = World::new(danang(), day(3, 10, 0));
    world.draws = false;
    let first = world.message(AN, Ok(register("048201000123")));
    assert_eq!(&*first.label, "D-OK");
    assert!(matches!(first.messages.as_slice(), [message]
        if message.text.is_none() && message.class == Class::Credential && message.not_before.is_none()));
    assert_eq!(world.account("048201000123").unwrap().password_origin, PasswordOrigin::Issuing);
    assert_eq!(world.text(AN, register("048201000123")), DUP_ID, "while the password is drawn");
    world.draw();
    let sent = world.sent.last().unwrap();
    assert_eq!(
        sent.text.as_ref().unwrap().0,
        "TK: 048201000123, MK: Ab3#000002 la tai khoan su dung HT Chinh quyen dien tu. De nghi anh chi doi mat khau \
         trong vong 03 ngay de bao mat. Cam on!"
    );
    let account = world.account("048201000123").unwrap();
    assert_eq!(account.password_origin, PasswordOrigin::Issued);
    assert_eq!(account.credentials, Some(world.credentials[0].0));
    assert_eq!(account.password_expires_at, Some(world.moment(day(6, 10, 0))));
    assert!(world.draw().messages.is_empty(), "a second password for the same message is not taken");
}

#[test]
fn one_account_for_an_id_and_one_for_a_phone() {
    let mut world = registered();
    let before = world.records.clone();
    assert_eq!(world.text(BINH, register(ID)), DUP_ID);
    assert_eq!(
        world.text(AN, register("201499998")),
        "So dien thoai da duoc su dung de dang ky tai khoan tren he thong Chinh quyen dien tu"
    );
    assert_eq!(world.text(AN, register(ID)), DUP_ID, "the same again");
    assert_eq!(world.records, before, "nothing was created");
    assert_eq!(world.label(BINH, register("201499998")), "D-OK");
    assert_eq!(world.text(AN, register("201499998")), DUP_ID, "both taken: the ID is named");
}

#[test]
fn phones_of_before_the_renumbering_count() {
    let mut world = World::new(danang(), day(3, 10, 0));
    assert_eq!(world.clerk(import("01201234567")), Ok(Answer::Done { version: 1 }));
    assert_eq!(world.label(BINH, register(ID)), "D-DUP-PHONE");
    assert!(matches!(world.clerk(import("0905 123 456")), Err(CommandError::Conflict { .. })));
    let service = world.service.id;
    let free = ClerkCommand::FreePhone { service, msisdn: msisdn(BINH) };
    world.clerk(free.clone()).unwrap();
    assert_eq!(world.label(BINH, register(ID)), "D-OK");
    assert_eq!(world.label(AN, register("201111111")), "D-DUP-ID", "the account stays with the ID");
    world.clerk(free.clone()).unwrap();
    assert_eq!(world.account(ID).unwrap().phone, None);
    assert!(matches!(world.clerk(free), Err(CommandError::NotFound { .. })));
}

#[test]
fn the_issued_password_dies_after_three_days_and_a_new_one_comes() {
    let mut world = registered();
    world.at(day(6, 9, 0));
    assert_eq!(log_in(&mut world, true), Ok(Answer::LoggedIn { must_change: true }));
    world.at(day(6, 9, 59));
    assert_eq!(world.sent.len(), 1);
    world.at(day(6, 10, 0));
    assert_eq!(world.sent.len(), 2);
    let text = &world.sent[1].text.as_ref().unwrap().0;
    assert!(text.starts_with("TK: 201499999, MK moi: Ab3#"), "{text}");
    assert!(text.ends_with(
        ". Mat khau cu da bi xoa vi qua 03 ngay chua doi. De nghi anh chi doi mat khau trong vong 03 ngay de bao mat. \
         Cam on!"
    ));
    let account = world.account(ID).unwrap();
    assert_eq!((account.rotation_count, account.password_origin), (1, PasswordOrigin::Issued));
    assert_eq!(account.password_expires_at, Some(world.moment(day(9, 10, 0))));
    assert_eq!(log_in(&mut world, true), Ok(Answer::LoggedIn { must_change: true }));
    world.at(day(9, 10, 0));
    assert_eq!(world.sent.len(), 3, "again and again until it is changed");
}

#[test]
fn a_late_job_gives_no_grace() {
    let mut world = registered();
    world.sleep_until(day(6, 10, 0));
    assert_eq!(log_in(&mut world, true), Err(CommandError::Refused));
    assert_eq!(change(&mut world, true), Err(CommandError::Refused));
    world.sleep_until(day(6, 22, 30));
    world.at(day(6, 22, 30));
    let rotated = world.sent.last().unwrap();
    assert_eq!(&*rotated.template, "D-ROTATE");
    assert_eq!(rotated.not_before, Some(world.moment(day(7, 7, 0))), "but nobody is woken");
    assert_eq!(world.account(ID).unwrap().password_expires_at, Some(world.moment(day(10, 7, 0))));
}

#[test]
fn issued_at_night_it_lives_until_the_fourth_morning() {
    let mut world = World::new(danang(), day(3, 23, 0));
    world.label(AN, register(ID));
    world.at(date(2026, 8, 7).at(6, 59, 59, 0));
    assert_eq!(log_in(&mut world, true), Ok(Answer::LoggedIn { must_change: true }));
    assert_eq!(world.sent.len(), 1);
    world.at(day(7, 7, 0));
    assert_eq!(world.sent.len(), 2);
}

#[test]
fn notice_hours_bound_the_expiry() {
    for (issued, expires) in [
        (day(3, 20, 59), day(6, 20, 59)),
        (day(3, 21, 0), day(7, 7, 0)),
        (day(3, 6, 59), day(6, 7, 0)),
        (day(3, 7, 0), day(6, 7, 0)),
    ] {
        let mut world = World::new(danang(), issued);
        world.label(AN, register(ID));
        assert_eq!(world.account(ID).unwrap().password_expires_at, Some(world.moment(expires)), "{issued}");
    }
}

#[test]
fn changed_once_it_is_never_reminded() {
    let mut world = registered();
    world.at(day(3, 20, 0));
    assert!(matches!(change(&mut world, true), Ok(Answer::Done { .. })));
    assert_eq!(world.first_timer(), None);
    world.at(day(30, 10, 0));
    assert_eq!(world.sent.len(), 1);
    assert_eq!(log_in(&mut world, true), Ok(Answer::LoggedIn { must_change: false }));
}

#[test]
fn rotations_end_where_the_office_says_so() {
    let mut world = registered();
    world.service.accounts.as_mut().unwrap().max_rotations = 2;
    world.at(day(30, 10, 0));
    assert_eq!(world.sent.len(), 3, "the first and two rotations");
    assert_eq!(world.first_timer(), None);
    assert_eq!(log_in(&mut world, true), Err(CommandError::Refused));
}

#[test]
fn a_freed_phone_gets_no_passwords() {
    let mut world = registered();
    let service = world.service.id;
    world.clerk(ClerkCommand::FreePhone { service, msisdn: msisdn(AN) }).unwrap();
    world.at(day(30, 10, 0));
    assert_eq!(world.sent.len(), 1);
    assert_eq!(log_in(&mut world, true), Err(CommandError::Refused));
}

#[test]
fn undelivered_credentials_may_be_asked_for_again() {
    let mut world = registered();
    let dead_clock = world.first_timer().unwrap();
    world.conclude(FinalState::Unknown);
    assert_eq!(world.label(AN, register(ID)), "D-DUP-ID", "no receipt is no failure");
    world.conclude(FinalState::Failed);
    assert_eq!(world.label(BINH, register(ID)), "D-DUP-ID", "another phone");
    world.at(day(4, 10, 0));
    assert_eq!(world.label(AN, register(ID)), "D-OK");
    assert_eq!(world.sent.len(), 4);
    assert_ne!(world.sent[0].text, world.sent[3].text);
    let timers = world.records.keys().filter(|key| matches!(key, Key::Timer(..))).count();
    assert_eq!(timers, 1);
    assert_ne!(world.first_timer(), Some(dead_clock));
    assert_eq!(world.account(ID).unwrap().delivery, Delivery::Pending);
    world.conclude(FinalState::Delivered);
    assert_eq!(world.label(AN, register(ID)), "D-DUP-ID");
}

#[test]
fn the_receipt_of_an_older_message_changes_nothing() {
    let mut world = registered();
    let old = world.credentials[0].clone();
    world.at(day(6, 10, 0));
    let (outbox, subject) = old;
    let outcome = world.run(&model::Request::Final { subject, outbox, state: FinalState::Failed });
    assert!(outcome.writes.is_empty());
    assert_eq!(world.label(AN, register(ID)), "D-DUP-ID");
}

#[test]
fn credentials_that_failed_before_their_password_came_may_be_asked_for_again() {
    let mut world = World::new(danang(), day(3, 10, 0));
    world.draws = false;
    world.label(AN, register(ID));
    world.conclude(FinalState::Failed);
    world.draws = true;
    assert_eq!(world.label(AN, register(ID)), "D-OK");
    assert_eq!(world.sent.len(), 1);
}

#[test]
fn five_wrong_passwords_lock_for_a_quarter_of_an_hour() {
    let mut world = registered();
    for _ in 0..4 {
        assert_eq!(log_in(&mut world, false), Err(CommandError::Refused));
    }
    assert_eq!(log_in(&mut world, true), Ok(Answer::LoggedIn { must_change: true }), "which forgives");
    for _ in 0..3 {
        assert_eq!(log_in(&mut world, false), Err(CommandError::Refused));
    }
    assert_eq!(change(&mut world, false), Err(CommandError::Refused), "a change counts too");
    assert_eq!(log_in(&mut world, false), Err(CommandError::Refused));
    assert_eq!(log_in(&mut world, true), Err(CommandError::Refused), "locked, and not told apart");
    assert_eq!(change(&mut world, true), Err(CommandError::Refused));
    world.at(date(2026, 8, 3).at(10, 14, 59, 0));
    assert_eq!(log_in(&mut world, true), Err(CommandError::Refused));
    world.at(day(3, 10, 15));
    assert_eq!(log_in(&mut world, true), Ok(Answer::LoggedIn { must_change: true }));
}

#[test]
fn unknown_names_and_stale_comparisons() {
    let mut world = World::new(danang(), day(3, 10, 0));
    assert_eq!(log_in(&mut world, false), Err(CommandError::Refused), "nobody of that name");
    world.label(AN, register(ID));
    let service = world.service.id;
    let stale = ClerkCommand::LogIn { service, id_number: ID.into(), matched: true, version: 1 };
    assert!(matches!(world.clerk(stale), Err(CommandError::Conflict { .. })));
    world.clerk(import("0914111222")).unwrap();
    let service = world.service.id;
    let elsewhere =
        ClerkCommand::LogIn { service, id_number: "201111111".into(), matched: false, version: 1 };
    assert_eq!(world.clerk(elsewhere), Err(CommandError::Refused), "it logs in elsewhere");
}

#[test]
fn imported_names_are_kept_as_registered_ones_are() {
    let mut world = World::new(danang(), day(3, 10, 0));
    let ClerkCommand::ImportAccount { service, id_number, birth_date, phone, created_via, .. } =
        import("0914111222")
    else {
        unreachable!()
    };
    let full_name = "Trần  Thị Bé".into();
    world
        .clerk(ClerkCommand::ImportAccount { service, id_number, full_name, birth_date, phone, created_via })
        .unwrap();
    assert_eq!(world.account("201111111").unwrap().full_name.0, "TRAN THI BE");
}
