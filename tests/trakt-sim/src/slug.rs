//! Slugs as they were observed: lower case, every run of other characters one dash, none at the ends.

/// The slug of a name. Accented Latin letters lose their accents; other letters outside ASCII act as separators.
pub fn slug(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    if name.is_ascii() {
        // Searches come by here for every title that there is.
        for byte in name.bytes() {
            if byte.is_ascii_alphanumeric() {
                out.push(char::from(byte.to_ascii_lowercase()));
            } else if !out.is_empty() && !out.ends_with('-') {
                out.push('-');
            }
        }
        out.truncate(out.trim_end_matches('-').len());
        return out;
    }
    for letter in name.chars().flat_map(char::to_lowercase) {
        match plain(letter) {
            Some(text) => out.push_str(text),
            None if letter.is_ascii_alphanumeric() => out.push(letter),
            None if out.ends_with('-') || out.is_empty() => {}
            None => out.push('-'),
        }
    }
    out.trim_end_matches('-').to_owned()
}

/// A slug that `taken` does not know: the plain one, else with `-2`, `-3`, …
pub(crate) fn free(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let first = slug(name);
    if !taken(&first) && !first.is_empty() {
        return first;
    }
    (2..).map(|n| format!("{first}-{n}")).find(|slug| !taken(slug)).unwrap_or(first)
}

fn plain(letter: char) -> Option<&'static str> {
    Some(match letter {
        'à'..='å' => "a",
        'æ' => "ae",
        'ç' => "c",
        'è'..='ë' => "e",
        'ì'..='ï' => "i",
        'ñ' => "n",
        'ò'..='ö' | 'ø' => "o",
        'ù'..='ü' => "u",
        'ý' | 'ÿ' => "y",
        'ß' => "ss",
        'œ' => "oe",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_follow_the_observed_rule() {
        for (name, expected) in [
            ("a -- b", "a-b"),
            ("Marvel: Phase 1", "marvel-phase-1"),
            ("Bob's list", "bob-s-list"),
            ("a_b.c", "a-b-c"),
            ("Été 2024", "ete-2024"),
            ("  x ", "x"),
            ("A/B", "a-b"),
            ("Ann.Kay", "ann-kay"),
        ] {
            assert_eq!(slug(name), expected, "{name}");
        }
        assert_eq!(free("x", |slug| slug == "x" || slug == "x-2"), "x-3");
    }
}
