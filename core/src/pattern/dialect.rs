//! Python's regular expressions and the masks of a shell, in the engine's spelling.

/// Translates Python's spellings that the engine lacks.
///
/// These are `[` within a class, `{` that begins no repetition, `{,3}`, and the end `\Z`.
pub(super) fn spelled_here(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut class: Option<usize> = None;
    while let Some(next) = rest.chars().next() {
        let mut taken = next.len_utf8();
        match (next, class) {
            ('\\', _) => {
                let escaped = rest.chars().nth(1).map_or(0, char::len_utf8);
                taken = taken.saturating_add(escaped);
                match (&rest[..taken], class) {
                    ("\\Z", None) => out.push_str(r"\z"),
                    ("\\<" | "\\>", _) => out.push_str(&rest[1..taken]),
                    (other, _) => out.push_str(other),
                }
            }
            ('[', None) => {
                class = Some(out.len());
                out.push('[');
                let mut inside = &rest[1..];
                if let Some(negated) = inside.strip_prefix('^') {
                    out.push('^');
                    inside = negated;
                }
                // A bracket that comes first is one of the class.
                if let Some(behind) = inside.strip_prefix(']') {
                    out.push_str(r"\]");
                    inside = behind;
                }
                taken = rest.len().saturating_sub(inside.len());
            }
            (']', Some(_)) => {
                class = None;
                out.push(']');
            }
            ('[', Some(_)) => out.push_str(r"\["),
            ('&' | '~', Some(_)) => {
                out.push('\\');
                out.push(next);
            }
            ('-', Some(_)) if rest.starts_with("--") => out.push_str(r"\-"),
            ('{', None) => match repetition(rest) {
                Some((length, spelled)) => {
                    taken = length;
                    out.push_str(&spelled);
                }
                None => out.push_str(r"\{"),
            },
            (other, _) => out.push(other),
        }
        rest = &rest[taken..];
    }
    out
}

/// Returns a repetition at the beginning of a text: its length, and how the engine spells it.
fn repetition(text: &str) -> Option<(usize, String)> {
    let (inside, _) = text.strip_prefix('{')?.split_once('}')?;
    let (low, high) = inside.split_once(',').map_or((inside, None), |(low, high)| (low, Some(high)));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(low) || !high.is_none_or(digits) || low.is_empty() && high.is_none_or(str::is_empty) {
        return None;
    }
    let low = if low.is_empty() { "0" } else { low };
    let high = high.map(|high| format!(",{high}")).unwrap_or_default();
    Some((inside.len().saturating_add(2), format!("{{{low}{high}}}")))
}

/// Returns the regular expression that a mask with `*`, `?` and `[…]` is.
pub(super) fn of_mask(mask: &str) -> String {
    let mut out = String::from("(?s:");
    let mut rest = mask.chars();
    while let Some(next) = rest.next() {
        match next {
            '*' => out.push_str(".*"),
            '?' => out.push('.'),
            '[' => match rest.as_str().char_indices().skip(1).find(|(_, c)| *c == ']').map(|(at, _)| at) {
                Some(end) => {
                    let (set, behind) = rest.as_str().split_at(end);
                    let set = set.strip_prefix('!').map_or_else(|| set.replace('^', r"\^"), |set| format!("^{set}"));
                    out += &format!("[{}]", set.replace('\\', r"\\"));
                    rest = behind.chars();
                    rest.next();
                }
                None => out.push_str(r"\["),
            },
            c if c.is_alphanumeric() || !c.is_ascii() => out.push(c),
            c => {
                out.push('\\');
                out.push(c);
            }
        }
    }
    out + r")\z"
}
