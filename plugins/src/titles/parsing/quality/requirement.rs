//! Requirements of quality, as the options of `quality` and its like have them: `720p-1080p !cam`.

use flexget_core::plugin::registry::similar;
use flexget_core::prelude::*;

use super::Quality;
use super::components::{Category, Component};

/// A requirement of quality.
///
/// Parts are separated by blanks or commas. A part names a component (`720p`), alternatives
/// (`720p|1080p`), a range (`720p-1080p`), a bound (`720p+`, `>=720p`, `>720p`, `<=720p`, `<720p`)
/// or an exclusion (`!cam`). Parts of one category are alternatives, but for bounds, which hold
/// together; all categories must be met. `any` allows all. An unknown component meets exclusions
/// and upper bounds only.
///
/// ```
/// use flexget_plugins::titles::parsing::quality::{Quality, requirement::Requirement};
///
/// let requirement = Requirement::parse("720p-1080p !cam").unwrap();
/// assert!(requirement.allows(&Quality::of_title("1080p webdl")));
/// assert!(!requirement.allows(&Quality::of_title("1080p cam")));
/// ```
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String", description = "", extend("minLength" = 1))]
pub struct Requirement {
    text: String,
    categories: [CategoryRequirement; Category::ALL.len()],
}

/// The requirement of one category.
#[derive(Debug, Clone, Default)]
struct CategoryRequirement {
    accepted: Vec<&'static Component>,
    ranges: Vec<(&'static Component, &'static Component)>,
    excluded: Vec<&'static Component>,
    min: Option<&'static Component>,
    max: Option<&'static Component>,
}

impl Requirement {
    /// Reads a requirement.
    ///
    /// # Errors
    /// A message that names the part that is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut requirement = Self { text: text.to_owned(), categories: Default::default() };
        let lower = text.to_lowercase();
        let terms: Vec<&str> = lower.split([' ', ',', '\t', '\n']).filter(|part| !part.is_empty()).collect();
        match terms.as_slice() {
            [] => Err("no quality given: `any` allows all".to_owned()),
            ["any"] => Ok(requirement),
            terms => {
                terms.iter().flat_map(|part| part.split('|')).try_for_each(|part| requirement.add(part))?;
                Ok(requirement)
            }
        }
    }

    /// Tells whether a quality meets the requirement.
    pub fn allows(&self, quality: &Quality) -> bool {
        Category::ALL.into_iter().all(|category| self.categories[category as usize].allows(quality.component(category)))
    }

    fn add(&mut self, part: &str) -> Result<(), String> {
        if part == "any" {
            return Err("`any` stands alone, without other components".to_owned());
        }
        let prefixed = |prefix: &str| part.strip_prefix(prefix).map(|name| component(name, part)).transpose();
        if let Some(excluded) = prefixed("!")? {
            self.of(excluded).excluded.push(excluded);
        } else if let Some(min) = prefixed(">=")? {
            self.of(min).raise_min(min);
        } else if let Some(max) = prefixed("<=")? {
            self.of(max).lower_max(max);
        } else if let Some(below) = prefixed(">")? {
            // As in FlexGet, nothing is above the best: there the bound is the best itself.
            self.of(below).raise_min(below.step(1));
        } else if let Some(above) = prefixed("<")? {
            self.of(above).lower_max(above.step(-1));
        } else if let Some(name) = part.strip_suffix('+') {
            let min = component(name, part)?;
            self.of(min).raise_min(min);
        } else if let Some(accepted) = Component::named(part).filter(|_| is_plain(part)) {
            self.of(accepted).accepted.push(accepted);
        } else if let Some((min, max)) = range(part)? {
            self.of(min).ranges.push((min, max));
        } else {
            component(part, part)?;
        }
        Ok(())
    }

    fn of(&mut self, component: &Component) -> &mut CategoryRequirement {
        &mut self.categories[component.category as usize]
    }
}

impl CategoryRequirement {
    fn raise_min(&mut self, min: &'static Component) {
        self.min = Some(self.min.filter(|old| *old > min).unwrap_or(min));
    }

    fn lower_max(&mut self, max: &'static Component) {
        self.max = Some(self.max.filter(|old| *old < max).unwrap_or(max));
    }

    fn allows(&self, component: Option<&Component>) -> bool {
        let value = component.map_or(0, |component| component.value);
        let is_among = |all: &[&Component]| all.iter().any(|one| one.value == value);
        let is_bounded = self.min.is_some() || self.max.is_some();
        let is_within = |min: u8, max: u8| (min..=max).contains(&value);
        let (min, max) = (self.min.map_or(0, |min| min.value), self.max.map_or(u8::MAX, |max| max.value));
        let is_open = self.accepted.is_empty() && self.ranges.is_empty();
        !is_among(&self.excluded)
            && (is_among(&self.accepted)
                || self.ranges.iter().any(|(min, max)| is_within(min.value, max.value))
                || (is_bounded || is_open) && is_within(min, max))
    }
}

/// Tells whether a text has no signs that could be taken for operators.
fn is_plain(text: &str) -> bool {
    text.starts_with(char::is_alphanumeric) && text.ends_with(char::is_alphanumeric)
}

/// Reads the name of a component within a part of a requirement.
fn component(name: &str, part: &str) -> Result<&'static Component, String> {
    let known = Component::named(name).filter(|_| is_plain(name));
    known.ok_or_else(|| {
        let names = Category::ALL.into_iter().flat_map(Category::components).map(|component| component.name);
        let near = similar(name, names).first().map(|name| format!(": did you mean `{name}`?")).unwrap_or_default();
        format!("`{part}` is not a valid quality component{near}")
    })
}

/// Reads a range; `None` if no dash stands between two components.
fn range(part: &str) -> Result<Option<(&'static Component, &'static Component)>, String> {
    let ends = part.match_indices('-').find_map(|(at, _)| {
        let (from, to) = part.split_at(at);
        let to = to.strip_prefix('-')?;
        Component::named(from).zip(Component::named(to)).filter(|_| is_plain(part))
    });
    let Some((min, max)) = ends else { return Ok(None) };
    if min.category != max.category {
        return Err(format!("the range `{part}` mixes {} and {}", min.category.name(), max.category.name()));
    }
    if min > max {
        return Err(format!("the range `{part}` is reversed: write `{max}-{min}`"));
    }
    Ok(Some((min, max)))
}

impl TryFrom<String> for Requirement {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl std::fmt::Display for Requirement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}
