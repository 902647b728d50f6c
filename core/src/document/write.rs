//! Values → YAML text that every reader understands alike.
//!
//! FlexGet reads YAML 1.1, most other programs 1.2. Text that either of them would take for
//! something else than text is quoted, so that `yes` is never written where `"yes"` was meant.

use serde_yaml::Value;

use crate::document::node::TIMESTAMP;
use crate::document::scalar;

/// A key longer than this is written behind a `?`, because readers give up looking for its `:`.
const LONGEST_PLAIN_KEY: usize = 1000;

/// Writes the value as a YAML document in block style, two spaces a level.
///
/// It ends with a line break.
///
/// Reading it with [`Document::parse`](crate::document::Document::parse) gives the same value (a
/// lone null apart, which is an empty config). Keys that are not text become it, as they do on
/// reading; tags are left out.
pub fn to_yaml(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value, 0, Before::Nothing);
    text
}

/// Text that is on the line already.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    Nothing,
    Key,
    Dash,
}

fn write(out: &mut String, value: &Value, indent: usize, before: Before) {
    match value {
        Value::Mapping(mapping) if !mapping.is_empty() => {
            if before == Before::Key {
                out.push('\n');
            }
            for (at, (key, value)) in mapping.iter().enumerate() {
                // The first key of a list's item stands behind the dash.
                if at > 0 || before != Before::Dash {
                    pad(out, indent);
                }
                let key = scalar_text(&Value::String(key_text(key)));
                if key.len() > LONGEST_PLAIN_KEY {
                    out.push_str("? ");
                    out.push_str(&key);
                    out.push('\n');
                    pad(out, indent);
                } else {
                    out.push_str(&key);
                }
                out.push(':');
                write(out, value, indent.saturating_add(2), Before::Key);
            }
        }
        Value::Sequence(items) if !items.is_empty() => {
            if before == Before::Key {
                out.push('\n');
            }
            for (at, item) in items.iter().enumerate() {
                if at > 0 || before != Before::Dash {
                    pad(out, indent);
                }
                out.push_str("- ");
                write(out, item, indent.saturating_add(2), Before::Dash);
            }
        }
        Value::Tagged(tagged) if tagged.tag != TIMESTAMP => write(out, &tagged.value, indent, before),
        scalar => {
            if before == Before::Key {
                out.push(' ');
            }
            match scalar {
                Value::String(text) if before != Before::Nothing && is_block(text) => block(out, text, indent),
                scalar => {
                    out.push_str(&scalar_text(scalar));
                    out.push('\n');
                }
            }
        }
    }
}

/// Returns a key as text: what is not text takes the text that YAML has for it.
fn key_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(is) => is.to_string(),
        Value::Number(number) => number.to_string(),
        _ => "null".to_owned(),
    }
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

fn scalar_text(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(is) => is.to_string(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => float_text(float),
            _ => number.to_string(),
        },
        Value::String(text) if is_plain(text) => text.clone(),
        Value::String(text) if text.chars().all(is_printable) => format!("'{}'", text.replace('\'', "''")),
        Value::String(text) => double_quoted(text),
        Value::Sequence(_) => "[]".into(),
        Value::Mapping(_) => "{}".into(),
        Value::Tagged(tagged) => match &tagged.value {
            Value::String(text) if tagged.tag == TIMESTAMP => text.clone(),
            other => scalar_text(other),
        },
    }
}

/// Writes a float with a point and a signed exponent, as YAML 1.1 reads `1e16` as text.
fn float_text(float: f64) -> String {
    if float.is_nan() {
        return ".nan".into();
    }
    if float.is_infinite() {
        return if float > 0.0 { ".inf" } else { "-.inf" }.into();
    }
    let text = format!("{float:?}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let point = if digits.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with('-') { "" } else { "+" };
    format!("{digits}{point}e{sign}{exponent}")
}

/// Returns whether the text can stand without quotes anywhere in block style.
fn is_plain(text: &str) -> bool {
    const INDICATORS: &str = "-?:,[]{}#&*!|>'\"%@`";
    !text.starts_with(|c: char| INDICATORS.contains(c) || c.is_whitespace())
        && !text.ends_with(|c: char| c == ':' || c.is_whitespace())
        && !text.contains(": ")
        && !text.contains(" #")
        && text.chars().all(is_printable)
        && !scalar::is_special(text)
}

/// Returns whether a character may be in a file unescaped; line breaks and tabs are apart.
fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..) && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

