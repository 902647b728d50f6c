//! Command lines that are templates, started without a shell or by one.

use flexget_core::expression::{ExpressionError, Got, Now, Scope, Template};
use flexget_core::prelude::*;

/// A command line that is a template.
#[derive(JsonSchema)]
#[schemars(with = "Template", description = "")]
pub struct CommandLine {
    template: Template,
    /// The program and its arguments, each a template, or why the line needs a shell.
    words: Result<Vec<Template>, String>,
}

impl CommandLine {
    /// Returns the text that the user wrote.
    pub fn text(&self) -> &str {
        self.template.text()
    }

    /// Returns why the line cannot be run.
    pub fn problem(&self) -> Option<String> {
        self.words.as_ref().err().cloned()
    }

    /// Returns why text in fields cannot be quoted for a shell.
    pub fn quoting_problem(&self) -> Option<&'static str> {
        let mut quote: Option<char> = None;
        let mut rest = self.text();
        while let Some(next) = rest.chars().next() {
            if rest.starts_with("<<") && quote.is_none() {
                return Some("text in fields cannot be quoted in a here-document");
            }
            let length = template_length(rest);
            match (quote, next) {
                (Some(_), _) if length.is_some() => {
                    return Some("text in fields is quoted: remove the quotes around it");
                }
                (Some(open), _) if next == open => quote = None,
                (None, '\'' | '"') => quote = Some(next),
                _ => {}
            }
            rest = &rest[length.unwrap_or(next.len_utf8())..];
        }
        None
    }

    /// Renders the program and its arguments.
    ///
    /// For a shell, text in fields is quoted if `quote` is set.
    ///
    /// # Errors
    /// A template cannot be rendered.
    pub fn render(
        &self,
        shell: bool,
        quote: bool,
        scope: &dyn Scope,
        now: &Now,
    ) -> Result<Vec<String>, ExpressionError> {
        match &self.words {
            Ok(words) if !shell => words.iter().map(|word| word.render(scope, now)).collect(),
            _ => {
                let line = if quote {
                    self.template.render(&Quoted(scope), now)?
                } else {
                    self.template.render(scope, now)?
                };
                Ok(vec!["/bin/sh".to_owned(), "-c".to_owned(), line])
            }
        }
    }
}

/// A scope whose texts are quoted for a shell.
struct Quoted<'s>(&'s dyn Scope);

impl Scope for Quoted<'_> {
    fn get(&self, name: &str) -> Got {
        match self.0.get(name) {
            Got::Value(value) => Got::Value(quoted(&value)),
            other => other,
        }
    }

    fn names(&self) -> Vec<String> {
        self.0.names()
    }

    fn has(&self, name: &str) -> bool {
        self.0.has(name)
    }
}

/// Quotes the texts in a value.
fn quoted(value: &Value) -> Value {
    match value {
        Value::Text(text) => format!("'{}'", text.replace('\'', r"'\''")).into(),
        Value::List(items) => items.iter().map(quoted).collect(),
        Value::Map(fields) => Value::Map(fields.iter().map(|(name, value)| (name.clone(), quoted(value))).collect()),
        other => other.clone(),
    }
}

/// Splits a command line into words as a shell does; `{{ … }}` and `{% … %}` are parts of words.
fn split(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut rest = line;
    while let Some(next) = rest.chars().next() {
        if let Some(length) = template_length(rest) {
            word.get_or_insert_default().push_str(&rest[..length]);
            rest = &rest[length..];
            continue;
        }
        rest = &rest[next.len_utf8()..];
        match (quote, next) {
            (Some(open), _) if next == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(next);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => {
                let escaped = rest.chars().next().ok_or("the command ends with `\\`")?;
                word.get_or_insert_default().push(escaped);
                rest = &rest[escaped.len_utf8()..];
            }
            (None, ' ' | '\t') => words.extend(word.take()),
            (None, '|' | '&' | ';' | '<' | '>' | '(' | ')' | '$' | '`' | '*' | '?' | '\n') | (Some('"'), '$' | '`') => {
                return Err(format!("the command needs a shell because of `{}`", next.escape_default()));
            }
            (_, other) => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    match (quote, words.is_empty()) {
        (Some(open), _) => Err(format!("the quote {open} is not closed")),
        (None, true) => Err("the command is empty".to_owned()),
        (None, false) => Ok(words),
    }
}

/// Returns the length of the template at the beginning of a text, if there is one.
fn template_length(text: &str) -> Option<usize> {
    [("{{", "}}"), ("{%", "%}"), ("{#", "#}")].iter().find_map(|(open, close)| {
        let behind = |text: &str| text.split_once(close).map_or(0, |(_, behind)| behind.len());
        text.starts_with(open).then(|| text.len().saturating_sub(behind(text)))
    })
}

impl<'de> Deserialize<'de> for CommandLine {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let template = Template::deserialize(deserializer)?;
        let words = split(template.text()).and_then(|words| {
            let compile = |word: &String| Template::compile(word).map_err(|_| "the command needs a shell".to_owned());
            words.iter().map(compile).collect()
        });
        Ok(Self { template, words })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_between_quotes_cannot_be_quoted() {
        for (line, is_right) in [
            ("echo {{ x }} 'a b' | cat", true),
            ("echo '{{ x }}'", false),
            ("echo \"a {% if x %}b{% endif %}\"", false),
            ("cat <<END\n{{ x }}\nEND", false),
        ] {
            let line = CommandLine { template: Template::compile(line).unwrap(), words: Ok(Vec::new()) };
            assert_eq!(line.quoting_problem().is_none(), is_right, "{}", line.text());
        }
    }

    #[test]
    fn lines_are_split_as_by_a_shell() {
        for (line, expected) in [
            ("a b  'c d' \"e f\"", Ok(vec!["a", "b", "c d", "e f"])),
            (r#"a 'x'"y z" b\ c "\"" '' "#, Ok(vec!["a", "xy z", "b c", "\"", ""])),
            ("a {{ x | d('b | c') }}.txt", Ok(vec!["a", "{{ x | d('b | c') }}.txt"])),
            ("a 'it''s' '$x'", Ok(vec!["a", "its", "$x"])),
            ("a | b", Err("the command needs a shell because of `|`")),
            ("a \"$x\"", Err("the command needs a shell because of `$`")),
            ("a 'b", Err("the quote ' is not closed")),
            ("  ", Err("the command is empty")),
        ] {
            let words = split(line);
            let words = words.as_ref().map(|words| words.iter().map(String::as_str).collect()).map_err(String::as_str);
            assert_eq!(words, expected, "{line}");
        }
    }
}
