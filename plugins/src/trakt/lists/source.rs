//! The list of Trakt that an option names.

use std::fmt;

use flexget_core::prelude::*;

use crate::titles::media::Kind;

/// The option that names a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "Name")]
#[schemars(with = "Name", extend("examples" = [
    "watchlist", "favorites", "collection", "watched", "history", "ratings", "recommendations", "trending", "popular",
    "anticipated", "boxoffice", "hot", "streaming", "played", "collected", "favorited",
]))]
pub struct ListName {
    /// The name as the user wrote it, without blanks at its ends.
    name: String,
    /// The list that it means.
    pub source: Source,
}

/// The name of a list; a number is the number of a list.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Name {
    /// A name, slug or address.
    Text(
        #[schemars(extend("x-usual-words" = [
            "watchlist", "favorites", "collection", "watched", "history", "ratings", "recommendations", "trending",
            "popular", "anticipated", "boxoffice", "hot", "streaming", "played", "collected", "favorited",
        ]))]
        String,
    ),
    /// A number.
    Number(u64),
}

impl TryFrom<Name> for ListName {
    type Error = String;

    fn try_from(name: Name) -> Result<Self, String> {
        let name = match name {
            Name::Text(name) => name.trim().to_owned(),
            Name::Number(number) => number.to_string(),
        };
        let source = Source::parse(&name)?;
        // `Watchlist` and `watchlist` are one list.
        let name = if matches!(source, Source::Personal(_)) { name } else { name.to_lowercase() };
        Ok(Self { name, source })
    }
}

impl fmt::Display for ListName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

/// A list of Trakt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Titles to watch.
    Watchlist,
    /// The user's favorites.
    Favorites,
    /// Titles that the user owns.
    Collection,
    /// Titles that the user has watched, each once.
    Watched,
    /// Titles that the user has watched, the latest first, each once.
    History,
    /// Titles that the user has rated.
    Ratings,
    /// Recommendations for the user.
    Recommendations,
    /// A chart, by its name in paths.
    Chart(&'static str),
    /// A list that a user has made, or an official one.
    Personal(Personal),
}

/// Name of a list that a user has made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Personal {
    /// Name or slug.
    Named(String),
    /// Trakt's number.
    Number(String),
    /// URL: the owner's slug (none for official lists) and the list's slug or number.
    Url {
        /// The owner's slug.
        owner: Option<String>,
        /// The list's slug or number.
        list: String,
    },
}

/// The charts, which are read-only.
const CHARTS: [&str; 9] =
    ["trending", "popular", "anticipated", "boxoffice", "hot", "streaming", "played", "collected", "favorited"];

/// Message about a URL that names no list.
const NOT_A_LIST: &str = "is not the URL of a Trakt list: expected `https://trakt.tv/users/USER/lists/LIST`";

impl Source {
    /// Parses the name of a list.
    ///
    /// A name that begins with `list:` is always that of a list that the user has made, such as an
    /// own list `favorites`.
    ///
    /// # Errors
    /// It is empty, or a URL that names no list.
    pub fn parse(name: &str) -> Result<Self, String> {
        let name = name.trim();
        if let Some(own) = name.strip_prefix("list:") {
            return Personal::parse(own.trim()).map(Self::Personal);
        }
        Ok(match name.to_lowercase().as_str() {
            "watchlist" => Self::Watchlist,
            "favorites" | "favourites" => Self::Favorites,
            "collection" => Self::Collection,
            "watched" => Self::Watched,
            "history" => Self::History,
            "ratings" => Self::Ratings,
            "recommendations" => Self::Recommendations,
            folded => match CHARTS.iter().find(|chart| **chart == folded) {
                Some(chart) => Self::Chart(chart),
                None => Self::Personal(Personal::parse(name)?),
            },
        })
    }

    /// Returns whether it can be changed at all.
    pub fn is_changeable(&self) -> bool {
        !matches!(self, Self::Chart(_) | Self::Recommendations)
    }

    /// Returns whether only its first items are read unless a `limit` says otherwise.
    pub fn is_chart(&self) -> bool {
        matches!(self, Self::Chart(_) | Self::Recommendations)
    }

    /// Returns whether what is added to it is a play.
    pub fn is_history(&self) -> bool {
        matches!(self, Self::Watched | Self::History)
    }

    /// Returns whether an item may be made of parts that do not show on it, such as plays.
    pub fn has_parts(&self) -> bool {
        matches!(self, Self::Watched | Self::History | Self::Collection)
    }

    /// Returns whether its items have an order that the user sets.
    pub fn is_ranked(&self) -> bool {
        matches!(self, Self::Watchlist | Self::Favorites | Self::Personal(_))
    }

    /// Returns whether its endpoint knows no pages.
    pub fn is_unpaged(&self) -> bool {
        matches!(self, Self::Chart("boxoffice") | Self::Recommendations)
    }

    /// Returns whether there are charts of several periods.
    pub fn has_periods(&self) -> bool {
        matches!(self, Self::Chart("played" | "collected" | "favorited" | "streaming"))
    }

