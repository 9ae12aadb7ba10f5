//! A clerk, a counter system, an operator's feed and a portal over HTTP, and the citizens who text meanwhile:
//! real processes, real sockets.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::collections::BTreeSet;

use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan};
use model::Key;
use model::journal::Entry;
use model::key::TimerSubject;
use serde_json::{Value, json};
use simulator::{Config, Message, Simulator};

use crate::support::{Answer, Api, Daemon, Home, PATIENCE};

/// A daemon with a Vietnamese and a Czech SMSC.
struct Office {
    home: Home,
    vietnam: Simulator,
    czechia: Simulator,
    daemon: Daemon,
    api: Api,
}

impl Office {
    async fn open() -> Self {
        let vietnam = Simulator::start(Config::default()).await.unwrap();
        let czechia = Simulator::start(Config::default()).await.unwrap();
        let home = Home::new();
        let smscs = [("vn", "vn", vietnam.smpp_address()), ("cz", "cz", czechia.smpp_address())];
        let (daemon, api) = Daemon::start_ready("debug", &home, &smscs);
        for smsc in [&vietnam, &czechia] {
            assert!(smsc.wait_receivers(1, PATIENCE).await, "{}", home.log_text());
        }
        Self { home, vietnam, czechia, daemon, api }
    }

    /// What is answered to a text.
    async fn text(&self, from: &str, to: &str, text: &str) -> String {
        let smsc = if to.starts_with("420") { &self.czechia } else { &self.vietnam };
        let sent = smsc.send(&Message::new(from, to, text)).unwrap();
        let reply = smsc.wait_answer(sent, PATIENCE).await;
        reply.unwrap_or_else(|| panic!("no reply to {text}")).text.to_string()
    }
}

const AN: &str = "84905123456";
const BINH: &str = "84914111222";
const NOVAK: &str = "420602123456";
const DVORAK: &str = "420777654321";
const TRUTNOV: &str = "420739547765";

#[allow(clippy::disallowed_methods, reason = "a real process lives in real time")]
fn now() -> Timestamp {
    Timestamp::now()
}

