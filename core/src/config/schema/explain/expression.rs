//! Ways out of mistakes in conditions, which other languages and YAML suggest.

/// Words that other languages have for `in`.
const CONTAINS: [&str; 4] = ["contains", "like", "includes", "matches"];

/// Units of time that a number may stand before.
const UNITS: [&str; 5] = ["second", "minute", "hour", "day", "week"];

/// Returns what to write instead of a text that is no expression.
pub(super) fn way_out(text: &str) -> String {
    let bare = without_quoted(text);
    let words: Vec<&str> =
        bare.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
    let instead = |right: &str, wrong: &str| format!("write `{right}` for `{wrong}`");
    if let Some(inner) = text.trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")) {
        return format!("a condition has no braces: write `{}`", inner.trim());
    }
    if bare.contains("{{") || bare.contains("{%") {
        return "a condition has no braces: write the expression alone".to_owned();
    }
    for (wrong, right) in [("&&", "and"), ("||", "or"), ("<>", "!=")] {
        if bare.contains(wrong) {
            return instead(right, wrong);
        }
    }
    if bare.split('!').skip(1).any(|behind| !behind.starts_with('=')) {
        return instead("not", "!");
    }
    if let Some(wrong) = bare.chars().find(|c| "“”„‘’‚«»".contains(*c)) {
        return instead("'", &wrong.to_string());
    }
    if text.chars().filter(|c| *c == '\'').count() % 2 == 1 || text.chars().filter(|c| *c == '"').count() % 2 == 1 {
        return "a quote is not closed: text begins and ends with `'`".to_owned();
    }
    if let Some(wrong) = words.iter().find(|word| ["AND", "OR", "NOT", "IN", "IS"].contains(word)) {
        return instead(&wrong.to_lowercase(), wrong);
    }
    let mut after_is = words.iter().skip_while(|word| **word != "is").skip(1);
    if let Some(tested) = after_is.next() {
        let tested = Some(tested).filter(|word| **word != "not").or(after_is.next());
        if let Some(tested) = tested.filter(|word| word.starts_with(|first: char| first.is_uppercase())) {
            return instead(&format!("is {}", tested.to_lowercase()), &format!("is {tested}"));
        }
    }
    if has_lone_equals(&bare) {
        return "write `==` to compare".to_owned();
    }
    if let Some(wrong) = words.iter().find(|word| CONTAINS.contains(word)) {
        return format!("write `'text' in field` for `{wrong}`");
    }
    for (number, unit) in words.iter().zip(words.iter().skip(1)) {
        let single = unit.strip_suffix('s').unwrap_or(unit);
        let is_number = number.chars().all(|digit| digit.is_ascii_digit());
        if UNITS.contains(&single) && is_number {
            return instead(&format!("timedelta({single}s={number})"), &format!("{number} {unit}"));
        }
    }
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let mut pieces = bare.split(',').zip(bare.split(',').skip(1));
    let has_comma = pieces.any(|(before, behind)| digit(before.chars().last()) && digit(behind.chars().next()));
    if has_comma && !bare.contains(['(', '[']) {
        return "write a number with `.`: `7.5`".to_owned();
    }
    for (open, close) in [('(', ')'), ('[', ']')] {
        if bare.matches(open).count() != bare.matches(close).count() {
            return format!("each `{open}` needs its `{close}`");
        }
    }
    "it compares fields with `==`, `<`, `in`, and joins such parts with `and`, `or`, `not`".to_owned()
}

/// Returns a text with blanks for what stands in quotes.
fn without_quoted(text: &str) -> String {
    let mut open = None;
    let keep = |c: char| match open {
        None if c == '\'' || c == '"' => {
            open = Some(c);
            ' '
        }
        None => c,
        Some(quote) => {
            if c == quote {
                open = None;
            }
            ' '
        }
    };
    text.chars().map(keep).collect()
}

/// Returns whether a text has a `=` that is no part of a comparison or an argument.
fn has_lone_equals(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_part = |at: Option<&u8>| at.is_some_and(|byte| b"=<>!".contains(byte));
    let lone = |at: usize| {
        !is_part(bytes.get(at.saturating_add(1))) && !is_part(at.checked_sub(1).and_then(|at| bytes.get(at)))
    };
    let is_argument = |at: usize| text[..at].matches('(').count() > text[..at].matches(')').count();
    text.match_indices('=').any(|(at, _)| lone(at) && !is_argument(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::Expression;

    #[test]
    fn a_mistake_of_another_language_is_told_with_the_way_out() {
        for (text, way) in [
            ("{{ a }}", "write `a`"),
            ("{% if a %}", "has no braces"),
            ("a && b", "`and` for `&&`"),
            ("a || b", "`or` for `||`"),
            ("a <> b", "`!=` for `<>`"),
            ("!a", "`not` for `!`"),
            ("a AND b", "`and` for `AND`"),
            ("a is True", "`is true` for `is True`"),
            ("a is not None", "`is none` for `is None`"),
            ("a = 1", "write `==`"),
            ("(a) and b = 'x == y'", "write `==`"),
            ("a contains 'x'", "`'text' in field` for `contains`"),
            ("a < now - 7 days", "`timedelta(days=7)` for `7 days`"),
            ("a > 7,5", "with `.`"),
            ("a == “x”", "`'` for `“`"),
            ("a == 'x", "not closed"),
            ("(a or b", "each `(` needs its `)`"),
            ("a b", "joins such parts"),
        ] {
            assert!(Expression::compile(text).is_err(), "{text}");
            assert!(way_out(text).contains(way), "{text}: {}", way_out(text));
        }
    }

    #[test]
    fn what_stands_in_quotes_is_no_operator() {
        for text in ["a == 'x && y' b", "'!' in a b", "f(x=1) a"] {
            assert!(way_out(text).contains("joins such parts"), "{text}: {}", way_out(text));
        }
    }
}
