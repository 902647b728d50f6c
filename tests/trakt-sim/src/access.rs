//! Checks of headers, keys, tokens, rate limits and locked accounts, which Trakt or Cloudflare make before they look at the path.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::json;

use crate::wire::{Answer, Host, Reply, Request};
use crate::world::World;
use crate::{activate, faults, limits, oauth, route};

/// A request that was let in.
pub(crate) struct Call<'a> {
    pub(crate) request: &'a Request,
    /// The slug of the token's user.
    pub(crate) viewer: Option<String>,
}

impl Call<'_> {
    /// The token's user, or 401.
    pub(crate) fn user(&self) -> Result<String, Reply> {
        self.viewer.clone().ok_or_else(unauthorized)
    }
}

/// What a missing, expired or revoked token gets.
fn unauthorized() -> Reply {
    Reply::json(401, &json!({ "error": "invalid_token", "error_description": "the access token is not valid" }))
        .header("WWW-Authenticate", "Bearer realm=\"Trakt\", error=\"invalid_token\"")
}

/// The token of the `Authorization` header.
pub(crate) fn bearer(request: &Request) -> Option<&str> {
    request.header("authorization")?.strip_prefix("Bearer ")
}

/// Answers a request, whatever it is.
pub(crate) fn handle(world: &mut World, request: &Request) -> Reply {
    if request.header("user-agent").is_none_or(str::is_empty) {
        return faults::cloudflare(403);
    }
    let first = request.segments.first().map(String::as_str);
    let answer = match (request.host, first == Some("oauth")) {
        (Host::Auth, true) => authorize(world, request),
        (Host::Api, true) if world.switches.oauth_on_api => authorize(world, request),
        (Host::Api, false) => api(world, request),
        (Host::Auth, false) if first == Some("activate") => activate::page(world, request),
        _ => Err(Reply::empty(404)),
    };
    match answer {
        Ok(reply) => tagged(world, request, reply),
        Err(reply) => reply,
    }
}

/// A body must be JSON, and say so.
fn check_body(request: &Request) -> Result<(), Reply> {
    if request.body.is_empty() {
        return Ok(());
    }
    if !request.header("content-type").is_some_and(|kind| kind.starts_with("application/json")) {
        return Err(Reply::empty(412));
    }
    match request.json() {
        Some(_) => Ok(()),
        None => Err(Reply::json(400, &json!({ "error": "the body is not valid JSON" }))),
    }
}

fn authorize(world: &mut World, request: &Request) -> Answer {
    check_body(request)?;
    let path: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    match (request.method.as_str(), path.as_slice()) {
        ("POST", ["oauth", "device", "code"]) => oauth::device_code(world, request),
        ("POST", ["oauth", "device", "token"]) => oauth::device_token(world, request),
        ("POST", ["oauth", "token"]) => oauth::token(world, request),
        ("POST", ["oauth", "revoke"]) => oauth::revoke(world, request),
        _ => Err(Reply::empty(404)),
    }
}

fn api(world: &mut World, request: &Request) -> Answer {
    let Some(key) = request.header("trakt-api-key").filter(|key| world.apps.iter().any(|app| app.client_id == *key))
    else {
        return Err(Reply::json(403, &json!({ "error": "invalid API key" })));
    };
    if request.header("trakt-api-version") != Some("2") {
        return Err(Reply::json(400, &json!({ "error": "the header trakt-api-version must be 2" })));
    }
    check_body(request)?;
    let now = world.now();
    let viewer = match (request.header("authorization"), bearer(request)) {
        (None, _) => None,
        (_, Some(token)) => Some(world.oauth.check(token, key, now).ok_or_else(unauthorized)?),
        _ => return Err(unauthorized()),
    };
    let read = request.method == "GET";
    if !read && viewer.is_none() {
        return Err(unauthorized());
    }
    if viewer.as_ref().is_some_and(|slug| world.users.get(slug).is_some_and(|user| user.locked)) {
        return Err(faults::locked());
    }
    let verdict = limits::count(&world.limits, &mut world.used, viewer.as_deref(), key, read, now);
    let limited = |reply: Reply| reply.header("X-Ratelimit", &verdict.header);
    if let Some(refusal) = verdict.refusal {
        return Err(limited(refusal));
    }
    let call = Call { request, viewer };
    route::route(world, &call).map(limited).map_err(limited)
}

/// With an `ETag` if that is switched on; 304 if the client has that answer already.
fn tagged(world: &World, request: &Request, reply: Reply) -> Reply {
    if !world.switches.etags || request.method != "GET" || reply.status != 200 {
        return reply;
    }
    let mut hasher = DefaultHasher::new();
    reply.body.hash(&mut hasher);
    let tag = format!("W/\"{:016x}\"", hasher.finish());
    if request.header("if-none-match") == Some(&tag) {
        return Reply { status: 304, body: Vec::new(), ..reply };
    }
    reply.header("ETag", tag)
}
