//! Services files: what `check` finds, where it says so, and another town's file.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, in its helpers as well")]

use routing::{Report, Rules, check};

const LIBRARY: &str = include_str!("../../../deploy/services/examples/stadtbuecherei.toml");

fn packs() -> Vec<(&'static str, String)> {
    Rules::builtin_files().iter().map(|(name, text)| (*name, (*text).to_owned())).collect()
}

/// The report on the pack of 8383 with one change.
fn changed(from: &str, to: &str) -> Report {
    let (name, text) = packs().swap_remove(0);
    assert!(text.contains(from), "{from}");
    check(&[(name, text.replacen(from, to, 1))])
}

fn assert_finds(report: &Report, message: &str, help: &str) {
    let rendered = report.render(false);
    let found = report.diagnostics.iter().find(|finding| finding.message.contains(message));
    let found = found.unwrap_or_else(|| panic!("{message}\n{rendered}"));
    assert!(found.line > 1 && found.column >= 1, "{found:?}");
    assert!(found.help.as_deref().unwrap_or_default().contains(help), "{found:?}");
    assert_eq!(report.exit_code(), 78);
    assert!(rendered.contains(&format!("[hue-xnc.toml:{}:{}]", found.line, found.column)), "{rendered}");
}

#[test]
fn another_town_needs_no_line_of_rust() {
    let mut files = packs();
    files.push(("stadtbuecherei.toml", LIBRARY.to_owned()));
    let report = check(&files);
    assert!(report.diagnostics.is_empty(), "{}", report.render(false));
    assert_eq!((report.counts.services, report.exit_code()), (5, 0));
    assert!(Rules::load(&files).unwrap().by_number("420739000111").is_some());
}

#[test]
fn an_activity_out_of_use_needs_the_reply_that_says_so() {
    let text = LIBRARY.replacen("counters = 3\n", "counters = 3\nactive = false\n", 1);
    let report = check(&[("stadtbuecherei.toml", text)]);
    let messages: Vec<&str> = report.diagnostics.iter().map(|it| it.message.as_str()).collect();
    assert_eq!(messages, ["there is no template \"booking.bad_activity\", which this service needs"]);
    assert!(
        report.diagnostics[0].help.as_deref().unwrap().contains("write [template.\"booking.bad_activity\"]")
    );
}

#[test]
fn a_template_or_form_that_nothing_uses_is_a_warning() {
    let with = |name: &str, text: &str| {
        let report = check(&[("stadtbuecherei.toml", format!("{LIBRARY}\n{text}"))]);
        assert_eq!((report.exit_code(), report.diagnostics.len()), (0, 1), "{}", report.render(false));
        assert!(report.diagnostics[0].message.contains(name), "{}", report.render(false));
        report.diagnostics[0].help.clone()
    };
    let help = with("\"booking.remnid\"", "[template.\"booking.remnid\"]\nid = \"X\"\ntext = \"y\"");
    assert_eq!(help.as_deref(), Some("did you mean \"booking.remind\"?"));
    let help = with("no rule has the command boook", "[form.boook]\nform = \"X\"\nexample = \"X\"");
    assert_eq!(help.as_deref(), Some("did you mean \"book\"?"));
}

#[test]
fn each_pack_passes_alone() {
    for (name, text) in packs() {
        let report = check(&[(name, text)]);
        assert!(report.diagnostics.is_empty(), "{}", report.render(false));
        assert!(report.counts.tests_passed >= 12, "{name}: {} tests", report.counts.tests_passed);
    }
}

