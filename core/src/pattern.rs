//! Regular expressions in Python's dialect, as FlexGet has them: with look-around, ignoring case.

mod cache;
mod dialect;

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use fancy_regex::{Expander, Regex, RegexBuilder};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use crate::error::{Error, Result};

pub(crate) use cache::TextCache;
use dialect::{of_mask, spelled_here};

/// A match with its groups; group 0 is the whole match.
pub type Groups<'t> = fancy_regex::Captures<'t, str>;

thread_local! {
    /// Cache of built expressions, by anchor, whether case is ignored, and text.
    static BUILT: RefCell<TextCache<(&'static str, bool), Pattern>> = RefCell::default();
}

/// Limit of the bytes of a text after replacements.
const MAX_REPLACED: usize = 16 << 20;

/// A regular expression.
///
/// It is looked for anywhere in a text, and upper and lower case are alike.
#[derive(Clone, JsonSchema)]
#[schemars(with = "String", inline, description = "", extend("format" = "regex"))]
pub struct Pattern(Rc<Inner>);

struct Inner {
    /// As the user wrote it.
    text: String,
    /// As the engine reads it, anchor included.
    spelled: String,
    any_case: bool,
    /// Built expression; a plain one is built when it is first needed, as building is slow.
    regex: OnceCell<Regex>,
}

/// Length up to which a pattern is certain to fit the engine; longer ones are built at once.
const PLAIN: usize = 200;

impl Pattern {
    /// Reads a regular expression in Python's spelling.
    ///
    /// # Errors
    /// What is wrong with it: lower case, no full stop.
    pub fn new(text: &str) -> Result<Self, String> {
        Self::build(text, "", true)
    }

    /// Returns the same, but upper and lower case differ.
    ///
    /// # Errors
    /// As [`Pattern::new`].
    pub fn exact(text: &str) -> Result<Self, String> {
        Self::build(text, "", false)
    }

    /// Returns the same, but it must match at the beginning of a text.
    ///
    /// # Errors
    /// As [`Pattern::new`].
    pub fn at_start(text: &str) -> Result<Self, String> {
        Self::build(text, r"\A", true)
    }

    /// Converts a shell mask with `*`, `?`, `[…]` and `[!…]` to a pattern for whole texts.
    ///
    /// # Errors
    /// What is wrong with it, such as a range that goes backwards.
    pub fn mask(mask: &str) -> Result<Self, String> {
        Self::at_start(&of_mask(mask))
    }

    /// Builds a regular expression, or returns it from the cache.
    fn build(text: &str, anchor: &'static str, any_case: bool) -> Result<Self, String> {
        let key = ((anchor, any_case), text.to_owned());
        if let Some(pattern) = BUILT.with_borrow(|built| built.get(&key)) {
            return Ok(pattern);
        }
        let spelled = spelled_here(text);
        let anchored = if anchor.is_empty() { spelled.clone() } else { format!("{anchor}(?:{spelled})") };
        let regex = OnceCell::new();
        if !is_plain(&spelled) {
            // Parsed alone first, so that an error speaks of what the user wrote.
            let alone = compile(&spelled, any_case).map_err(|error| reason(&error))?;
            let whole = if anchor.is_empty() { Ok(alone) } else { compile(&anchored, any_case) };
            let _ = regex.set(whole.map_err(|error| reason(&error))?);
        }
        let pattern = Self(Rc::new(Inner { text: text.to_owned(), spelled: anchored, any_case, regex }));
        BUILT.with_borrow_mut(|built| built.insert(key, pattern.clone()));
        Ok(pattern)
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    fn regex(&self) -> Result<&Regex> {
        if let Some(regex) = self.0.regex.get() {
            return Ok(regex);
        }
        let regex = compile(&self.0.spelled, self.0.any_case).map_err(|error| {
            Error::new(format!("`{}` is not a regular expression: {}", self.0.text, reason(&error)))
        })?;
        Ok(self.0.regex.get_or_init(|| regex))
    }

    /// Returns whether it matches anywhere in `text`.
    ///
    /// # Errors
    /// When that takes too long to find out.
    pub fn is_match(&self, text: &str) -> Result<bool> {
        self.regex()?.is_match(text).map_err(|_| self.endless(text))
    }

    /// Returns the first match in `text`, with its groups.
    ///
    /// # Errors
    /// When that takes too long to find out.
    pub fn captures<'t>(&self, text: &'t str) -> Result<Option<Groups<'t>>> {
        self.regex()?.captures(text).map_err(|_| self.endless(text))
    }

    /// Returns all matches in `text`, with their groups.
    ///
    /// # Errors
    /// When that takes too long to find out.
    pub fn all_captures<'t>(&self, text: &'t str) -> Result<Vec<Groups<'t>>> {
        self.regex()?.captures_iter(text).map(|found| found.map_err(|_| self.endless(text))).collect()
    }

    /// Replaces each match; `\1` and `\g<name>` in `with` stand for groups, as in Python.
    ///
    /// # Errors
    /// When that takes too long to find out.
    pub fn replace_all<'t>(&self, text: &'t str, with: &str) -> Result<Cow<'t, str>> {
        let mut room = MAX_REPLACED;
        let replaced = self.regex()?.try_replacen(text, 0, |found: &Groups<'_>| {
            let expanded = if room == 0 { String::new() } else { expand(with, found) };
            room = room.saturating_sub(expanded.len());
            expanded
        });
        if room == 0 {
            return Err(Error::new(format!("replacing `{}` makes a text that is too long", self.0.text)));
        }
        replaced.map_err(|_| self.endless(text))
    }

    /// Returns what is wrong with a replacement text, such as an unknown group.
    ///
    /// # Errors
    /// What is wrong: lower case, no full stop.
    pub fn check_replacement(&self, with: &str) -> Result<(), String> {
        let regex = self.regex().map_err(|error| error.to_string())?;
        Expander::python().check(with, regex).map_err(|error| reason(&error))
    }

    /// Returns the number of groups.
    pub fn groups(&self) -> usize {
        self.regex().map_or(0, |regex| regex.captures_len().saturating_sub(1))
    }

    fn endless(&self, text: &str) -> Error {
        Error::new(format!("the regular expression `{}` takes too long on `{text}`", self.0.text))
            .hint("avoid repetitions within repetitions, such as `(a+)+`")
    }
}

