use std::borrow::Cow;

use flexget_core::prelude::*;
use schemars::{Schema, SchemaGenerator};

use crate::inputs::source;

/// Produces entries from any text, at an address or in a file, by regular expressions.
///
/// The text is read line by line. The first group of an expression that is found becomes the field; when all fields of
/// `entry` are found, or one of them again, the entry is done and the next one begins. Here, unlike elsewhere, upper
/// and lower case differ.
///
/// ```yaml
/// text:
///   url: ~/films.txt
///   entry:
///     title: '^(.*) \['
///     url: '\[(.*)\]'
///   format:
///     url: https://example.com/%(url)s
/// accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// The address, or the path of a file.
    #[schemars(length(min = 1))]
    url: String,
    /// How the text is encoded, if it does not say so itself.
    encoding: Option<String>,
    /// The fields, `title` and `url` among them, each with the regular expression that finds it.
    #[schemars(extend("required" = ["title", "url"]))]
    entry: Pairs<Exact>,
    /// What to make of fields: text in which `%(name)s` stands for a field.
    #[serde(default)]
    format: Pairs<String>,
}

/// A regular expression for which upper and lower case differ.
struct Exact(Pattern);

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Pattern::exact(&String::deserialize(deserializer)?).map(Self).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Exact {
    fn schema_name() -> Cow<'static, str> {
        "exact".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Pattern::json_schema(generator)
    }
}

submit! { plugin::<Text>() }

impl Plugin for Text {
    const NAME: &'static str = "text";
    const INPUT: bool = true;

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Input, Self::produce)]
    }

    fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (field, pattern) in self.entry.iter().filter(|(_, pattern)| pattern.0.groups() == 0) {
            problems.push(
                Problem::at(
                    Path::root().key("entry").key(field),
                    format!("the regular expression `{}` has no group", pattern.0.text()),
                )
                .help("put what is to be taken between `(` and `)`"),
            );
        }
        let label = self.encoding.as_ref().filter(|label| encoding_rs::Encoding::for_label(label.as_bytes()).is_none());
        problems.extend(label.map(|label| {
            Problem::at(Path::root().key("encoding"), format!("`{label}` is not an encoding"))
                .help("such as `utf-8` or `iso-8859-1`")
        }));
        problems
    }
}

impl Text {
    async fn produce(&self, task: &mut Task) -> Result<()> {
        let text = source::text(&self.url, self.encoding.as_deref(), &task.cx).await?;
        let mut found: BTreeMap<&str, String> = BTreeMap::new();
        let mut incomplete = 0;
        for line in text.lines() {
            for (field, pattern) in &self.entry {
                let Some(captures) = pattern.0.captures(line)? else { continue };
                if found.contains_key(field.as_str()) {
                    match self.entry_of(&found) {
                        Some(entry) => task.produce([entry]),
                        None => incomplete += 1,
                    }
                    found.clear();
                }
                let value = captures.get(1).map(|group| group.as_str().to_owned()).unwrap_or_default();
                found.insert(field, value);
                if found.len() == self.entry.len() {
                    match self.entry_of(&found) {
                        Some(entry) => task.produce([entry]),
                        None => incomplete += 1,
                    }
                    found.clear();
                }
            }
            if task.wanted.is_some_and(|wanted| task.entries.len() >= wanted) {
                break;
            }
        }
        if incomplete > 0 {
            task.warn(Self::NAME, format!("{incomplete} entries without a title or an address were left out"));
        }
        Ok(())
    }

    /// The entry of these fields, if it has a title and an address.
    fn entry_of(&self, found: &BTreeMap<&str, String>) -> Option<Entry> {
        let get = |name: &str| found.get(name).filter(|value| !value.is_empty()).cloned();
        let mut fields: BTreeMap<&str, String> = found.clone();
        get("title").and(get("url"))?;
        for (field, format) in &self.format {
            let text = formatted(format, &fields);
            fields.insert(field, text);
        }
        let mut entry = Entry::new(fields.remove("title")?, fields.remove("url")?);
        fields.into_iter().for_each(|(name, value)| entry.set(name.to_owned(), value));
        Some(entry)
    }
}

/// Text in which `%(name)s` stands for a field and `%%` for `%`.
fn formatted(format: &str, fields: &BTreeMap<&str, String>) -> String {
    let mut out = String::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let named = after.strip_prefix('(').and_then(|after| after.split_once(")s"));
        rest = match named.and_then(|(name, rest)| Some((fields.get(name)?, rest))) {
            Some((value, rest)) => {
                out.push_str(value);
                rest
            }
            None => {
                out.push('%');
                after.strip_prefix('%').unwrap_or(after)
            }
        };
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use flexget_core::testing;

    #[test]
    fn lines_become_entries() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(
            &file,
            "Title: no\ntitle: A\nnote: x\nurl: /a\ntitle: lost\ntitle: B\nurl: /b\nnote: caf\u{e9} 100%\n",
        )
        .unwrap();
        let task = format!(
            "text:
  url: {}
  entry: {{ title: '^title: (.*)', url: '^url: (.*)', note: '^note: (.*)' }}
  format: {{ url: 'http://x%(url)s', both: '%(title)s %% %(note)s' }}
accept_all: yes",
            file.path().display()
        );
        let report = testing::run(&task, &testing::context());
        let got: Vec<_> = report.entries.iter().map(|e| (e.title(), e.url(), e.fields()["both"].to_string())).collect();
        assert_eq!(
            got,
            [("A", "http://x/a", "\"A % x\"".to_owned()), ("B", "http://x/b", "\"B % caf\u{e9} 100%\"".to_owned())]
        );
        assert_eq!(report.warnings, ["text: 1 entries without a title or an address were left out"]);
    }

    #[test]
    fn mistakes_are_found_before_anything_runs() {
        let mistakes =
            testing::mistakes("text: { url: x, entry: { title: '(a)', url: b }, encoding: klingon }\naccept_all: yes");
        assert_eq!(mistakes.len(), 2, "{mistakes:?}");
        assert_eq!(testing::mistakes("text: { url: x, entry: { title: '(a)' } }\naccept_all: yes").len(), 1);
    }
}