#[test]
fn mistakes_are_told_at_their_place_with_a_suggestion() {
    assert_finds(
        &changed("platform =", "platfrom ="),
        "unknown field `platfrom`",
        "did you mean \"platform\"?",
    );
    assert_finds(
        &changed("Ho so {code}: da co ket qua.", "Ho so {code}: da co ket qua tai {unit}."),
        "the role dossier.ready has no field {unit}",
        "available here: code, rc, note",
    );
    assert_finds(&changed("type = \"digits\"", "type = \"digit\""), "unknown argument type", "\"digits\"");
    assert_finds(&changed("\"XNC {queue}\"", "\"XNC {queue:quue}\""), "there is no [arg.quue]", "\"queue\"");
    assert_finds(&changed("\"XNC {code}\"", "\"XCN {code}\""), "there is no [keyword.XCN]", "\"XNC\"");
    assert_finds(
        &changed("empty = \"syntax\"", "empty = \"syntaxx\""),
        "no template \"syntaxx\"",
        "\"syntax\"",
    );
    assert_finds(&changed("country = \"vn\"", "country = \"vm\""), "no numbering plan", "");
    assert_finds(&changed("Asia/Ho_Chi_Minh", "Asia/Hanoi"), "Asia/Hanoi", "");
    assert_finds(&changed("07:30-11:30", "11:30-07:30"), "is no span of time", "the earlier time first");
    assert_finds(
        &changed("bad_code = \"dossier", "bad_kode = \"dossier"),
        "no kind of mistake",
        "\"bad_code\"",
    );
}

#[test]
fn texts_are_measured_and_their_fields_checked() {
    assert_finds(
        &changed("Ho so {code} chua", "Ho so {ma} chua"),
        "has no field {ma}",
        "available here: code",
    );
    assert_finds(&changed("Hien chua co", "Hiện chưa có"), "does not fit the GSM alphabet", "ư");
    let long = "Hien chua co so lieu hang doi. ".repeat(6);
    assert_finds(&changed("Hien chua co", &long), "takes 2 parts", "160");
    assert_finds(
        &changed("[template.\"dossier.ready\"]", "[template.\"dossier.redy\"]"),
        "which this service needs",
        "",
    );
    assert_finds(&changed("note = 40\n", ""), "nobody says how long {note} gets", "[fields]");
}

#[test]
fn rules_that_never_match_and_failing_tests_are_found() {
    assert_finds(
        &changed(
            "match = \"XNC {queue}\"\ncommand = \"queue_status\"",
            "match = \"XNC {code}\"\ncommand = \"dossier_status\"",
        ),
        "rule queue can never match",
        "rule \"status\" above",
    );
    assert_finds(
        &changed("expect = { command = \"help\" }", "expect = { error = \"bad_code\" }"),
        "test failed",
        "",
    );
    assert_finds(&changed("id = \"queue\"", "id = \"status\""), "two rules \"status\"", "");
}

#[test]
fn several_mistakes_are_told_at_once_and_a_number_has_one_service() {
    let (name, text) = packs().swap_remove(0);
    let text = text
        .replace("\"XNC {code}\"", "\"XCN {code}\"")
        .replace("mins = ", "mims = ")
        .replace("country = \"vn\"", "country = \"xx\"");
    assert!(check(&[(name, text.clone())]).diagnostics.len() >= 2);
    let twice = check(&[(name, packs()[0].1.clone()), ("copy.toml", packs()[0].1.clone())]);
    assert_eq!(twice.diagnostics.iter().filter(|it| it.message.contains("as well")).count(), 2);
}

#[test]
fn a_printed_code_is_one_that_a_citizen_can_write() {
    let mut files = packs();
    files.push(("stadtbuecherei.toml", LIBRARY.to_owned()));
    let rules = Rules::load(&files).unwrap();
    for (service, code, readable) in [
        ("hue-xnc", "13557009", true),
        ("hue-xnc", "1355-7009", true),
        ("hue-xnc", "1355700", false),
        ("hue-xnc", "135570091", false),
        ("hue-xnc", "1355700O", false),
        ("hue-xnc", "STTXC", false),
        ("danang", "000.00.18.H17-230101-0001", true),
        ("danang", "0000018h172301010001", true),
        ("danang", "000.00.18.H17-230231-0001", false),
        ("danang", "HC.170523/0012", true),
        ("danang", "170-12", false),
        ("danang", "HĐ-170523", false),
        ("danang", "170523-0012, 170523-0013", false),
        ("no-such-service", "13557009", false),
    ] {
        assert_eq!(rules.reads_code(model::ServiceId::new(service), code), readable, "{service} {code}");
    }
}
