//! The commands `movie-list …`.

use flexget_core::prelude::*;

use super::{All, Del, Items, Kind, OfKind, Purge, typed};
use crate::lists::movie_list::{self, IDS, MovieList};

/// The kind.
#[derive(JsonSchema)]
struct Movies;

impl OfKind for Movies {
    const KIND: Kind = Kind {
        command: "movie-list",
        word: "movie list",
        item: "movie",
        key: MovieList::NAME,
        default: "movies",
        stored_list: movie_list::stored_list,
        columns: |movies| {
            // Only the ids that some movie has.
            let ids = IDS.into_iter().filter(|id| movies.iter().any(|movie| movie.entry.has(id)));
            ["Movie Name", "Movie year"].into_iter().chain(ids).collect()
        },
        cell: |movie, column| {
            let field = match column {
                "Movie Name" => "movie_name",
                "Movie year" => "movie_year",
                id => id,
            };
            movie.peek(field).map(Value::display).unwrap_or_default()
        },
    };
}

submit! { command::<All<Movies>>() }
submit! { command::<Del<Movies>>() }
submit! { command::<Items<Movies>>() }
submit! { command::<Purge<Movies>>() }

/// Adds a movie to a list: `movie-list add [LIST] 'TITLE (YEAR)' -i imdb_id=tt1234567`.
///
/// A list that is not there yet is made; a movie that is on the list already takes over what is
/// typed. Nobody is asked about the movie.
#[derive(Deserialize, JsonSchema)]
struct Add {
    /// The list, unless it is `movies`, and the name with the year in parentheses.
    #[schemars(extend("positional" = true))]
    movie: Vec<String>,
    /// Ids: `imdb_id`, `trakt_movie_id`, `trakt_movie_slug`, `tmdb_id`.
    #[serde(default)]
    #[schemars(extend("short" = "i"))]
    identifiers: BTreeMap<String, String>,
}

submit! { command::<Add>() }

impl Command for Add {
    const PATH: &'static [&'static str] = &["movie-list", "add"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let (list, [title]) = Movies::KIND.split(&self.movie, ["TITLE"])?;
        if let Some((id, _)) = self.identifiers.iter().find(|(id, value)| !is_id(id, value)) {
            return Err(Error::new(format!("`{id}={}` is not an id of a movie", self.identifiers[id]))
                .hint(format!("ids are: {}; all but imdb_id and the slug are numbers", IDS.join(", "))));
        }
        let entry = typed(title, String::new(), &self.identifiers);
        Movies::KIND.add(cx, out, &list, &entry, |list, entry| list.put(&[entry], movie_list::kept))
    }
}

fn is_id(name: &str, value: &str) -> bool {
    match name {
        "imdb_id" | "trakt_movie_slug" => !value.trim().is_empty(),
        name => IDS.contains(&name) && value.trim().parse::<i64>().is_ok(),
    }
}
