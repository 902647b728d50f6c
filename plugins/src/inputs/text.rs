use std::io::BufRead;

use flexget_core::prelude::*;

use crate::shared::source::SourceLocation;

/// Produces entries from any text at a URL or in a file, by regular expressions.
///
/// The text is read line by line. The first group of a regular expression becomes the value of its
/// field. Once all fields of `entry` are found, or one of them for the second time, the entry is
/// complete and the next one begins. Unlike in other plugins, these regular expressions are
/// case-sensitive.
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
pub struct TextInput {
    /// The URL, or the path of a file.
    url: SourceLocation,
    /// The encoding of the text; detected by default.
    encoding: Option<String>,
    /// The fields, including `title` and `url`, each with the regular expression that finds it.
    #[schemars(extend("required" = ["title", "url"]))]
    entry: IndexMap<String, Exact>,
    /// New values of fields, in which `%(name)s` stands for the value of a field.
    #[serde(default)]
    format: IndexMap<String, String>,
}

/// A case-sensitive regular expression.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "Pattern", description = "")]
struct Exact(Pattern);

impl TryFrom<String> for Exact {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Pattern::exact(&text).map(Self)
    }
}

submit! { plugin::<TextInput>() }

impl Plugin for TextInput {
    const NAME: &'static str = "text";
    const INPUT: bool = true;

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Input, Self::produce).gives(Self::names)]
    }

    fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (field, pattern) in self.entry.iter().filter(|(_, pattern)| pattern.0.groups() == 0) {
            problems.push(
                Problem::at(
                    Path::root().key("entry").key(field),
                    format!("the regular expression `{}` has no group", pattern.0.text()),
                )
                .help("put the part to extract between `(` and `)`"),
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

impl TextInput {
    fn names(&self) -> Vec<Name> {
        self.entry.keys().chain(self.format.keys()).cloned().map(Name::Owned).collect()
    }

    async fn produce(&self, task: &mut Task) -> Result<()> {
        task.read_from(&self.url);
        let text = self.url.open(self.encoding.as_deref(), task).await?;
        let mut found: BTreeMap<&str, String> = BTreeMap::new();
        let mut incomplete = 0;
        let mut finish = |found: &mut BTreeMap<&str, String>, task: &mut Task| {
            match self.entry_of(found) {
                Some(entry) => task.produce([entry]),
                None => incomplete = usize::saturating_add(incomplete, 1),
            }
            found.clear();
        };
        for line in text.lines() {
            let line = line.map_err(|error| Error::new(format!("{} cannot be read", self.url)).cause(error))?;
            for (field, pattern) in &self.entry {
                let Some(captures) = pattern.0.captures(&line)? else { continue };
                if found.contains_key(field.as_str()) {
                    finish(&mut found, task);
                }
                let value = captures.get(1).map(|group| group.as_str().to_owned()).unwrap_or_default();
                found.insert(field, value);
                if found.len() == self.entry.len() {
                    finish(&mut found, task);
                }
            }
            if task.wanted.is_some_and(|wanted| task.entries.len() >= wanted) {
                break;
            }
        }
        if incomplete > 0 {
            task.warn(Self::NAME, format!("{incomplete} entries without a title or a URL were left out"));
        }
        Ok(())
    }

    /// Returns the entry with these fields, or `None` if it lacks a title or a URL.
    fn entry_of(&self, found: &BTreeMap<&str, String>) -> Option<Entry> {
        let get = |name: &str| found.get(name).filter(|value| !value.is_empty()).cloned();
        get("title").and(get("url"))?;
        let mut fields: BTreeMap<&str, String> = found.clone();
        for (field, format) in &self.format {
            let text = formatted(format, &fields);
            fields.insert(field, text);
        }
        let mut entry = Entry::new(fields.remove("title")?, fields.remove("url")?);
        entry.extend(fields.into_iter().map(|(name, value)| (name, value.into())));
        Some(entry)
    }
}

/// Replaces `%(name)s` by the value of a field, and `%%` by `%`.
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
        assert_eq!(report.warnings, ["text: 1 entries without a title or a URL were left out"]);
    }

    #[test]
    fn mistakes_are_found_before_the_run() {
        let mistakes = testing::config_errors(
            "text: { url: x, entry: { title: '(a)', url: b }, encoding: klingon }\naccept_all: yes",
        );
        assert_eq!(mistakes.len(), 2, "{mistakes:?}");
        assert_eq!(testing::config_errors("text: { url: x, entry: { title: '(a)' } }\naccept_all: yes").len(), 1);
    }
}
