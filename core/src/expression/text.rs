//! The filters of Jinja2 for text that the engine does not have.

use std::hash::{BuildHasher, RandomState};

use minijinja::value::ValueKind;
use minijinja::{Environment, Error, State, Value};

use super::arguments::{Arguments, add_filter, bad};
use super::convert::{Number, defined, kind};

pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_filter("escape", escape);
    environment.add_filter("e", escape);
    environment.add_filter("forceescape", |value: &Value| defined(value).map(|value| escaped(&value.to_string())));
    add_filter(environment, "center", &["width"], center);
    add_filter(environment, "truncate", &["length", "killwords", "end", "leeway"], truncate);
    add_filter(environment, "wordwrap", &["width", "break_long_words", "wrapstring", "break_on_hyphens"], wordwrap);
    environment.add_filter("wordcount", |value: &Value| defined(value).map(|value| words(&value.to_string())));
    add_filter(environment, "filesizeformat", &["binary"], filesizeformat);
    environment.add_filter("striptags", |value: &Value| defined(value).map(|value| striptags(&value.to_string())));
    add_filter(environment, "urlize", &["trim_url_limit", "nofollow", "target", "rel"], urlize);
    add_filter(environment, "xmlattr", &["autospace"], xmlattr);
    environment.add_filter("random", random);
}

/// Writes the characters that mean something in HTML as entities; what is escaped already stays.
pub(super) fn escape(value: &Value) -> Result<Value, Error> {
    let value = defined(value)?;
    Ok(if value.is_safe() { value.clone() } else { escaped(&value.to_string()) })
}

fn escaped(text: &str) -> Value {
    Value::from_safe_string(escaped_text(text))
}

fn escaped_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\'' => out.push_str("&#39;"),
            '"' => out.push_str("&#34;"),
            c => out.push(c),
        }
    }
    out
}

/// Pads on both sides; as in Python, the odd blank is on the left of text of an even length.
fn center(value: &Value, arguments: &Arguments) -> Result<String, Error> {
    let width = arguments.number("width")?.unwrap_or(80);
    let text = defined(value)?.to_string();
    let blanks = width.saturating_sub(text.chars().count());
    let left = (blanks / 2).saturating_add(blanks & width & 1);
    Ok(format!("{}{text}{}", " ".repeat(left), " ".repeat(blanks.saturating_sub(left))))
}

/// Cuts text that is longer than `length`, at the last blank unless `killwords`.
fn truncate(value: &Value, arguments: &Arguments) -> Result<String, Error> {
    let length = arguments.number("length")?.unwrap_or(255);
    let killwords = arguments.is("killwords", false);
    let end = arguments.text("end")?.unwrap_or_else(|| "...".to_owned());
    let leeway = arguments.number("leeway")?.unwrap_or(5);
    let value = defined(value)?;
    let text = value.as_str().ok_or_else(|| bad(format!("`truncate` cuts text, not {}", kind(value))))?;
    if text.chars().count() <= length.saturating_add(leeway) {
        return Ok(text.to_owned());
    }
    let room = length.checked_sub(end.chars().count());
    let room = room.ok_or_else(|| bad(format!("`length` is at least that of `end`, got {length}")))?;
    let cut: String = text.chars().take(room).collect();
    let kept = if killwords { cut.as_str() } else { cut.rsplit_once(' ').map_or(cut.as_str(), |(kept, _)| kept) };
    Ok(format!("{kept}{end}"))
}

/// Breaks each line so that it is not wider than `width`.
fn wordwrap(value: &Value, arguments: &Arguments) -> Result<String, Error> {
    let width = arguments.number("width")?.unwrap_or(79);
    let break_long_words = arguments.is("break_long_words", true);
    let separator = arguments.text("wrapstring")?.unwrap_or_else(|| "\n".to_owned());
    let break_on_hyphens = arguments.is("break_on_hyphens", true);
    if width == 0 {
        return Err(bad("`width` is greater than 0".to_owned()));
    }
    let text = defined(value)?.to_string();
    let lines = text.lines().flat_map(|line| wrapped(line, width, break_long_words, break_on_hyphens));
    Ok(lines.collect::<Vec<_>>().join(&separator))
}

