//! People who use what we offer for what it is not meant for..

use jiff::SignedDuration;
use model::dossier::Status;
use model::{Address, ServiceId};

use crate::stage::{MONDAY, Stage, TRUTNOV, between};

const THIEF: &str = "84905666666";

#[test]
fn a_01_a_number_that_tries_codes_learns_of_ten_wrong_ones_an_hour_and_no_more() {
    let mut stage = Stage::at(MONDAY);
    let codes: Vec<String> = (0..240).map(|n| (90_000_000 + n * 37).to_string()).collect();
    // The last of the row is a real one: by then the number is shut out.
    stage.hue(&codes[239]);
    let (mut answered, mut refused, mut found) = (0, 0, 0);
    for (n, code) in codes.iter().enumerate() {
        // Eight a minute, under the loop guard, for half an hour.
        stage.after(SignedDuration::from_millis(7_500));
        for text in stage.ask(THIEF, "8383", &format!("XNC {code}")) {
            match () {
                () if text.starts_with("Khong tim thay ho so") => answered += 1,
                () if text.starts_with("Quy khach da gui qua so lan cho phep.") => refused += 1,
                () => found += 1,
            }
        }
        assert!(n < 12 || answered == 10, "{n}");
    }
    assert_eq!((answered, refused, found), (10, 1, 0));
    // Nobody else pays for it, and the silence ends with the hour.
    assert!(stage.answer("84905123456", "8383", &format!("XNC {}", codes[239])).starts_with("Ho so "));
    stage.after(SignedDuration::from_hours(1));
    assert!(stage.answer(THIEF, "8383", "XNC 90000000").starts_with("Khong tim thay"));
}

#[test]
fn a_01_who_is_shut_out_still_hears_of_all_that_he_found_within_a_day_and_not_after_it() {
    let mut stage = Stage::at(MONDAY);
    let courier = "84905123456";
    let codes: Vec<String> = (0..12).map(|n| (13_557_000 + n).to_string()).collect();
    let shut_out = |stage: &mut Stage| {
        for n in 0..11 {
            stage.after(SignedDuration::from_secs(10));
            stage.ask(courier, "8383", &format!("XNC {}", 90_000_000 + n));
        }
    };
    for code in &codes {
        stage.hue(code);
        stage.after(SignedDuration::from_secs(10));
        assert!(stage.answer(courier, "8383", &format!("XNC {code}")).starts_with("Ho so "));
    }
    shut_out(&mut stage);
    for code in &codes {
        stage.after(SignedDuration::from_secs(10));
        assert!(stage.answer(courier, "8383", &format!("XNC {code}")).starts_with("Ho so "), "{code}");
    }
    stage.after(SignedDuration::from_hours(24));
    shut_out(&mut stage);
    for code in &codes {
        stage.after(SignedDuration::from_secs(10));
        assert!(stage.ask(courier, "8383", &format!("XNC {code}")).is_empty(), "{code}");
    }
}

#[test]
fn a_01_a_day_of_patience_tries_240_of_a_hundred_million_codes() {
    let mut stage = Stage::at(MONDAY);
    let mut answered = 0;
    for n in 0..24 * 12 {
        stage.after(SignedDuration::from_mins(5));
        let texts = stage.ask(THIEF, "8383", &format!("XNC {}", 90_000_000 + n));
        answered += texts.iter().filter(|text| text.starts_with("Khong tim thay")).count();
    }
    assert!((200..=250).contains(&answered), "{answered} codes in a day");
}

#[test]
fn a_01_codes_of_both_look_ups_and_of_bookings_are_counted_and_told_alike() {
    let mut stage = Stage::at(MONDAY);
    // Registered but not accepted yet looks like no dossier at all, to the letter and to the count.
    let registered = model::Dossier { code: "10000001".to_owned(), ..model::Dossier::default() };
    stage.clerk(model::ClerkCommand::PutDossier {
        service: ServiceId::new("hue-xnc"),
        dossier: Box::new(registered),
        expected_version: None,
    });
    let unknown = stage.answer(THIEF, "8383", "XNC 10000002").replace("10000002", "10000001");
    for _ in 0..9 {
        stage.after(SignedDuration::from_mins(1));
        assert_eq!(stage.answer(THIEF, "8383", "XNC 10000001"), unknown);
    }
    assert!(stage.answer(THIEF, "8383", "XNC 10000001").starts_with("Quy khach da gui qua so lan"));

    for n in 0..10 {
        stage.after(SignedDuration::from_secs(10));
        let reply = stage.answer(THIEF, "8188", &format!("DVC 000.00.18.H17-230101-{n:04}"));
        assert!(reply.starts_with("Khong tim thay ho so"), "{n}: {reply}");
    }
    stage.dossier("17012345", Status::Processing, "UBND", "");
    assert!(stage.answer(THIEF, "8188", "DVC 17012345").starts_with("Quy khach da gui qua so lan"));
    assert!(stage.ask(THIEF, "8188", "DVC 17012345").is_empty());
}

