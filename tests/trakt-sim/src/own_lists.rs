//! Watchlist and favorites, one's own and those of others.

use crate::access::Call;
use crate::catalogue::Kind;
use crate::items::{self, Place};
use crate::users;
use crate::wire::Answer;
use crate::world::World;

/// What the watchlist can hold.
pub(crate) const WATCHLIST: [Kind; 4] = [Kind::Movie, Kind::Show, Kind::Season, Kind::Episode];
/// What the favorites can hold.
pub(crate) const FAVORITES: [Kind; 2] = [Kind::Movie, Kind::Show];

/// Which of the two.
#[derive(Clone, Copy)]
pub(crate) enum Which {
    Watchlist,
    Favorites,
}

impl Which {
    fn place(self, user: String) -> Place {
        match self {
            Which::Watchlist => Place::Watchlist(user),
            Which::Favorites => Place::Favorites(user),
        }
    }

    fn kinds(self) -> &'static [Kind] {
        match self {
            Which::Watchlist => &WATCHLIST,
            Which::Favorites => &FAVORITES,
        }
    }
}

/// `GET /sync/{watchlist|favorites}[/…]` (user `me`) and `GET /users/{id}/{watchlist|favorites}[/…]`
pub(crate) fn read(world: &World, call: &Call<'_>, which: Which, user: &str, tail: &[&str]) -> Answer {
    let slug = users::owner(world, call, user)?;
    let wanted =
        items::Wanted { is_watchlist: matches!(which, Which::Watchlist), ..items::wanted(call, tail, which.kinds())? };
    let user = &world.users[&slug];
    let contents = match which {
        Which::Watchlist => &user.watchlist,
        Which::Favorites => &user.favorites,
    };
    items::read(world, call, contents, &wanted).map(|reply| reply.header("X-Private-User", user.private))
}

/// `POST /sync/{watchlist|favorites}`
pub(crate) fn add(world: &mut World, call: &Call<'_>, which: Which) -> Answer {
    let user = call.user()?;
    let limits = world.users[&user].limits;
    let limit = match which {
        Which::Watchlist => limits.watchlist,
        Which::Favorites => limits.favorites,
    };
    items::add(world, call, &which.place(user), limit, which.kinds())
}

/// `POST /sync/{watchlist|favorites}/remove`
pub(crate) fn remove(world: &mut World, call: &Call<'_>, which: Which) -> Answer {
    items::remove(world, call, &which.place(call.user()?), which.kinds())
}

/// `PUT /sync/{watchlist|favorites}/{list_item_id}`
pub(crate) fn edit(world: &mut World, call: &Call<'_>, which: Which, item: &str) -> Answer {
    items::edit(world, call, &which.place(call.user()?), item)
}

/// `POST /sync/{watchlist|favorites}/reorder`
pub(crate) fn reorder(world: &mut World, call: &Call<'_>, which: Which) -> Answer {
    items::reorder(world, call, &which.place(call.user()?))
}