    /// Returns the kinds that have an endpoint each, where there is none for all of them.
    pub fn kinds_by_endpoint(&self) -> &'static [Kind] {
        match self {
            Self::Chart("boxoffice") => &[Kind::Movie],
            Self::Collection | Self::Watched | Self::Recommendations | Self::Chart(_) => &[Kind::Movie, Kind::Show],
            _ => &[],
        }
    }

    /// Returns whether it can hold items of this kind.
    pub fn holds(&self, kind: Kind) -> bool {
        match self {
            Self::Chart("boxoffice") => kind == Kind::Movie,
            Self::Favorites | Self::Recommendations | Self::Chart(_) => matches!(kind, Kind::Movie | Kind::Show),
            Self::Collection | Self::Watched => kind != Kind::Season,
            Self::History => matches!(kind, Kind::Movie | Kind::Episode),
            Self::Watchlist | Self::Ratings | Self::Personal(_) => true,
        }
    }

    /// Returns whether items of this kind can be removed: as rows, or as their plays or episodes.
    pub fn removes(&self, kind: Kind) -> bool {
        self.has_parts() || self.holds(kind)
    }

    /// Returns the cache topic that a write to it invalidates; for personal lists their paths.
    ///
    /// Paths of the API name the lists of a user by the same word.
    pub fn topic(&self) -> &'static str {
        match self {
            Self::Watchlist => "watchlist",
            Self::Favorites => "favorites",
            Self::Collection => "collection",
            Self::Watched => "watched",
            Self::History => "history",
            Self::Ratings => "ratings",
            Self::Recommendations | Self::Chart(_) => "charts",
            Self::Personal(_) => "lists",
        }
    }

    /// Returns the places in `last_activities` that tell whether it has changed.
    pub fn stamps(&self) -> &'static [&'static str] {
        match self {
            Self::Watchlist => &[
                "/watchlist/updated_at",
                "/movies/watchlisted_at",
                "/shows/watchlisted_at",
                "/seasons/watchlisted_at",
                "/episodes/watchlisted_at",
            ],
            Self::Favorites => &["/favorites/updated_at", "/movies/favorited_at", "/shows/favorited_at"],
            Self::Collection => &["/movies/collected_at", "/episodes/collected_at"],
            Self::Watched | Self::History => &["/movies/watched_at", "/episodes/watched_at"],
            Self::Ratings => &["/movies/rated_at", "/shows/rated_at", "/seasons/rated_at", "/episodes/rated_at"],
            Self::Personal(_) => &["/lists/updated_at"],
            Self::Recommendations | Self::Chart(_) => &[],
        }
    }
}

impl Personal {
    fn parse(name: &str) -> Result<Self, String> {
        if name.is_empty() {
            return Err("the name of a list is empty".to_owned());
        }
        let rest = name.strip_prefix("https://").or_else(|| name.strip_prefix("http://")).unwrap_or(name);
        if let Some((host, path)) = rest.split_once('/')
            && matches!(host, "trakt.tv" | "www.trakt.tv" | "app.trakt.tv")
        {
            return Self::parse_path(path).ok_or_else(|| format!("`{name}` {NOT_A_LIST}"));
        }
        if name.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self::Number(name.to_owned()));
        }
        Ok(Self::Named(name.to_owned()))
    }

    /// Parses the path of a URL: `users/ann/lists/to-watch`, `lists/123`.
    fn parse_path(path: &str) -> Option<Self> {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        // What stands in a URL becomes a path of the API.
        let is_plain = |segment: &str| {
            segment.bytes().any(|byte| byte.is_ascii_alphanumeric())
                && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        };
        let (owner, list) = match segments.as_slice() {
            ["users", owner, "lists", list, ..] => (Some((*owner).to_owned()), *list),
            ["lists", "official", list, ..] | ["lists", list, ..] => (None, *list),
            _ => return None,
        };
        let is_valid = is_plain(list) && owner.as_deref().is_none_or(is_plain) && !segments.contains(&"..");
        is_valid.then(|| Self::Url { owner, list: list.to_owned() })
    }
}

/// Returns a user name as it stands in paths.
pub fn user_slug(name: &str) -> String {
    // Underscores stay, also at the ends.
    slug(name, |character| character == '_')
}

/// Converts a list's name to Trakt's slug: each run of other characters becomes one hyphen.
pub fn list_slug(name: &str) -> String {
    slug(name, |_| false)
}

fn slug(name: &str, keep: impl Fn(char) -> bool) -> String {
    let mut slug = String::new();
    for character in name.to_lowercase().chars() {
        if character.is_ascii_alphanumeric() || keep(character) {
            slug.push(character);
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_numbers_and_urls_are_told_apart() {
        let url =
            |owner: Option<&str>, list: &str| Personal::Url { owner: owner.map(str::to_owned), list: list.to_owned() };
        for (text, expected) in [
            ("Following TV", Personal::Named("Following TV".into())),
            (" Anime ", Personal::Named("Anime".into())),
            ("123", Personal::Number("123".into())),
            ("https://trakt.tv/users/ann-kay/lists/to-watch?sort=rank", url(Some("ann-kay"), "to-watch")),
            ("app.trakt.tv/users/bob/lists/55", url(Some("bob"), "55")),
            ("https://trakt.tv/lists/official/marvel", url(None, "marvel")),
            ("AC/DC live", Personal::Named("AC/DC live".into())),
            ("list: favorites", Personal::Named("favorites".into())),
        ] {
            assert_eq!(Source::parse(text), Ok(Source::Personal(expected)), "{text}");
        }
        assert_eq!(Source::parse("Watchlist"), Ok(Source::Watchlist));
        assert_eq!(Source::parse("trending"), Ok(Source::Chart("trending")));
        for text in
            ["https://trakt.tv/users/ann/lists/..", "https://trakt.tv/users/../lists/a", "trakt.tv/movies/1", " "]
        {
            assert!(Source::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn slugs_are_made_as_trakt_makes_them() {
        for (name, expected) in
            [("Marvel: Phase 1", "marvel-phase-1"), ("a -- b", "a-b"), ("  Bob's list ", "bob-s-list")]
        {
            assert_eq!(list_slug(name), expected);
        }
        assert_eq!((user_slug("Ann.Kay").as_str(), user_slug("_bob_").as_str()), ("ann-kay", "_bob_"));
        assert_eq!(user_slug("!?"), "");
    }
}
