//! Reply texts: alphabet, number of parts, fields that have no longest value.

use std::collections::BTreeMap;

use text::parts::{Alphabet, measure};

use crate::compile::Out;
use crate::compile::rules::base_words;
use crate::file::File;
use crate::file::texts::{Longest, TemplateTable};

pub(super) fn check(file: &File, out: &mut Out<'_>) {
    let mut longest = base_words(file, &mut Out { name: out.name, report: &mut Default::default() }).fields;
    longest.extend(file.words.fields.clone());
    longest.extend(file.fields.clone());
    for table in file.template.values() {
        one(table, &longest, out);
    }
}

fn one(table: &TemplateTable, longest: &BTreeMap<String, Longest>, out: &mut Out<'_>) {
    let Ok(template) = model::Template::parse(&table.id, table.text.get_ref(), table.max_parts) else {
        return;
    };
    if table.id.is_empty() || template.pieces.is_empty() {
        let help = "the id names the reply in records and metrics, the text is what is sent".to_owned();
        out.error(&table.text, "a template needs an id and a text".to_owned(), Some(help));
        return;
    }
    let mut text = String::new();
    for piece in &template.pieces {
        match piece {
            model::template::Piece::Literal(literal) => text.push_str(literal),
            model::template::Piece::Field(name) => match longest.get(name) {
                Some(Longest::Characters(count)) => text.push_str(&"M".repeat(usize::from(*count))),
                Some(Longest::Text(value)) => text.push_str(value),
                None => {
                    let message = format!("nobody says how long {{{name}}} gets");
                    let help = format!("write {name} = 40 or {name} = \"the longest value\" in [fields]");
                    out.error(&table.text, message, Some(help));
                }
            },
        }
    }
    let measured = measure(&text);
    if measured.alphabet == Alphabet::Ucs2 {
        let mut beyond: Vec<char> =
            text.chars().filter(|c| measure(&c.to_string()).alphabet == Alphabet::Ucs2).collect();
        beyond.sort_unstable();
        beyond.dedup();
        let beyond: Vec<String> = beyond.iter().map(char::to_string).collect();
        let message = format!("{} does not fit the GSM alphabet: only 70 characters a part", table.id);
        out.error(&table.text, message, Some(format!("characters outside GSM-7: {}", beyond.join(" "))));
    } else if measured.parts > usize::from(table.max_parts) {
        let message = format!(
            "{} takes {} parts at its longest ({} septets); the limit is {}",
            table.id, measured.parts, measured.units, table.max_parts
        );
        let help = "160 septets fit one part, 153 each of several; shorten it or raise max_parts".to_owned();
        out.error(&table.text, message, Some(help));
    }
}
