//! The quality of a release: resolution, source, codec, color range and audio, as in FlexGet.

pub mod components;
pub mod mentions;
pub mod requirement;

use std::cmp::Ordering;
use std::fmt;

use flexget_core::prelude::*;
use flexget_core::value::{TextAttributes, TextOrder};

use self::components::{Category, Component};
use self::mentions::Mention;
use super::words;

/// The quality of a release, ordered from worse to better.
///
/// It is displayed as in FlexGet: the names of its known components, such as `1080p webdl h264`, or
/// `unknown`.
///
/// ```
/// use flexget_plugins::titles::parsing::quality::Quality;
///
/// let quality = Quality::of_title("A.Film.1999.1080p.BluRay.x264-CREW");
/// assert_eq!(quality.to_string(), "1080p bluray h264");
/// assert!(quality > Quality::of_title("720p hdtv"));
/// assert_eq!(quality.attribute("source").unwrap().as_str(), Some("bluray"));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quality {
    components: [Option<&'static Component>; Category::ALL.len()],
}

impl Quality {
    /// Longest text that can be a quality and nothing else.
    const MAX_LEN: usize = 60;

    /// Reads everything in a title that names a component of quality.
    pub fn of_title(title: &str) -> Self {
        Self::of(mentions::mentions(&words::split(title)).iter())
    }

    /// Reads text that is a quality and nothing else, such as `720p hdtv` or `unknown`.
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > Self::MAX_LEN {
            return None;
        }
        if text.eq_ignore_ascii_case("unknown") {
            return Some(Self::default());
        }
        let words = words::split(text);
        let mentions = mentions::mentions(&words);
        let named: usize = mentions.iter().map(|mention| mention.words().len()).sum();
        (named > 0 && named == words.len()).then(|| Self::of(mentions.iter()))
    }

    /// Reads text that is a quality, or else a title.
    fn of_text(text: &str) -> Self {
        Self::read(text).unwrap_or_else(|| Self::of_title(text))
    }

    /// Combines mentions: the best of each category, or the worst copy made before the release.
    pub fn of<'a>(mentions: impl Iterator<Item = &'a Mention> + Clone) -> Self {
        let mut quality = Self::default();
        for category in Category::ALL {
            let all = mentions.clone().filter(|mention| mention.component.category == category);
            let any_strong = all.clone().any(|mention| !mention.weak);
            // Color ranges add up, so none of them is dropped.
            let counted = all
                .filter(|mention| !mention.weak || !any_strong || category == Category::ColorRange)
                .map(|mention| mention.component);
            let pre_release = counted
                .clone()
                .filter(|component| component.modifier.is_some())
                .min_by_key(|component| component.value);
            let best = pre_release.or_else(|| counted.clone().max_by_key(|component| component.value));
            let is_named = |name: &&str| counted.clone().any(|component| component.name == *name);
            let is_hybrid = ["hdr", "hdrplus", "dolbyvision"].iter().filter(|name| is_named(name)).count() > 1;
            quality.components[category as usize] = if is_hybrid { Component::named("hybrid_hdr") } else { best };
        }
        quality
    }

    /// Returns the component of a category, if it is known.
    pub fn component(&self, category: Category) -> Option<&'static Component> {
        self.components[category as usize]
    }

    /// Returns an attribute as expressions read it: `quality.resolution`, `quality.name`.
    ///
    /// An unknown component is an empty text: false in a condition, and less than any other. `None`
    /// means that a quality has no such attribute.
    pub fn attribute(&self, name: &str) -> Option<Value> {
        match name {
            "name" => Some(self.to_string().into()),
            _ => Some(self.component(Category::of(name)?).map_or("", |component| component.name).into()),
        }
    }

    /// Tells whether each known component of `other` is the same here; false if none is known.
    pub fn contains(&self, other: &Self) -> bool {
        let mut wanted = other.components.iter().flatten();
        !other.is_unknown() && wanted.all(|component| self.component(component.category) == Some(*component))
    }

    /// Tells whether no component is known.
    pub fn is_unknown(&self) -> bool {
        self.components.iter().all(Option::is_none)
    }

    /// Returns a value that sorts as the quality does.
    pub fn sort_value(&self) -> Value {
        let (modifier, values) = self.rank();
        std::iter::once(i64::from(modifier)).chain(values.map(i64::from)).collect()
    }

    /// Returns the key of comparisons: the sum of the modifiers, then the categories in order.
    fn rank(&self) -> (i32, [u8; Category::ALL.len()]) {
        let modifier = self.components.iter().flatten().filter_map(|component| component.modifier).map(i32::from).sum();
        (modifier, self.components.map(|component| component.map_or(0, |component| component.value)))
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_unknown() {
            return f.write_str("unknown");
        }
        let names: Vec<&str> = self.components.iter().flatten().map(|component| component.name).collect();
        f.write_str(&names.join(" "))
    }
}

impl PartialOrd for Quality {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quality {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

submit! { TextOrder(order) }

submit! {
    TextAttributes {
        field: "quality",
        attribute: |text, name| Quality::of_text(text).attribute(name),
        number: |component, category| {
            Category::of(category).map(|_| Component::named(component).map_or(0, |known| i64::from(known.value)))
        },
        step: |_, component, places| {
            Some(Component::named(component)?.step(isize::try_from(places).ok()?).name.into())
        },
        is_value: |category, text| {
            category == "name" || Component::named(text).is_some_and(|known| known.category.name() == category)
        },
        holds: |text, other| Quality::of_text(text).contains(&Quality::of_text(other)),
    }
}

/// Orders two texts that are qualities.
///
/// Two numbers are not taken for resolutions.
fn order(a: &str, b: &str) -> Option<Ordering> {
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number(a) && is_number(b) {
        return None;
    }
    Some(Quality::read(a)?.cmp(&Quality::read(b)?))
}

#[cfg(test)]
mod tests;
