//! Identifiers of episodes.

use jiff::civil::Date;

/// The identifier of an episode or a season, in the numbering that the title uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EpisodeId {
    /// An episode of a season, or a few in a row.
    Episode {
        /// Number of the season; 0 holds the specials.
        season: i64,
        /// Number of the first episode.
        first: i64,
        /// Number of the last episode.
        last: i64,
    },
    /// A whole season.
    Season(i64),
    /// The episode that was aired on a day.
    Date(Date),
    /// An episode numbered through all seasons, as those of anime are.
    Number(i64),
    /// A special by its name.
    Special(String),
}

impl EpisodeId {
    /// Returns FlexGet's name of the numbering, the value of `series_id_type`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Episode { .. } | Self::Season(_) => "ep",
            Self::Date(_) => "date",
            Self::Number(_) => "sequence",
            Self::Special(_) => "special",
        }
    }
}

impl std::fmt::Display for EpisodeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Episode { season, first, last } if last > first => write!(f, "S{season:02}E{first:02}-E{last:02}"),
            Self::Episode { season, first, .. } => write!(f, "S{season:02}E{first:02}"),
            Self::Season(season) => write!(f, "S{season:02}"),
            Self::Date(date) => write!(f, "{date}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Special(name) => f.write_str(name),
        }
    }
}
