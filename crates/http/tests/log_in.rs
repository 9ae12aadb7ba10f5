//! Log-in and password change against a fake engine.

#[cfg(test)]
mod support;

use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::civil::date;
use model::account::{CreatedVia, Delivery, IdType, PasswordOrigin};
use model::{Account, Answer, ClerkCommand, CommandError, Key, Record, ServiceId};
use serde_json::json;

use support::Api;

const LOG_IN: &str = r#"{"service":"hue","username":"079 123 456 789","password":"Aa@123456"}"#;

fn account(hash: Option<String>) -> (Key, Record) {
    let account = Account {
        id_number: "079123456789".into(),
        id_type: IdType::Cccd12,
        full_name: "NGUYEN VAN A".into(),
        birth_date: date(1990, 1, 2).into(),
        phone: None,
        password_hash: hash.into(),
        password_origin: PasswordOrigin::Issued,
        password_set_at: None,
        password_expires_at: None,
        rotation_count: 0,
        credentials: None,
        delivery: Delivery::Delivered,
        created_via: CreatedVia::Sms,
        created_at: Timestamp::UNIX_EPOCH,
        last_login_at: None,
        failed_logins: 0,
        locked_until: None,
        version: 4,
    };
    let key = Key::Account(ServiceId::new("hue"), "079123456789".into());
    (key, Record::Account(Box::new(account)))
}

#[tokio::test]
async fn only_the_verdict_enters_the_turn() {
    let api = Api::new();
    let (key, record) = account(Some(vault::hash_password("Aa@123456").unwrap()));
    api.store(key, record);
    api.answer(Ok(Answer::LoggedIn { must_change: true }));
    let answer = api.send("POST", "/login", LOG_IN).await;
    assert_eq!(answer.body, json!({"result": "logged_in", "must_change": true}));
    let Some((_, ClerkCommand::LogIn { matched, version, id_number, .. })) = api.sent() else { panic!() };
    assert_eq!((matched, version, id_number.as_str()), (true, 4, "079123456789"));
}

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_are_refused_alike() {
    let api = Api::new();
    api.answer(Err(CommandError::Refused));
    let unknown = api.send("POST", "/login", LOG_IN).await;
    assert!(matches!(api.sent(), Some((_, ClerkCommand::LogIn { matched: false, version: 0, .. }))));
    let (key, record) = account(Some(vault::hash_password("another").unwrap()));
    api.store(key, record);
    api.answer(Err(CommandError::Refused));
    let wrong = api.send("POST", "/login", LOG_IN).await;
    assert!(matches!(api.sent(), Some((_, ClerkCommand::LogIn { matched: false, version: 4, .. }))));
    assert_eq!((unknown.status, &unknown.body), (StatusCode::FORBIDDEN, &wrong.body));
}

#[tokio::test]
async fn an_account_whose_password_is_being_drawn_lets_nobody_in() {
    let api = Api::new();
    let (key, record) = account(None);
    api.store(key, record);
    api.answer(Err(CommandError::Refused));
    api.send("POST", "/login", LOG_IN).await;
    assert!(matches!(api.sent(), Some((_, ClerkCommand::LogIn { matched: false, .. }))));
}

#[tokio::test]
async fn an_account_that_changed_meanwhile_is_compared_once_more() {
    let api = Api::new();
    api.answer(Err(CommandError::Conflict { reason: "version".to_owned() }));
    api.answer(Ok(Answer::LoggedIn { must_change: false }));
    assert_eq!(api.send("POST", "/login", LOG_IN).await.status, StatusCode::OK);
    assert!(api.sent().is_some() && api.sent().is_some());
}

#[tokio::test]
async fn a_new_password_arrives_as_a_hash_that_it_fits() {
    let api = Api::new();
    let (key, record) = account(Some(vault::hash_password("Old@12345").unwrap()));
    api.store(key, record);
    api.answer(Ok(Answer::Done { version: 5 }));
    let body = json!({"service": "hue", "username": "079123456789", "old": "Old@12345", "new": "Aa@123456"});
    assert_eq!(api.send("POST", "/password", &body.to_string()).await.status, StatusCode::OK);
    let Some((_, ClerkCommand::ChangePassword { matched, hash, .. })) = api.sent() else { panic!() };
    assert!(matched && vault::verify_password("Aa@123456", &hash));
}

#[tokio::test]
async fn a_wrong_old_password_brings_no_hash() {
    let api = Api::new();
    api.answer(Err(CommandError::Refused));
    let body = json!({"service": "hue", "username": "079123456789", "old": "x", "new": "Aa@123456"});
    assert_eq!(api.send("POST", "/password", &body.to_string()).await.status, StatusCode::FORBIDDEN);
    let Some((_, ClerkCommand::ChangePassword { matched, hash, .. })) = api.sent() else { panic!() };
    assert!(!matched && hash.is_empty());
}
