//! Ratings from 1 to 10.

use serde_json::{Value, json};

use crate::access::Call;
use crate::bulk::{self, Bulk, Depth};
use crate::catalogue::{Kind, Media};
use crate::items;
use crate::render::{self, Extended};
use crate::time;
use crate::users::{self, Rated};
use crate::wire::{Answer, Reply};
use crate::world::World;

const GROUPS: [Kind; 4] = [Kind::Movie, Kind::Show, Kind::Season, Kind::Episode];

impl World {
    /// A user rates something.
    ///
    /// # Panics
    /// When there is no such user.
    pub fn rate(&mut self, user: &str, media: Media, rating: u8, at: i64) {
        let user = self.known(user);
        self.user_mut(&user).ratings.insert(media, Rated { rating, at });
        self.mark_rated(&user, &[media]);
    }

    fn mark_rated(&mut self, user: &str, media: &[Media]) {
        let mut names: Vec<String> =
            media.iter().filter_map(|media| media.kind()).map(|kind| format!("{}.rated_at", kind.plural())).collect();
        names.sort_unstable();
        names.dedup();
        if !names.is_empty() {
            self.bump(user, &names);
        }
    }
}

/// `GET /sync/ratings[/{type}[/{rating}]]` and `GET /users/{id}/ratings[/…]`
pub(crate) fn read(world: &World, call: &Call<'_>, user: &str, tail: &[&str]) -> Answer {
    let user = users::owner(world, call, user)?;
    let (types, ratings) = match tail {
        [] => ("all", None),
        [types] => (*types, None),
        [types, ratings] => (*types, Some(*ratings)),
        _ => return Err(Reply::empty(404)),
    };
    let kinds = items::kinds(types, &GROUPS)?;
    let ratings: Option<Vec<u8>> =
        ratings.map(|text| text.split(',').filter_map(|rating| rating.parse().ok()).collect());
    let account = &world.users[&user];
    let mut rows: Vec<(&Media, &Rated)> = account
        .ratings
        .iter()
        .filter(|(media, _)| match &kinds {
            Some(kinds) => media.kind().is_some_and(|kind| kinds.contains(&kind)),
            None => true,
        })
        .filter(|(_, rated)| ratings.as_ref().is_none_or(|wanted| wanted.contains(&rated.rating)))
        .collect();
    rows.sort_by_key(|(media, rated)| (std::cmp::Reverse(rated.at), **media));
    let page = world.pages.page("ratings", call.request, rows.len());
    let extended = Extended::of(call.request, world.now());
    let body = page
        .of(&rows)
        .map(|(media, rated)| {
            let mut row = render::object(json!({ "rated_at": time::render(rated.at), "rating": rated.rating }));
            render::into_row(&mut row, &world.catalogue, **media, extended);
            Value::Object(row)
        })
        .collect();
    Ok(page.reply(body).header("X-Private-User", account.private))
}

/// `POST /sync/ratings`
pub(crate) fn add(world: &mut World, call: &Call<'_>) -> Answer {
    let user = call.user()?;
    let bulk = Bulk::read(world, call.request, &GROUPS, Depth::AsNamed)?;
    let now = world.now();
    let mut rated = Vec::with_capacity(bulk.found.len());
    for found in &bulk.found {
        let rating = found.extras.get("rating").and_then(Value::as_u64).and_then(|rating| u8::try_from(rating).ok());
        let Some(rating) = rating.filter(|rating| (1..=10).contains(rating)) else {
            return Err(Reply::json(422, &json!({ "error": "rating must be between 1 and 10" })));
        };
        let at = found.extras.get("rated_at").and_then(Value::as_str).and_then(time::parse).unwrap_or(now);
        rated.push((found.media, Rated { rating, at }));
    }
    let media: Vec<Media> = rated.iter().map(|(media, _)| *media).collect();
    let account = world.user_mut(&user);
    let new = media.iter().filter(|media| !account.ratings.contains_key(media)).count();
    let (limit, vip) = (account.limits.ratings, account.vip);
    if new > 0 && account.ratings.len() + new > limit {
        return Err(items::over_limit(vip, limit));
    }
    account.ratings.extend(rated);
    world.mark_rated(&user, &media);
    Ok(Reply::json(201, &json!({ "added": bulk::counts(&media, &GROUPS), "not_found": bulk.not_found })))
}

/// `POST /sync/ratings/remove`
pub(crate) fn remove(world: &mut World, call: &Call<'_>) -> Answer {
    let user = call.user()?;
    let bulk = Bulk::read(world, call.request, &GROUPS, Depth::AsNamed)?;
    let account = world.user_mut(&user);
    let gone: Vec<Media> =
        bulk.found.iter().map(|found| found.media).filter(|media| account.ratings.remove(media).is_some()).collect();
    world.mark_rated(&user, &gone);
    Ok(Reply::json(200, &json!({ "deleted": bulk::counts(&gone, &GROUPS), "not_found": bulk.not_found })))
}
