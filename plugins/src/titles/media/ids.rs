//! Ids of media: the table of namespaces, and the ids of one title.

use std::fmt;
use std::sync::LazyLock;

use flexget_core::prelude::*;

use super::kind::Kind;

/// A namespace of ids, such as IMDb's, and the fields that hold them.
///
/// A list of another service adds its own with `submit!`; its items then match those of all other
/// lists by any id that both sides have.
///
/// ```
/// use flexget_core::prelude::*;
/// use flexget_plugins::titles::media::{Kind, ids::IdSpace};
///
/// submit! {
///     IdSpace::number("simkl", 50)
///         .field(Kind::Movie, "simkl_movie_id")
///         .field(Kind::Show, "simkl_show_id")
/// }
/// ```
#[derive(Debug)]
pub struct IdSpace {
    name: &'static str,
    rank: u8,
    is_number: bool,
    fields: [Option<&'static str>; Kind::ALL.len()],
}

inventory::collect!(IdSpace);

impl IdSpace {
    /// Creates a namespace of numbers.
    ///
    /// `rank` says how sure its ids are: where two titles have ids of several namespaces in common,
    /// the one of the lowest rank decides whether they are the same.
    pub const fn number(name: &'static str, rank: u8) -> Self {
        Self { name, rank, is_number: true, fields: [None; Kind::ALL.len()] }
    }

    /// Creates a namespace of texts, which are compared without regard to case.
    pub const fn text(name: &'static str, rank: u8) -> Self {
        Self { is_number: false, ..Self::number(name, rank) }
    }

    /// Sets the field that holds the ids of a kind.
    ///
    /// Those of a season or an episode are its own; those of its show are in the field of shows.
    pub const fn field(mut self, kind: Kind, field: &'static str) -> Self {
        self.fields[kind as usize] = Some(field);
        self
    }
}

// Trakt's numbers are unique; several titles may share an id of the others.
submit! {
    IdSpace::number("trakt", 10)
        .field(Kind::Movie, "trakt_movie_id")
        .field(Kind::Show, "trakt_show_id")
        .field(Kind::Season, "trakt_season_id")
        .field(Kind::Episode, "trakt_episode_id")
}
submit! {
    IdSpace::text("slug", 20).field(Kind::Movie, "trakt_movie_slug").field(Kind::Show, "trakt_show_slug")
}
submit! { IdSpace::text("imdb", 30).field(Kind::Movie, "imdb_id").field(Kind::Show, "imdb_id") }
submit! { IdSpace::number("tmdb", 40).field(Kind::Movie, "tmdb_id").field(Kind::Show, "tmdb_id") }
// TVDB has movies too, but Trakt does not know its numbers of them.
submit! { IdSpace::number("tvdb", 60).field(Kind::Show, "tvdb_id") }

/// A namespace with the texts that keys need.
struct Namespace {
    space: &'static IdSpace,
    /// Name of the namespace in keys, for each kind: `movie imdb`.
    keys: [String; Kind::ALL.len()],
    /// The same for ids of a season or an episode itself: `episode own trakt`.
    own_keys: [String; Kind::ALL.len()],
}

/// The namespaces, the surest first.
static NAMESPACES: LazyLock<Vec<Namespace>> = LazyLock::new(|| {
    let mut spaces: Vec<&'static IdSpace> = inventory::iter::<IdSpace>.into_iter().collect();
    spaces.sort_by_key(|space| (space.rank, space.name));
    let namespace = |space: &'static IdSpace| Namespace {
        space,
        keys: Kind::ALL.map(|kind| format!("{} {}", kind.word(), space.name)),
        own_keys: Kind::ALL.map(|kind| format!("{} own {}", kind.word(), space.name)),
    };
    spaces.into_iter().map(namespace).collect()
});

/// Returns the fields that hold ids of a kind, the surest first.
pub fn id_fields(kind: Kind) -> impl Iterator<Item = &'static str> {
    NAMESPACES.iter().filter_map(move |namespace| namespace.space.fields[kind as usize])
}

/// Returns the fields that could hold an id of an entry which has none.
pub fn missing_ids(entry: &Entry) -> Vec<Name> {
    let fields: BTreeSet<&'static str> = Kind::ALL.into_iter().flat_map(id_fields).collect();
    if fields.iter().any(|field| entry.has(field)) {
        return Vec::new();
    }
    fields.into_iter().map(Name::Borrowed).collect()
}

/// Evidence that a field gives about the kind of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldKind {
    /// Only movies have it.
    Movie,
    /// Only shows, seasons and episodes have it.
    Series,
    /// Shows have it, and movies may have it elsewhere.
    LikelySeries,
}

/// The fields that tell the kind of an entry, by name.
static FIELD_KINDS: LazyLock<Vec<(&'static str, FieldKind)>> = LazyLock::new(|| {
    let mut fields: Vec<(&'static str, FieldKind)> = vec![
        ("movie_name", FieldKind::Movie),
        ("trakt_movie_name", FieldKind::Movie),
        ("series_name", FieldKind::Series),
        ("trakt_series_name", FieldKind::Series),
    ];
    for namespace in NAMESPACES.iter() {
        let [movie, show, season, episode] = namespace.space.fields;
        let of_series = if movie.is_some() { FieldKind::Series } else { FieldKind::LikelySeries };
        fields.extend(movie.filter(|_| movie != show).map(|field| (field, FieldKind::Movie)));
        fields.extend(show.filter(|_| movie != show).map(|field| (field, of_series)));
        fields.extend(season.into_iter().chain(episode).map(|field| (field, FieldKind::Series)));
    }
    fields.sort_unstable_by_key(|(field, _)| *field);
    fields
});