fn double_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_printable(c) => out.push(c),
            c => {
                let code = u32::from(c);
                match code {
                    0..=0xff => out.push_str(&format!("\\x{code:02x}")),
                    0x100..=0xffff => out.push_str(&format!("\\u{code:04x}")),
                    _ => out.push_str(&format!("\\U{code:08x}")),
                }
            }
        }
    }
    out.push('"');
    out
}

/// Returns whether the lines can be a text block that indentation and trimming do not change.
fn is_block(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    body.contains('\n')
        && !body.ends_with('\n')
        && !body.starts_with([' ', '\n'])
        && body.split('\n').all(|line| line.chars().all(is_printable) && !line.ends_with(' '))
}

fn block(out: &mut String, text: &str, indent: usize) {
    out.push_str(if text.ends_with('\n') { "|\n" } else { "|-\n" });
    for line in text.lines() {
        if !line.is_empty() {
            pad(out, indent);
            out.push_str(line);
        }
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::document::Document;

    fn read(text: &str) -> Value {
        Document::parse("written.yml", text).map_err(|bad| bad.diagnostics).expect(text).value()
    }

    #[test]
    fn text_that_some_reader_would_mistake_is_quoted() {
        for text in [
            "yes",
            "No",
            "on",
            "y",
            "~",
            "null",
            "",
            "5",
            "010",
            "0o17",
            "1:30",
            "1e5",
            "1_000",
            ".inf",
            "2020-01-01",
            "=",
            "<<",
            "- a",
            "a: b",
            "a #b",
            "a:",
            " a",
            "a ",
            "{{ x }}",
            "*.mkv",
            "@x",
            "%x",
            "'",
            "\"",
            "a\tb",
            "\u{feff}a",
            "a\u{85}b",
            "\u{7}",
            "#",
            "? a",
            "---",
            "[x]",
        ] {
            let written = to_yaml(&text.into());
            assert!(written.starts_with(['\'', '"']), "{text:?}: {written}");
            assert_eq!(read(&written), text, "{written}");
        }
        for text in ["movies", "a b", "http://x/y#z", "it's", "a-b", "x {{ y }}", "é"] {
            assert_eq!(to_yaml(&text.into()), format!("{text}\n"));
        }
    }

    #[test]
    fn it_looks_like_a_config() {
        let text = "tasks:\n  movies:\n    list_add:\n      - trakt_list:\n          account: me\n          strip_dates: true\n      - entry_list: a\n    if:\n      - - a\n        - b: 1\n    exec: |\n      one\n\n        two\n    empty: []\n    rate: 1.0e+16\n";
        assert_eq!(to_yaml(&read(text)), text);
    }

    fn any_text() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "[ -~\n\t]{0,12}",
            "[-+0-9.:_eExobaf]{1,6}",
            "(yes|no|on|Off|~|null|<<|=|\\{\\{ x \\}\\}|: |#|\n|'|\"| ){1,3}",
            "[a-z]{1000,1100}",
        ]
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_filter("NaN is not equal to itself", |f| !f.is_nan()).prop_map(Value::from),
            any_text().prop_map(Value::from),
        ];
        scalar.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Sequence),
                prop::collection::vec((any_text(), inner), 0..4).prop_map(|pairs| pairs
                    .into_iter()
                    .map(|(key, value)| (Value::from(key), value))
                    .collect::<serde_yaml::Mapping>()
                    .into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value in any_value().prop_filter("a config of nothing is an empty mapping", |value| !value.is_null())) {
            let text = to_yaml(&value);
            prop_assert_eq!(&read(&text), &value, "{}", text);
            let independent: Value = serde_yaml::from_str(&text).map_err(|e| TestCaseError::fail(format!("{e}: {text}")))?;
            prop_assert_eq!(&independent, &value, "{}", text);
        }
    }
}