/// Returns the replacement for a match, in Python's notation: `\1`, `\g<1>`, `\g<name>`.
fn expand(replacement: &str, captures: &Groups<'_>) -> String {
    let group = |name: &str| {
        let group = name.parse().map_or_else(|_| captures.name(name), |index: usize| captures.get(index));
        group.map_or("", |found| found.as_str())
    };
    let mut expanded = String::new();
    let mut rest = replacement;
    while let Some((before, after)) = rest.split_once('\\') {
        expanded.push_str(before);
        let digits = after.bytes().take(2).take_while(u8::is_ascii_digit).count();
        let name = after.strip_prefix("g<").and_then(|named| named.split_once('>'));
        if digits > 0 {
            expanded.push_str(group(&after[..digits]));
            rest = &after[digits..];
        } else if let Some((name, after)) = name {
            expanded.push_str(group(name));
            rest = after;
        } else {
            let mut characters = after.chars();
            match characters.next() {
                Some('n') => expanded.push('\n'),
                Some('t') => expanded.push('\t'),
                Some('\\') | None => expanded.push('\\'),
                Some(other) => expanded.extend(['\\', other]),
            }
            rest = characters.as_str();
        }
    }
    expanded.push_str(rest);
    expanded
}

fn compile(spelled: &str, any_case: bool) -> Result<Regex, Box<fancy_regex::Error>> {
    RegexBuilder::new(spelled).case_insensitive(any_case).build().map_err(Box::new)
}

/// Returns whether a pattern is certain to build, which parsing it shows.
///
/// Such a pattern is short, has no counted repetition (which may make it large), and needs neither
/// look-around nor references to groups.
fn is_plain(spelled: &str) -> bool {
    let may_be_large = spelled.len() > PLAIN || spelled.contains('{');
    !may_be_large
        && regex_syntax::Parser::new().parse(spelled).is_ok()
        && fancy_regex::Expr::parse_tree(spelled).is_ok()
}