/// Breaks a line as Python does: blanks are dropped where it breaks.
fn wrapped(line: &str, width: usize, break_long_words: bool, break_on_hyphens: bool) -> Vec<String> {
    let mut rest = chunks(line, break_on_hyphens);
    rest.reverse();
    let (mut lines, mut current, mut room) = (Vec::new(), String::new(), width);
    while let Some(chunk) = rest.pop() {
        let is_blank = chunk.starts_with(' ');
        if is_blank && current.is_empty() && !lines.is_empty() {
            continue;
        }
        // The rest of a long word is never counted, so that breaking it takes linear time.
        let Some((end, _)) = chunk.char_indices().nth(room) else {
            current.push_str(chunk);
            room = room.saturating_sub(chunk.chars().count());
            continue;
        };
        if !is_blank && break_long_words && chunk.char_indices().nth(width).is_some() {
            // A word that fits on no line begins on this one.
            let (head, tail) = chunk.split_at(end);
            current.push_str(head);
            rest.push(tail);
        } else if current.is_empty() {
            current.push_str(chunk);
        } else if !is_blank {
            rest.push(chunk);
        }
        lines.push(std::mem::take(&mut current).trim_end().to_owned());
        room = width;
    }
    if !current.is_empty() || lines.is_empty() {
        lines.push(current.trim_end().to_owned());
    }
    lines
}

/// Splits a line into its words and the blanks between them.
fn chunks(line: &str, break_on_hyphens: bool) -> Vec<&str> {
    let mut chunks = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let is_blank = rest.starts_with(' ');
        let end = rest.find(|character| (character == ' ') != is_blank).unwrap_or(rest.len());
        let (chunk, after) = rest.split_at(end);
        if break_on_hyphens {
            chunks.extend(chunk.split_inclusive('-'));
        } else {
            chunks.push(chunk);
        }
        rest = after;
    }
    chunks
}

/// Counts runs of letters, digits and underscores.
fn words(text: &str) -> usize {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).count()
}

/// Formats 1000 bytes as `1.0 kB`, and with `binary` 1024 as `1.0 KiB`.
fn filesizeformat(value: &Value, arguments: &Arguments) -> Result<String, Error> {
    let binary = arguments.is("binary", false);
    let value = defined(value)?;
    let spelled = value.as_str().and_then(|text| text.trim().parse::<f64>().ok());
    let bytes = Number::of(value).map(Number::float).or(spelled);
    let bytes = bytes.ok_or_else(|| bad(format!("`filesizeformat` writes a number, not {}", kind(value))))?;
    let base = if binary { 1024.0 } else { 1000.0 };
    if bytes == 1.0 {
        return Ok("1 Byte".to_owned());
    }
    if bytes < base {
        return Ok(format!("{} Bytes", bytes.trunc()));
    }
    let units = ["k", "M", "G", "T", "P", "E", "Z", "Y"];
    let above = |power: usize| base.powi((power as i32).saturating_add(1));
    let power = (1..units.len()).take_while(|power| bytes >= above(*power)).count();
    let amount = bytes / above(power);
    let unit = if binary { format!("{}i", units[power].to_uppercase()) } else { units[power].to_owned() };
    Ok(format!("{amount:.1} {unit}B"))
}

/// Removes tags and comments, collapses blanks, then reads the entities.
fn striptags(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<') {
        let close = if tag.starts_with("!--") { "-->" } else { ">" };
        let end = tag.find(close).map(|at| at.saturating_add(close.len()));
        let Some(end) = end else { break };
        plain.push_str(before);
        rest = &tag[end..];
    }
    plain.push_str(rest);
    let collapsed = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut out = String::new();
    let mut rest = collapsed.as_str();
    while let Some((before, entity)) = rest.split_once('&') {
        out.push_str(before);
        let named = entity.split_once(';').and_then(|(name, after)| Some((character(name)?, after)));
        match named {
            Some((character, after)) => {
                out.push(character);
                rest = after;
            }
            None => {
                out.push('&');
                rest = entity;
            }
        }
    }
    out.push_str(rest);
    out
}

/// Returns the character that an entity of HTML means.
fn character(name: &str) -> Option<char> {
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        _ => {
            let digits = name.strip_prefix('#')?;
            digits.strip_prefix(['x', 'X']).map_or_else(|| number(digits, 10), |digits| number(digits, 16))
        }
    }
}