fn hours_ago(hours: i64) -> String {
    (now() - SignedDuration::from_hours(hours)).to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_clerk_says_of_a_dossier_is_what_the_citizen_is_told() {
    let office = Office::open().await;
    let api = &office.api;
    let path = "/dossiers/hue-xnc/13557009";
    assert_eq!(api.get(path).status, 404);
    let made =
        api.put(path, json!({"kind": "passport", "applicant": "Nguyễn Văn A", "accepted_at": hours_ago(13)}));
    made.assert_done();
    assert_eq!(made.header("etag"), "\"1\"");
    let ask = || office.text(AN, "8383", "XNC 13557009");
    assert!(ask().await.starts_with("Ho so 13557009 chua dong le phi"));
    let events = format!("{path}/events");
    api.post(&events, json!({"event": "fee_paid", "amount": 200_000, "at": hours_ago(11)})).assert_done();
    assert!(ask().await.starts_with("Ho so 13557009 da tiep nhan. Tra cuu duoc tu "));
    api.post(&events, json!({"event": "fee_paid", "at": hours_ago(12)})).assert_done();
    assert!(ask().await.starts_with("Ho so 13557009: dang giai quyet, chua co ngay hen tra ket qua."));
    api.post(&events, json!({"event": "due", "on": "2020-01-31"})).assert_done();
    assert!(ask().await.contains("da qua ngay hen 31/01/2020."));
    api.post(&events, json!({"event": "supplement", "note": "02 ảnh 4x6"})).assert_done();
    assert!(ask().await.starts_with("Ho so 13557009: can bo sung: 02 anh 4x6. Vui long den"));
    api.post(&events, json!({"event": "ready"})).assert_done();
    assert!(ask().await.starts_with("Ho so 13557009: da co ket qua."));
    api.post(&events, json!({"event": "picked_up", "at": hours_ago(23)})).assert_done();
    assert!(ask().await.starts_with("Ho so 13557009: da tra ket qua luc "));
    api.post(&events, json!({"event": "picked_up", "at": hours_ago(24)})).assert_done();
    let ended = "Ho so 13557009: dich vu tra cuu da ket thuc (24 gio sau khi nhan ket qua).";
    assert_eq!(ask().await, ended);
    let shown = api.get(path);
    assert_eq!(
        (&shown.body["applicant"], &shown.body["fee_amount"]),
        (&json!("Nguyễn Văn A"), &json!(200_000))
    );
    assert_eq!((shown.header("etag"), &shown.body["version"]), ("\"8\"", &json!(8)));

    let receipt = "/dossiers/danang/000.00.18.H17-230101-0001";
    api.put(receipt, json!({"unit": "UBND quận Hải Châu", "status": "supplement", "note": "bản vẽ"}))
        .assert_done();
    assert_eq!(
        office.text(AN, "8188", "dvc0000018h172301010001").await,
        "Ho so 000.00.18.H17-230101-0001: yeu cau bo sung: ban ve. Lien he UBND quan Hai Chau."
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_dossiers_is_taken_row_by_row_and_may_be_sent_again() {
    let office = Office::open().await;
    let accepted = hours_ago(13);
    let rows = (0..300).map(|n| format!("{},processing,{accepted}\n", 13_557_000 + n));
    let file: String = std::iter::once("code,status,accepted_at\n".to_owned()).chain(rows).collect();
    let send = |path: &str, file: &str| office.api.post_file(path, "text/csv", file);
    let counts = |answer: Answer| {
        assert_eq!(answer.status, 200, "{}", answer.text);
        ["created", "changed", "unchanged"].map(|field| answer.body[field].as_u64().unwrap())
    };
    let path = "/dossiers/hue-xnc";
    let wrong = send(path, &format!("{file}1355,processing,\n"));
    assert_eq!((wrong.status, &wrong.body["rows"][0]["line"]), (422, &json!(302)), "{}", wrong.text);
    assert!(
        office.text(AN, "8383", "XNC 13557009").await.starts_with("Khong tim thay"),
        "nothing was written"
    );
    assert_eq!(counts(send("/dossiers/hue-xnc?preview", &file)), [300, 0, 0]);
    assert_eq!(counts(send(path, &file)), [300, 0, 0]);
    assert!(office.text(AN, "8383", "XNC 13557299").await.starts_with("Ho so 13557299"));
    let other = file.replacen("processing", "ready", 1);
    assert_eq!(counts(send(path, &other)), [0, 1, 299]);
    assert_eq!(counts(send(path, &other)), [0, 0, 300]);
    assert_eq!(office.api.get("/dossiers/hue-xnc/13557000").body["version"], 2);

    let out = office.api.get(path);
    assert_eq!((out.status, out.header("content-type")), (200, "application/x-ndjson"));
    let rows: Vec<Value> = out.text.lines().map(|row| serde_json::from_str(row).unwrap()).collect();
    let codes: BTreeSet<&str> = rows.iter().map(|row| row["code"].as_str().unwrap()).collect();
    assert_eq!((rows.len(), codes.len()), (300, 300));
    let back = office.api.post_file(path, "application/x-ndjson", &out.text);
    assert_eq!(counts(back), [0, 0, 300], "what was handed out is what is known");

    assert_eq!(office.daemon.terminate(), Some(0), "{}", office.home.log_text());
    let key = vault::MasterKey::read(&office.home.key()).unwrap();
    let mut commands = 0;
    store::read_journal(&office.home.data(), &key, |_, turn| {
        commands += turn.entries.iter().filter(|entry| matches!(entry, Entry::Command { .. })).count();
    })
    .unwrap();
    assert_eq!(commands, 4 * 300, "each row that was taken stands in the journal, and no question does");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_of_counters_and_records_of_subscribers() {
    let local = now().in_tz("Asia/Ho_Chi_Minh").unwrap();
    if (local.hour(), local.minute()) >= (23, 58) {
        // No span of opening hours holds the day's last minute.
        return;
    }
    let office = Office::open().await;
    let api = &office.api;
    let all_day = json!([{"from": "00:00", "to": "23:59"}]);
    api.put("/calendar/hue-xnc", json!({"weekly": vec![all_day; 7]})).assert_done();
    for day in [now(), now() + SignedDuration::from_hours(24)] {
        // A public holiday would be closed.
        let day = day.in_tz("Asia/Ho_Chi_Minh").unwrap().date();
        let spans = json!({"spans": [{"from": "00:00", "to": "23:59"}]});
        api.put(&format!("/calendar/hue-xnc/days/{day}"), spans).assert_done();
    }
    let ask = || office.text(AN, "8383", "XNC STTXC");
    assert!(ask().await.starts_with("Hien chua co so lieu hang doi."));
    let path = "/queues/hue-xnc/STTXC/samples";
    let sample = |sequence: u64, waiting: u32, minutes_ago: i64| {
        let measured_at = now() - SignedDuration::from_mins(minutes_ago);
        let counters = json!({"open_counters": 4, "mean_service_s": 120});
        let mut sample = json!({"waiting": waiting, "sequence": sequence, "measured_at": measured_at});
        sample.as_object_mut().unwrap().extend(counters.as_object().unwrap().clone());
        sample
    };
    api.post(path, sample(1, 116, 8)).assert_done();
    assert!(ask().await.starts_with("So lieu hang doi chua duoc cap nhat (lan cuoi "));
    let fresh = sample(2, 41, 4);
    let local =
        fresh["measured_at"].as_str().unwrap().parse::<Timestamp>().unwrap().in_tz("Asia/Ho_Chi_Minh");
    api.post(path, fresh).assert_done();
    assert_eq!(api.post(path, sample(1, 7, 3)).body, json!({"result": "ignored"}));
    assert_eq!(
        ask().await,
        format!(
            "So nguoi dang doi nop ho so xin cap/doi ho chieu tinh den {} la 41 nguoi, so luong khach doi trung binh \
             va se giai quyet trong khoang 25 phut toi.",
            local.unwrap().strftime("%Hh%M ngay %d/%m/%Y")
        )
    );

    assert!(office.text(AN, "1414", "TTTB").await.contains("chua co thong tin"));
    let record = json!({
        "full_name": "Nguyễn Văn An", "birth_date": "1990-12-20", "doc_type": "CMND", "doc_number": "201499999",
        "doc_issued_on": "2008-03-05", "doc_issued_by": "CA Đà Nẵng",
    });
    // A feed that still writes the number of before 2018.
    api.put("/subscribers/841205123456", record.clone()).assert_done();
    assert_eq!(api.get("/subscribers/+84705123456").body["full_name"], "Nguyễn Văn An");
    assert_eq!(
        office.text("84705123456", "1414", "TTTB").await,
        "Ho ten: Nguyen Van An; Ngay sinh: 20/12/1990; So giay to: 201499999; Ngay cap: 05/03/2008; Noi cap: CA Da \
         Nang; Loai giay to: CMND"
    );
    assert!(
        office.text("84705123456", "1414", "TTTB 201499999").await.ends_with("thong tin dang ky day du.")
    );
    assert!(office.text("84705123456", "1414", "TTTB 201499998").await.contains("khong trung voi thong tin"));
    api.delete("/subscribers/84705123456").assert_done();
    assert_eq!(api.delete("/subscribers/84705123456").status, 404);
    assert!(office.text("84705123456", "1414", "TTTB").await.contains("chua co thong tin"));
}

fn log_in(api: &Api, username: &str, password: &str) -> Answer {
    api.post("/login", json!({"service": "danang", "username": username, "password": password}))
}

fn change(api: &Api, username: &str, old: &str, new: &str) -> Answer {
    api.post("/password", json!({"service": "danang", "username": username, "old": old, "new": new}))
}

/// Registers by SMS; the password that came back.
async fn register(office: &Office, from: &str, id_number: &str) -> String {
    let reply = office.text(from, "8188", &format!("TK,Nguyen Van A,{id_number},20/12/1990")).await;
    let (_, rest) = reply.split_once("MK: ").unwrap_or_else(|| panic!("no log-in: {reply}"));
    rest.split(' ').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_logs_in_and_a_change_stops_the_clock() {
    let office = Office::open().await;
    let api = &office.api;
    let issued = register(&office, AN, "201499999").await;
    register(&office, BINH, "201499998").await;
    let in_by_issued = json!({"result": "logged_in", "must_change": true});
    assert_eq!(log_in(api, "201 499 999", &issued).body, in_by_issued);

    change(api, "201499999", "Wrong@123", "Aa@123456").assert_problem(403, "log-in-refused", None);
    for (new, reason) in [
        ("Aa@1234", "has 8 to 64 characters"),
        ("aa@123456", "needs an upper-case letter"),
        ("AA@123456", "needs a lower-case letter"),
        ("Aa@bcdefg", "needs a digit"),
        ("Aa1234567", "needs a special character"),
    ] {
        let answer = change(api, "201499999", &issued, new);
        answer.assert_problem(422, "invalid-field", Some("/new"));
        assert_eq!(answer.body["detail"], reason);
    }
    change(api, "201499999", &issued, "Aa@123456").assert_done();
    let same = change(api, "201499999", "Aa@123456", "Aa@123456");
    same.assert_problem(422, "invalid-field", Some("/new"));
    log_in(api, "201499999", &issued).assert_problem(403, "log-in-refused", None);
    assert_eq!(
        log_in(api, "201499999", "Aa@123456").body,
        json!({"result": "logged_in", "must_change": false})
    );

    let elsewhere = json!({
        "id_number": "201111111", "full_name": "Tran B", "birth_date": "1985-01-02", "phone": "01201234567",
    });
    api.post("/accounts/danang/import", elsewhere.clone()).assert_done();
    api.post("/accounts/danang/import", elsewhere).assert_problem(409, "conflict", None);
    let taken = office.text("84701234567", "8188", "TK,Le Van C,201222222,09/09/1991").await;
    assert!(taken.starts_with("So dien thoai da duoc su dung"), "{taken}");
    api.delete("/accounts/danang/phones/841201234567").assert_done();
    register(&office, "84701234567", "201222222").await;

    assert_eq!(office.daemon.terminate(), Some(0), "{}", office.home.log_text());
    let key = vault::MasterKey::read(&office.home.key()).unwrap();
    let (store, _) = store::Store::open(&office.home.data(), &key, store::Options::default()).unwrap();
    let due = store.due(now() + SignedDuration::from_hours(24 * 30), 10).unwrap();
    // By night all of them fall due at the same moment of the morning, in no order.
    let clocks: BTreeSet<&str> = due
        .iter()
        .filter_map(|(key, _)| match key {
            Key::Timer(_, TimerSubject::RotatePassword(_, id_number)) => Some(id_number.0.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(
        clocks,
        BTreeSet::from(["201499998", "201222222"]),
        "those whose password is still the issued one"
    );
}

/// Nobody learns from refusals which ID numbers have an account, not even by locking it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_an_unknown_and_a_wrong_log_in_are_refused_alike() {
    let office = Office::open().await;
    let api = &office.api;
    let issued = register(&office, AN, "201499999").await;
    let refusal =
        |answer: Answer| (answer.status, answer.text.clone(), answer.header("retry-after").to_owned());
    let unknown = refusal(log_in(api, "201499998", "Wrong@123"));
    assert_eq!(unknown.0, 403);
    for _ in 0..6 {
        assert_eq!(refusal(log_in(api, "201499999", "Wrong@123")), unknown);
        assert_eq!(refusal(log_in(api, "201499998", "Wrong@123")), unknown);
    }
    assert_eq!(refusal(log_in(api, "201499999", &issued)), unknown, "locked");
    assert_eq!(refusal(change(api, "201499999", &issued, "Aa@123456")), unknown);
    assert_eq!(refusal(log_in(api, "nobody at all", &issued)), unknown);
}

/// The next Monday from three days ahead on which the office is open.
fn next_monday(calendar: &Value) -> Date {
    let today = now().in_tz("Europe/Prague").unwrap().date();
    let days = today.series(1.day()).skip(3).take(40);
    let open =
        |day: &Date| calendar["closed"].get(day.to_string()).is_none() && day.weekday() == Weekday::Monday;
    days.into_iter().find(open).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_towns_clerk_closes_days_and_adds_counters() {
    let office = Office::open().await;
    let api = &office.api;
    let before = api.get("/calendar/trutnov").body;
    let day = next_monday(&before);
    let short = format!("{}.{}.", day.day(), day.month());
    let free = format!("TERMIN ZOP {short}");
    let wish = |name: &str| format!("OBJ ZOP {short} 9:00 {name}");
    let listed = format!("Volne terminy ZOP {short}{}: 8:00-16:45 (po 15 min).", day.year());
    assert!(office.text(NOVAK, TRUTNOV, &free).await.starts_with(&listed));

    let path = format!("/calendar/trutnov/days/{day}");
    api.put(&path, json!({"spans": [{"from": "09:00", "to": "09:15"}]})).assert_done();
    assert!(office.text(NOVAK, TRUTNOV, &free).await.contains(": 9:00 (po 15 min)."));
    api.put(&path, json!({"spans": []})).assert_done();
    assert!(office.text(NOVAK, TRUTNOV, &free).await.contains("se nelze objednat. Nejblizsi volny termin: "));
    assert!(office.text(NOVAK, TRUTNOV, &wish("NOVAK")).await.contains("se nelze objednat."));
    api.delete(&path).assert_done();
    assert!(office.text(NOVAK, TRUTNOV, &wish("NOVAK")).await.starts_with("MeU Trutnov: objednano ZOP"));

    assert!(
        office
            .text(DVORAK, TRUTNOV, &wish("DVORAK"))
            .await
            .contains("je obsazen. Volne: 8:30, 8:45, 9:15, 9:30.")
    );
    api.put("/calendar/trutnov/activities/ZOP", json!({"counters": 2})).assert_done();
    assert!(office.text(DVORAK, TRUTNOV, &wish("DVORAK")).await.starts_with("MeU Trutnov: objednano ZOP"));
    let after = api.get("/calendar/trutnov").body;
    assert_eq!(after["activities"]["ZOP"]["counters"], 2);
    assert_eq!((&before["version"], &after["version"]), (&json!(0), &json!(4)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mistakes_are_problems_that_name_the_field() {
    let office = Office::open().await;
    let api = &office.api;
    let dossier = "/dossiers/hue-xnc/13557009";
    for authorization in [None, Some("Bearer wrong"), Some("Basic dGVzdA=="), Some("Bearer ")] {
        let headers: Vec<_> = authorization.iter().map(|value| ("Authorization", *value)).collect();
        let answer = api.call_with("PUT", dossier, Some("{}".to_owned()), &headers);
        answer.assert_problem(401, "unauthorized", None);
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    assert_eq!(api.get(dossier).status, 404, "nothing was written without a token");

    let sample = "/queues/hue-xnc/STTXC/samples";
    let days = "/calendar/trutnov/days/2030-01-07";
    for (method, path, body, pointer) in [
        ("PUT", dossier, json!({"colour": "red"}), "/colour"),
        ("PUT", dossier, json!({"status": "lost"}), "/status"),
        ("PUT", dossier, json!({"accepted_at": "2026-08-03T08:00:00"}), "/accepted_at"),
        ("PUT", dossier, json!({"accepted_at": "2226-08-03T08:00:00Z"}), "/accepted_at"),
        ("PUT", dossier, json!({"due_on": "2026-02-30"}), "/due_on"),
        ("PUT", dossier, json!({"kind": "k".repeat(81)}), "/kind"),
        ("PUT", dossier, json!({"code": "13557010"}), "/code"),
        ("POST", sample, json!({"measured_at": "2026-08-03T08:00:00Z", "sequence": 1}), "/waiting"),
        (
            "POST",
            sample,
            json!({"waiting": -1, "measured_at": "2026-08-03T08:00:00Z", "sequence": 1}),
            "/waiting",
        ),
        (
            "POST",
            sample,
            json!({"waiting": 1, "measured_at": "2226-08-03T08:00:00Z", "sequence": 1}),
            "/measured_at",
        ),
        ("PUT", "/subscribers/84905123456", json!({"doc_type": "driving licence"}), "/doc_type"),
        ("PUT", "/subscribers/0905123456", json!({}), "/msisdn"),
        ("POST", "/accounts/danang/import", json!({"id_number": "12345678"}), "/id_number"),
        ("POST", "/login", json!({"username": "201499999", "password": "x"}), "/service"),
        ("PUT", days, json!({"spans": [{"from": "09:00", "to": "08:00"}]}), "/spans/0/to"),
        ("PUT", days, json!({"spans": [{"from": "09:00:30", "to": "10:00"}]}), "/spans/0/from"),
        ("PUT", "/calendar/trutnov/days/monday", json!({"spans": []}), "/date"),
        ("PUT", "/calendar/trutnov", json!({"weekly": []}), "/weekly"),
        ("PUT", "/calendar/trutnov/activities/ZOP", json!({"counters": 33}), "/counters"),
    ] {
        api.call(method, path, Some(body)).assert_problem(422, "invalid-field", Some(pointer));
    }
    for path in ["/dossiers/nowhere/1", "/dossiers/tttb/1", "/calendar/trutnov/activities/ZZZ"] {
        api.put(path, json!({})).assert_problem(404, "not-found", None);
    }
    api.put(dossier, json!({"kind": "passport"})).assert_done();
    versions(api, dossier);
}

/// Two clerks at one dossier.
fn versions(api: &Api, dossier: &str) {
    let bearer = format!("Bearer {}", support::TOKEN);
    let put = |name: &str, value: &str| {
        let headers = [("Authorization", bearer.as_str()), (name, value)];
        api.call_with("PUT", dossier, Some(json!({"kind": "x"}).to_string()), &headers)
    };
    put("If-None-Match", "*").assert_problem(412, "version-mismatch", None);
    put("If-Match", "\"7\"").assert_problem(412, "version-mismatch", None);
    put("If-Match", "seven").assert_problem(412, "version-mismatch", None);
    assert_eq!(put("If-Match", "\"1\"").header("etag"), "\"2\"");
    put("If-Match", "\"1\"").assert_problem(412, "version-mismatch", None);
    assert_eq!(api.get(dossier).body["version"], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probes_and_metrics_ask_for_no_token_and_name_no_citizen() {
    let office = Office::open().await;
    let api = &office.api;
    api.put("/subscribers/84905123456", json!({"full_name": "Nguyen Van An"})).assert_done();
    api.get("/subscribers/84905123457");
    api.get("/no/such/84905123456");
    office.text(AN, "8383", "XNC 13557009").await;
    register(&office, AN, "201499999").await;
    for (path, body) in [("/livez", "live\n"), ("/readyz", "ready\n")] {
        let answer = api.call_with("GET", path, None, &[]);
        assert_eq!((answer.status, answer.text.as_str()), (200, body));
    }
    let metrics = api.call_with("GET", "/metrics", None, &[]).text;
    for personal in ["905123456", "905123457", "201499999", "13557009", "Nguyen"] {
        assert!(!metrics.contains(personal), "{personal}\n{metrics}");
    }
    lint(&metrics);
    for line in
        ["tongdai_smsc_bound{smsc=\"vn\"} 1", "tongdai_messages_total{service=\"danang\",label=\"D-OK\"} 1"]
    {
        assert!(metrics.lines().any(|found| found == line), "{line}\n{metrics}");
    }
}

/// Names as Prometheus wants them, each described, and buckets that can be added up.
fn lint(metrics: &str) {
    let mut families = 0;
    for line in metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        families += 1;
        assert!(metrics.contains(&format!("# HELP {name} ")), "{name} is not described");
        assert!(name.starts_with("tongdai_") && name.matches("_total").count() <= 1, "{name}");
        assert_eq!(kind == "counter", name.ends_with("_total"), "{name} is a {kind}");
        match kind {
            "histogram" => {
                assert!(
                    name.ends_with("_seconds") && metrics.contains(&format!("{name}_bucket{{")),
                    "{name}"
                );
            }
            "counter" | "gauge" => {}
            other => panic!("{name} is a {other}"),
        }
    }
    assert!(families > 10, "{metrics}");
}