/// Returns the engine's words, without its prefix.
fn reason(error: &fancy_regex::Error) -> String {
    let text = error.to_string();
    let text = text.lines().last().unwrap_or_default();
    let text = text.rsplit_once("error: ").map_or(text, |(_, rest)| rest).trim_end_matches('.');
    // The position is one in the engine's spelling.
    let is_place = |before: &str| before.starts_with("Parsing error at position ");
    let text = text.split_once(": ").filter(|(before, _)| is_place(before)).map_or(text, |(_, rest)| rest);
    let mut characters = text.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.0.text).finish()
    }
}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.text.hash(state);
    }
}

impl Eq for Pattern {}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.text == other.0.text
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_python_reads_is_read() {
        for (pattern, text, expected) in [
            ("solaris", "SOLARIS (1972)", true),
            (r"^foo(?!bar)", "foobaz", true),
            (r"^foo(?!bar)", "foobar", false),
            (r"(?<=x)264", "x264", true),
            (r"(?P<a>.)(?P=a)", "aa", true),
            (r"[[]720p]", "[720p]", true),
            (r"[]x]", "]", true),
            (r"[^]x]", "]", false),
            (r"[a&&b]", "&", true),
            (r"\[\d{4}\]", "[1972]", true),
            (r"^a{,2}$", "aa", true),
            (r"^a{,2}$", "aaa", false),
            (r"{x}", "{x}", true),
            (r"a{", "a{", true),
            (r"end\Z", "the end", true),
            (r"end\Z", "the end\n", false),
            (r"\_x\-y\'", "_x-y'", true),
            (r"\<x\>", "<x>", true),
            (r"S\d\dE\d\d|\b\d{1,2}x\d\d\b", "Show 1x02", true),
            ("é", "É", true),
        ] {
            let read = Pattern::new(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
            assert_eq!(read.is_match(text).unwrap(), expected, "{pattern} in {text}");
        }
    }

    #[test]
    fn a_bad_pattern_says_what_is_wrong() {
        for pattern in ["(", "a)", "[", "*", "(?P<x", "a**", r"\"] {
            let error = Pattern::new(pattern).expect_err(pattern);
            assert!(!error.is_empty() && !error.contains('\n'), "{pattern}: {error}");
        }
    }

    #[test]
    fn replacements_are_pythons() {
        let pattern = Pattern::new(r"(?P<name>\w+)\.(\d+)").unwrap();
        assert_eq!(pattern.replace_all("Solaris.1972", r"\g<name> (\2)").unwrap(), "Solaris (1972)");
        assert!(pattern.check_replacement(r"\3").is_err());
        assert_eq!(pattern.groups(), 2);
    }

    #[test]
    fn what_never_ends_is_an_error() {
        let pattern = Pattern::new(r"^(?:x+(?=x))+y").unwrap();
        let error = pattern.is_match(&format!("{} y", "x".repeat(60))).unwrap_err();
        assert!(error.to_string().contains("takes too long"));
    }

    #[test]
    fn masks_are_those_of_a_shell_without_regard_to_case() {
        for (mask, name, expected) in [
            ("movies", "Movies", true),
            ("mov*", "movies", true),
            ("*ies", "movies", true),
            ("m?vies", "movies", true),
            ("[lm]ovies", "movies", true),
            ("[!m]ovies", "movies", false),
            ("[a-f]*", "tv", false),
            ("tv", "tv shows", false),
            ("[tv", "[tv", true),
            ("a.b+c", "a.b+c", true),
            ("a.b", "axb", false),
            ("[]x]", "]", true),
            ("[^x]", "^", true),
            (r"[\d]", "7", false),
            ("a*", "a\nb", true),
        ] {
            assert_eq!(Pattern::mask(mask).unwrap().is_match(name).unwrap(), expected, "{mask} against {name}");
        }
    }

    #[test]
    fn it_can_be_bound_to_the_start_and_to_the_case() {
        assert!(!Pattern::exact("a").unwrap().is_match("A").unwrap());
        let pattern = Pattern::at_start("a|b").unwrap();
        assert!(pattern.is_match("bx").unwrap());
        assert!(!pattern.is_match("xb").unwrap());
    }
}