/// Makes links of the addresses in a text, and escapes the rest.
fn urlize(value: &Value, arguments: &Arguments) -> Result<String, Error> {
    let trim = arguments.number("trim_url_limit")?;
    let nofollow = arguments.is("nofollow", false);
    let target = arguments.text("target")?;
    let rel = arguments.text("rel")?;
    let mut rels: Vec<&str> = rel.iter().flat_map(|rel| rel.split_whitespace()).collect();
    rels.push("noopener");
    rels.extend(nofollow.then_some("nofollow"));
    rels.sort_unstable();
    rels.dedup();
    let target = target.map(|target| format!(" target=\"{}\"", escaped_text(&target))).unwrap_or_default();
    let attributes = format!(" rel=\"{}\"{target}", rels.join(" "));
    let link = |word: &str| {
        let start = word.len().saturating_sub(word.trim_start_matches(['(', '<', '[']).len());
        let end = word.trim_end_matches(['.', ',', ':', ';', '!', '?', ')', '>', ']', '\'', '"']).len().max(start);
        let (before, url, after) = (&word[..start], &word[start..end], &word[end..]);
        let href = if url.starts_with("http://") || url.starts_with("https://") {
            url.to_owned()
        } else if url.starts_with("www.") || is_domain(url) {
            format!("https://{url}")
        } else if is_mail(url) {
            let (before, url, after) = (escaped_text(before), escaped_text(url), escaped_text(after));
            return format!("{before}<a href=\"mailto:{url}\">{url}</a>{after}");
        } else {
            return escaped_text(word);
        };
        let shown: String = match trim {
            Some(limit) if url.chars().count() > limit => url.chars().take(limit).chain("...".chars()).collect(),
            _ => url.to_owned(),
        };
        let (href, shown) = (escaped_text(&href), escaped_text(&shown));
        format!("{}<a href=\"{href}\"{attributes}>{shown}</a>{}", escaped_text(before), escaped_text(after))
    };
    let text = defined(value)?.to_string();
    let words = text.split_inclusive(char::is_whitespace);
    Ok(words
        .map(|word| {
            let bare = word.trim_end();
            link(bare) + &word[bare.len()..]
        })
        .collect())
}

/// Returns whether a word is the name of a host that is taken for a link without a scheme.
fn is_domain(word: &str) -> bool {
    let host = word.split(['/', ':', '?', '#']).next().unwrap_or_default();
    let Some((labels, top)) = host.rsplit_once('.') else { return false };
    ["com", "net", "int", "edu", "gov", "org", "info", "mil"].contains(&top)
        && labels.split('.').all(|label| label.len() > 1 && label.chars().all(|c| c.is_alphanumeric() || c == '-'))
}

fn is_mail(word: &str) -> bool {
    word.split_once('@').is_some_and(|(user, host)| {
        let is_name = |c: char| c.is_alphanumeric() || "._-+".contains(c);
        !user.is_empty() && user.chars().all(is_name) && host.contains('.') && host.chars().all(is_name)
    })
}

/// Writes ` key="value"` for each pair of a mapping whose value is not null.
fn xmlattr(value: &Value, arguments: &Arguments) -> Result<Value, Error> {
    let autospace = arguments.is("autospace", true);
    let value = defined(value)?;
    if value.kind() != ValueKind::Map {
        return Err(bad(format!("`xmlattr` writes a mapping, not {}", kind(value))));
    }
    let mut attributes = Vec::new();
    for key in value.try_iter()? {
        let attribute = value.get_item(&key)?;
        let key = key.to_string();
        if key.contains(|c: char| c.is_whitespace() || "/>=".contains(c)) {
            return Err(bad(format!("not a name of an attribute: `{key}`")));
        }
        if !attribute.is_none() && !attribute.is_undefined() {
            attributes.push(format!("{}=\"{}\"", escaped_text(&key), escaped_text(&attribute.to_string())));
        }
    }
    let space = if autospace && !attributes.is_empty() { " " } else { "" };
    Ok(Value::from_safe_string(format!("{space}{}", attributes.join(" "))))
}

/// Returns any item of a list, or character of a text.
fn random(state: &mut State<'_, '_>, value: &Value) -> Result<Value, Error> {
    let items = state.apply_filter("list", &[defined(value)?.clone()])?;
    match items.len() {
        Some(length) if length > 0 => {
            let number = RandomState::new().hash_one(length) as usize;
            items.get_item(&Value::from(number.checked_rem(length)))
        }
        _ => Ok(Value::UNDEFINED),
    }
}
