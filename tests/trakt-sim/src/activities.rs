//! When what last changed: the cheap question whether anything has to be read again.

use serde_json::{Map, Value, json};

use crate::access::Call;
use crate::time;
use crate::wire::{Answer, Reply};
use crate::world::World;

const GROUPS: [(&str, &[&str]); 12] = [
    (
        "movies",
        &[
            "watched_at",
            "collected_at",
            "rated_at",
            "watchlisted_at",
            "favorited_at",
            "commented_at",
            "paused_at",
            "hidden_at",
        ],
    ),
    ("episodes", &["watched_at", "collected_at", "rated_at", "watchlisted_at", "commented_at", "paused_at"]),
    ("shows", &["rated_at", "watchlisted_at", "favorited_at", "commented_at", "hidden_at", "dropped_at"]),
    ("seasons", &["rated_at", "watchlisted_at", "commented_at", "hidden_at"]),
    ("comments", &["liked_at", "reacted_at", "blocked_at"]),
    ("lists", &["liked_at", "reacted_at", "updated_at", "commented_at"]),
    ("watchlist", &["updated_at"]),
    ("favorites", &["updated_at"]),
    ("collaborations", &["updated_at"]),
    ("account", &["settings_at", "followed_at", "following_at", "pending_at", "requested_at"]),
    ("saved_filters", &["updated_at"]),
    ("notes", &["updated_at"]),
];

/// `GET /sync/last_activities`
pub(crate) fn read(world: &World, call: &Call<'_>) -> Answer {
    let user = &world.users[&call.user()?];
    let mut body = Map::new();
    let all = user.activities.values().copied().max().unwrap_or(user.joined_at);
    body.insert("all".into(), json!(time::render(all)));
    for (group, names) in GROUPS {
        let stamps: Map<String, Value> = names
            .iter()
            .map(|name| {
                let at = user.activities.get(&format!("{group}.{name}")).copied().unwrap_or(user.joined_at);
                ((*name).to_owned(), json!(time::render(at)))
            })
            .collect();
        body.insert(group.to_owned(), stamps.into());
    }
    Ok(Reply::json(200, &body.into()))
}
