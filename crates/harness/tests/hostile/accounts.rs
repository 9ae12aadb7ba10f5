//! Guessers of passwords, those who lock others out, and numbers that get a new owner..

use jiff::SignedDuration;
use model::{Answer, ClerkCommand, CommandError, Msisdn, Redacted, ServiceId, Subscriber};

use crate::stage::{MONDAY, Stage, between};

const OWNER: &str = "84905111111";
const REQUEST: &str = "TK,Nguyen Van An,201499999,20/12/1990";

/// A world with one account; its password.
fn with_account() -> (Stage, String) {
    let mut stage = Stage::at(MONDAY);
    let reply = stage.answer(OWNER, "8188", REQUEST);
    let password = between(&reply, "MK: ", " ").to_owned();
    (stage, password)
}

#[test]
fn a_02_a_guesser_has_five_tries_in_a_quarter_of_an_hour_and_cannot_tell_when_they_are_over() {
    let (mut stage, password) = with_account();
    // The right one is the sixth: by then nothing is looked at, and the refusal is the same.
    for n in 0..5 {
        assert_eq!(stage.log_in("201499999", &format!("Guess@{n:04}")), Err(CommandError::Refused));
    }
    assert_eq!(stage.log_in("201499999", &password), Err(CommandError::Refused));
    assert_eq!(stage.log_in("201499998", &password), Err(CommandError::Refused), "an account that is none");
    // In a day: five for each quarter of an hour.
    let mut looked_at = 0;
    for minute in 0..24 * 60 {
        stage.after(SignedDuration::from_mins(1));
        let account = |stage: &Stage| {
            let account = stage.world.account(ServiceId::new("danang"), "201499999").unwrap().unwrap();
            (account.failed_logins, account.locked_until)
        };
        let before = account(&stage);
        assert_eq!(stage.log_in("201499999", &format!("Guess@{minute:04}")), Err(CommandError::Refused));
        looked_at += u32::from(account(&stage) != before);
    }
    assert!(looked_at <= 24 * 4 * 5, "{looked_at} guesses in a day");
}

#[test]
fn a_02_a_new_password_does_not_give_a_guesser_new_tries() {
    let (mut stage, _) = with_account();
    for n in 0..5 {
        assert_eq!(stage.log_in("201499999", &format!("Guess@{n:04}")), Err(CommandError::Refused));
    }
    // Asked for again by SMS: the lock stands, and no second password leaves.
    assert!(stage.answer(OWNER, "8188", REQUEST).starts_with("So CMND da duoc su dung"));
    assert_eq!(stage.log_in("201499999", "Guess@0006"), Err(CommandError::Refused));
    let account = stage.world.account(ServiceId::new("danang"), "201499999").unwrap().unwrap();
    assert!(account.locked_until.is_some_and(|until| until > stage.world.wall()));
}

#[test]
fn a_10_a_lock_ends_by_itself_and_tries_during_it_do_not_lengthen_it() {
    let (mut stage, password) = with_account();
    for n in 0..5 {
        assert_eq!(stage.log_in("201499999", &format!("Guess@{n:04}")), Err(CommandError::Refused));
    }
    for second in 0..14 * 60 {
        stage.after(SignedDuration::from_secs(1));
        assert_eq!(stage.log_in("201499999", &format!("Guess@{second:04}")), Err(CommandError::Refused));
    }
    stage.after(SignedDuration::from_mins(1));
    assert_eq!(stage.log_in("201499999", &password), Ok(Answer::LoggedIn { must_change: true }));
}

#[test]
fn a_10_who_wastes_his_own_tries_shuts_out_nobody_else() {
    let (mut stage, password) = with_account();
    stage.hue("13557009");
    for n in 0..60 {
        stage.ask("84905666666", "8383", &format!("XNC {}", 90_000_000 + n));
        let _ = stage.log_in("201499998", &format!("Guess@{n:04}"));
    }
    assert!(stage.answer("84905123456", "8383", "XNC 13557009").starts_with("Ho so 13557009"));
    assert_eq!(stage.log_in("201499999", &password), Ok(Answer::LoggedIn { must_change: true }));
}

#[test]
fn a_07_the_new_owner_of_a_number_learns_nothing_of_the_old_one() {
    let (mut stage, password) = with_account();
    let record = Subscriber {
        msisdn: Msisdn::new(OWNER).unwrap(),
        operator: None,
        organisation: false,
        full_name: Redacted(Some("Nguyen Van An".to_owned())),
        birth_date: Redacted(Some(jiff::civil::date(1990, 12, 20))),
        doc_type: Some("CMND".to_owned()),
        doc_number: Redacted(Some("201499999".to_owned())),
        doc_issued_on: Some(jiff::civil::date(2010, 1, 1)),
        doc_issued_by: Some("CA Da Nang".to_owned()),
        updated_at: None,
    };
    stage.clerk(ClerkCommand::PutSubscriber(Box::new(record)));
    assert!(stage.answer(OWNER, "1414", "TTTB").contains("Nguyen Van An"));
    // The operator gives the number to another: its feed drops the record, a clerk frees the phone.
    stage.clerk(ClerkCommand::DeleteSubscriber(Msisdn::new(OWNER).unwrap()));
    let reply = stage.answer(OWNER, "1414", "TTTB");
    assert!(reply.contains("chua co thong tin") && !reply.contains("Nguyen"), "{reply}");
    let taken = stage.answer(OWNER, "8188", "TK,Tran Van Ba,201499998,20/12/1991");
    assert!(taken.starts_with("So dien thoai da duoc su dung") && !taken.contains("201499999"), "{taken}");
    let free =
        ClerkCommand::FreePhone { service: ServiceId::new("danang"), msisdn: Msisdn::new(OWNER).unwrap() };
    stage.clerk(free);
    let own = stage.answer(OWNER, "8188", "TK,Tran Van Ba,201499998,20/12/1991");
    assert!(own.starts_with("TK: 201499998, MK: "), "{own}");
    // The old owner keeps his account; no new password for it goes to the number that is another's now.
    assert!(stage.log_in("201499999", &password).is_ok());
    stage.after(SignedDuration::from_hours(24 * 8));
    let later = stage.read(OWNER);
    assert!(!later.is_empty() && later.iter().all(|text| !text.contains("201499999")), "{later:?}");
}
