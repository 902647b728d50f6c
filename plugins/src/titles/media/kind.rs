//! The kinds of media.

/// A kind of media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A movie.
    Movie,
    /// A show.
    Show,
    /// A season of a show; season 0 holds the specials.
    Season,
    /// An episode of a show.
    Episode,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Movie, Self::Show, Self::Season, Self::Episode];

    /// Returns the English word: `movie`, `show`, `season`, `episode`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Movie => "movie",
            Self::Show => "show",
            Self::Season => "season",
            Self::Episode => "episode",
        }
    }

    /// Returns the kind that has the title: a season or an episode is part of a show.
    pub fn work(self) -> Self {
        if self == Self::Movie { Self::Movie } else { Self::Show }
    }
}