/// Returns what a field tells about the kind of an entry, if anything.
pub(super) fn field_kind(field: &str) -> Option<FieldKind> {
    let at = FIELD_KINDS.binary_search_by_key(&field, |(name, _)| name).ok()?;
    Some(FIELD_KINDS[at].1)
}

/// An id within its namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaId {
    /// A number, such as Trakt's.
    Number(i64),
    /// A text, such as IMDb's `tt0069293`.
    Text(String),
}

impl fmt::Display for MediaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(id) => id.fmt(f),
            Self::Text(id) => f.write_str(id),
        }
    }
}

impl From<i64> for MediaId {
    fn from(id: i64) -> Self {
        Self::Number(id)
    }
}

impl From<&str> for MediaId {
    fn from(id: &str) -> Self {
        Self::Text(id.to_owned())
    }
}

impl From<&MediaId> for Value {
    fn from(id: &MediaId) -> Self {
        match id {
            MediaId::Number(id) => Self::from(*id),
            MediaId::Text(id) => Self::from(id.as_str()),
        }
    }
}

/// The ids of one title, each in a namespace of the table, the surest first.
#[derive(Clone, Default)]
pub struct MediaIds(Vec<(&'static Namespace, MediaId)>);

impl MediaIds {
    /// Reads the ids of a kind from the fields of an entry.
    pub fn of(entry: &Entry, kind: Kind) -> Self {
        let id = |namespace: &'static Namespace| {
            let field = namespace.space.fields[kind as usize]?;
            let id = if namespace.space.is_number {
                MediaId::Number(entry.int(field)?)
            } else {
                MediaId::Text(entry.text(field).map(str::trim).filter(|id| !id.is_empty())?.to_lowercase())
            };
            Some((namespace, id))
        };
        Self(NAMESPACES.iter().filter_map(id).collect())
    }

    /// Creates a set with one id of Trakt, or none.
    pub fn trakt_only(id: Option<i64>) -> Self {
        let mut ids = Self::default();
        ids.set("trakt", id);
        ids
    }

    /// Returns Trakt's number.
    pub fn trakt(&self) -> Option<i64> {
        self.number("trakt")
    }

    /// Returns the id of a namespace, if it is a number.
    pub fn number(&self, space: &str) -> Option<i64> {
        if let MediaId::Number(id) = self.get(space)? { Some(*id) } else { None }
    }

    /// Returns the id of a namespace, if it is a text.
    pub fn text(&self, space: &str) -> Option<&str> {
        if let MediaId::Text(id) = self.get(space)? { Some(id) } else { None }
    }

    /// Returns the id of a namespace.
    pub fn get(&self, space: &str) -> Option<&MediaId> {
        self.0.iter().find(|(known, _)| known.space.name == space).map(|(_, id)| id)
    }

    /// Sets the id of a namespace of the table, or removes it.
    pub fn set(&mut self, space: &str, id: Option<impl Into<MediaId>>) {
        self.0.retain(|(known, _)| known.space.name != space);
        let namespace = NAMESPACES.iter().find(|known| known.space.name == space);
        if let (Some(namespace), Some(id)) = (namespace, id) {
            self.0.push((namespace, id.into()));
            self.0.sort_by_key(|(known, _)| (known.space.rank, known.space.name));
        }
    }

    /// Adds the ids of other namespaces.
    pub fn fill(&mut self, other: &Self) {
        for (space, id) in other.iter() {
            if self.get(space).is_none() {
                self.set(space, Some(id.clone()));
            }
        }
    }

    /// Compares two sets by the surest namespace that both have; `None` if there is none.
    pub fn same(&self, other: &Self) -> Option<bool> {
        self.iter().find_map(|(space, id)| Some(other.get(space)? == id))
    }

    /// Iterates over namespaces and ids, the surest first.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &MediaId)> {
        self.0.iter().map(|(namespace, id)| (namespace.space.name, id))
    }

    /// Iterates over the ids with the fields that hold those of a kind.
    pub fn fields(&self, kind: Kind) -> impl Iterator<Item = (&'static str, &MediaId)> {
        self.0.iter().filter_map(move |(namespace, id)| Some((namespace.space.fields[kind as usize]?, id)))
    }

    /// Iterates over the ids with the names of their namespaces in the keys of a kind.
    pub(super) fn keys(&self, kind: Kind) -> impl Iterator<Item = (&'static str, &MediaId)> {
        self.0.iter().map(move |(namespace, id)| (namespace.keys[kind as usize].as_str(), id))
    }

    /// Iterates over the own ids of a season or an episode with their namespaces in keys.
    pub(super) fn own_keys(&self, kind: Kind) -> impl Iterator<Item = (&'static str, &MediaId)> {
        self.0.iter().map(move |(namespace, id)| (namespace.own_keys[kind as usize].as_str(), id))
    }

    /// Tells whether there is no id.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl PartialEq for MediaIds {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl fmt::Debug for MediaIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