#[test]
fn a_01_access_codes_of_bookings_are_guessed_five_times_an_hour() {
    let mut stage = Stage::at(MONDAY);
    let booked = stage.town("OBJ ZOP 10.8. 14:00 NOVAK");
    let code = between(&booked, "kod: ", ",").to_owned();
    let thief = "420602666666";
    let mut told = 0;
    for n in 0..40 {
        stage.after(SignedDuration::from_millis(7_500));
        let wrong = format!("{:06}", (code.parse::<u32>().unwrap() + n + 1) % 1_000_000);
        told += stage.ask(thief, TRUTNOV, &format!("STORNO {wrong} 10.8.")).len();
    }
    assert_eq!(told, 6, "five that are wrong, and one that says to wait");
    assert!(stage.ask(thief, TRUTNOV, &format!("STORNO {code} 10.8.")).is_empty(), "even the right one");
    assert!(stage.town(&format!("STORNO {code} 10.8.")).ends_with("byla zrusena."));
}

#[test]
fn a_03_a_text_goes_to_the_number_that_wrote_and_to_no_other() {
    let mut stage = Stage::at(MONDAY);
    stage.hue("13557009");
    let (victim, thief) = ("84905111111", "84905666666");
    for (to, text) in [
        ("8383", "XNC 13557009 84905111111"),
        ("8383", "XNC 13557009 gui 0905111111"),
        ("1414", "TTTB 0905111111"),
        ("1414", "TTTB 84905111111"),
        ("8188", "TK,Nguyen Van An,201499999,20/12/1990,0905111111"),
        ("8188", "TK,Nguyen Van An 0905111111,201499999,20/12/1990"),
    ] {
        let texts = stage.ask(thief, to, text);
        assert!(texts.len() <= 1, "{text}: {texts:?}");
        assert!(!texts.concat().contains("905111111"), "{text}: {texts:?}");
        assert!(stage.read(victim).is_empty(), "{text}");
    }
    assert_eq!(stage.world.handsets.unread().count(), 0);
}

#[test]
fn a_03_senders_that_cost_or_cannot_be_answered_get_nothing() {
    let mut stage = Stage::at(MONDAY);
    // Short codes, letters, no sender, our own numbers, a fixed-line shape that the plan has not.
    for (ton, from) in
        [(6, "9029"), (0, "1900"), (5, "VIETTEL"), (0, ""), (0, "8188"), (1, "84123"), (1, "8411123456789")]
    {
        let to = Address::new(0, 1, "8383");
        stage.world.text("a", Address::new(ton, 1, from), to, "XNC HD").unwrap();
        assert_eq!(stage.world.handsets.unread().count(), 0, "{from}");
    }
}

#[test]
fn a_06_who_forges_a_number_learns_nothing_and_takes_nothing() {
    let mut stage = Stage::at(MONDAY);
    let victim = "84905111111";
    let own = stage.answer(victim, "8188", "TK,Nguyen Van An,201499999,20/12/1990");
    let password = between(&own, "MK: ", " ").to_owned();
    // The forger writes with the victim's number: every answer goes to the victim's handset, the password stands.
    let again = stage.answer(victim, "8188", "TK,Nguyen Van An,201499999,20/12/1990");
    assert!(again.starts_with("So CMND da duoc su dung") && !again.contains(&password), "{again}");
    let other = stage.answer(victim, "8188", "TK,Tran Van Ba,201499998,20/12/1990");
    assert!(other.starts_with("So dien thoai da duoc su dung"), "{other}");
    assert!(stage.log_in("201499999", &password).is_ok());
    // A booking is given back for its code only, whoever writes.
    let booked = stage.town("OBJ ZOP 10.8. 14:00 NOVAK");
    let code = between(&booked, "kod: ", ",").to_owned();
    let wrong = format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000);
    assert!(stage.town(&format!("STORNO {wrong} 10.8.")).contains("neexistuje"));
    assert!(stage.town("TERMIN ZOP 10.8.").contains("8:00-13:45, 14:15-16:45"));
}

#[test]
fn a_08_a_phone_holds_four_bookings_and_what_it_gives_back_is_free_at_once() {
    let mut stage = Stage::at(MONDAY);
    let hoarder = "420602666666";
    let mut codes = Vec::new();
    let mut refused = 0;
    for n in 0..40_u8 {
        stage.after(SignedDuration::from_secs(10));
        let (hour, minute, name) = (8 + n / 4, n % 4 * 15, (b'A' + n / 26) as char);
        let text = format!("OBJ ZOP 10.8. {hour}:{minute:02} HAM{name}{}", (b'A' + n % 26) as char);
        let reply = stage.answer(hoarder, TRUTNOV, &text);
        if reply.contains("objednano") {
            codes.push(between(&reply, "kod: ", ",").to_owned());
        } else {
            refused += usize::from(reply.starts_with("Z tohoto cisla uz existuji 4 platne objednavky."));
        }
    }
    assert_eq!((codes.len(), refused), (4, 32), "the last four are behind the last slot");
    assert!(stage.town("TERMIN ZOP 10.8.").contains(": 9:00-16:45"));
    let reply = stage.answer(hoarder, TRUTNOV, &format!("STORNO {} 10.8.", codes[0]));
    assert!(reply.ends_with("byla zrusena."), "{reply}");
    assert!(stage.town("TERMIN ZOP 10.8.").contains(": 8:00, 9:00-16:45"));
    // Neither by the same name on the same day, nor by the nearest slot.
    assert!(stage.answer(hoarder, TRUTNOV, "OBJ ZOP 10.8. 15:00 HAMAB").starts_with("Pro HAMAB uz je"));
    assert!(stage.answer(hoarder, TRUTNOV, "OBJ ZOP HAMZZ").contains("objednano"));
    assert!(stage.answer(hoarder, TRUTNOV, "OBJ ZOP HAMYY").starts_with("Z tohoto cisla uz existuji 4"));
}
