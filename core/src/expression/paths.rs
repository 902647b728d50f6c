//! Filters and tests for paths and for the shell.

use std::path::Path;

use minijinja::{Environment, Error, Value};

use super::arguments::{Arguments, add_filter, bad, on_text};
use super::convert::defined;

pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_filter("pathbase", |value: &Value| on_path(value, base));
    environment.add_filter("pathname", |value: &Value| on_path(value, |path| split_extension(base(path)).0));
    environment.add_filter("pathext", |value: &Value| on_path(value, |path| split_extension(base(path)).1));
    environment.add_filter("pathdir", |value: &Value| on_path(value, directory));
    add_filter(environment, "pathscrub", &["os_mode"], pathscrub);
    environment.add_filter("shell_quote", |value: &Value| defined(value).map(|value| shell_quote(&value.to_string())));
    environment.add_test("fs_file", |path: &str| Path::new(path).is_file());
    environment.add_test("fs_dir", |path: &str| Path::new(path).is_dir());
    environment.add_test("fs_link", |path: &str| Path::new(path).is_symlink());
}

/// Filters a path; nothing is an empty path.
fn on_path(value: &Value, filter: fn(&str) -> &str) -> Result<Value, Error> {
    if value.is_none() { Ok(Value::from("")) } else { on_text(value, |path| filter(path).into()) }
}

/// Returns the part after the last slash or backslash.
fn base(path: &str) -> &str {
    path.rsplit_once(['/', '\\']).map_or(path, |(_, base)| base)
}

/// Returns the part before the last slash, the root for something at the root, or else `.`.
fn directory(path: &str) -> &str {
    let Some(at) = path.rfind(std::path::is_separator) else { return "." };
    let parent = path[..at].trim_end_matches(std::path::is_separator);
    if parent.is_empty() { &path[..=at] } else { parent }
}

/// Returns the name and its extension with the dot.
///
/// Dots that a name begins with do not begin an extension.
fn split_extension(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(at) if !name[..at].trim_start_matches('.').is_empty() => name.split_at(at),
        _ => (name, ""),
    }
}

/// Replaces characters that are invalid in a path; `os_mode` is `windows`, `mac` or `linux`.
fn pathscrub(value: &Value, arguments: &Arguments) -> Result<Value, Error> {
    let mode = arguments.text("os_mode")?;
    let Some(path) = defined(value)?.as_str() else { return Ok(value.clone()) };
    // A letter and a colon alone may begin a title.
    let has_drive = matches!(path.as_bytes(), [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic());
    let mode = mode.as_deref().unwrap_or(match std::env::consts::OS {
        "windows" => "windows",
        _ if has_drive => "windows",
        "macos" => "mac",
        _ => "linux",
    });
    let (drive, path) = if has_drive { path.split_at(2) } else { ("", path) };
    let scrubbed = match mode {
        "windows" => {
            let spaced = spaces_for(path, &[':', '*', '?', '"', '<', '>', '|', ' ']);
            let trimmed = |part: &str| part.trim_end_matches(|c: char| c == '.' || c.is_whitespace()).to_string();
            let mut components = Vec::new();
            for part in spaced.split_inclusive(['/', '\\']) {
                let end = part.strip_suffix(['/', '\\']).unwrap_or(part);
                components.push(trimmed(end) + &part[end.len()..]);
            }
            components.concat()
        }
        "mac" => spaces_for(path, &[':', ' ']),
        "linux" => path.to_string(),
        other => return Err(bad(format!("`os_mode` is `windows`, `mac` or `linux`, not: `{other}`"))),
    };
    let trimmed: Vec<_> = scrubbed.split('/').map(str::trim).collect();
    Ok(Value::from(format!("{drive}{}", trimmed.join("/"))))
}

/// Replaces each run of these characters by one space.
fn spaces_for(text: &str, characters: &[char]) -> String {
    let mut spaced = String::with_capacity(text.len());
    let mut within = false;
    for character in text.chars() {
        let is_one = characters.contains(&character);
        if !is_one {
            spaced.push(character);
        } else if !within {
            spaced.push(' ');
        }
        within = is_one;
    }
    spaced
}

/// Quotes a value as one word for a POSIX shell.
fn shell_quote(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@%+=:,./-_".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.to_string();
    }
    format!("'{}'", text.replace('\'', r#"'"'"'"#))
}
