//! The device flow, renewal and revocation. Refresh tokens work once.

use serde_json::{Value, json};

use crate::wire::{Answer, Reply, Request};
use crate::world::World;

/// A pair of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// For the API.
    pub access_token: String,
    /// For one renewal.
    pub refresh_token: String,
    /// Seconds since 1970.
    pub created_at: i64,
    /// Seconds from then.
    pub expires_in: i64,
}

impl Token {
    /// As the OAuth host answers.
    pub fn to_json(&self) -> Value {
        json!({
            "access_token": self.access_token, "token_type": "bearer", "expires_in": self.expires_in,
            "refresh_token": self.refresh_token, "scope": "public", "created_at": self.created_at,
        })
    }
}

/// How far a device code is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceState {
    /// Nobody has entered the code yet.
    Pending,
    /// This user (slug or name) said yes.
    Approved(String),
    /// The user said no.
    Denied,
    /// The code ran out before its time.
    Expired,
    /// The tokens were fetched.
    Used,
}

/// A device code.
#[derive(Clone, Debug)]
pub struct Device {
    /// For polling.
    pub device_code: String,
    /// For the person.
    pub user_code: String,
    /// How far it is.
    pub state: DeviceState,
    /// How often it was polled.
    pub polls: u32,
    created: i64,
    last_poll: Option<i64>,
    client_id: String,
}

#[derive(Clone, Debug)]
struct Session {
    token: Token,
    user: String,
    client_id: String,
    access_dead: bool,
    refresh_dead: bool,
}

/// All that the OAuth host knows.
#[derive(Clone, Debug)]
pub struct Oauth {
    /// The device codes, in order.
    pub devices: Vec<Device>,
    /// Lifetime of access tokens, seconds.
    pub expires_in: i64,
    /// Lifetime of device codes, seconds.
    pub device_expires_in: i64,
    /// Seconds between polls.
    pub interval: i64,
    /// Where the person enters the code.
    pub verification_url: String,
    /// Codes approve themselves for this user after so many pending polls.
    pub auto_approve: Option<(String, u32)>,
    /// Whether the applications must send their secret.
    pub secret_required: bool,
    /// A renewal also ends the old access token, not only the old refresh token.
    pub renewal_ends_access: bool,
    sessions: Vec<Session>,
    minted: u64,
}

impl Default for Oauth {
    fn default() -> Self {
        Oauth {
            devices: Vec::new(),
            expires_in: 7 * 86_400,
            device_expires_in: 600,
            interval: 5,
            verification_url: String::new(),
            auto_approve: None,
            secret_required: false,
            renewal_ends_access: false,
            sessions: Vec::new(),
            minted: 0,
        }
    }
}

impl Oauth {
    /// 64 hexadecimal digits, never the same twice.
    fn mint(&mut self) -> String {
        self.minted += 1;
        let mut state = self.minted;
        (0..4)
            .map(|_| {
                // splitmix64: only has to look random.
                state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                format!("{:016x}", mixed ^ (mixed >> 27))
            })
            .collect()
    }

    fn issue(&mut self, user: &str, client_id: &str, now: i64) -> Token {
        let token = Token {
            access_token: self.mint(),
            refresh_token: self.mint(),
            created_at: now.div_euclid(1000),
            expires_in: self.expires_in,
        };
        self.sessions.push(Session {
            token: token.clone(),
            user: user.to_owned(),
            client_id: client_id.to_owned(),
            access_dead: false,
            refresh_dead: false,
        });
        token
    }

    /// The slug of the user whom an access token belongs to, expired or not.
    pub fn user_of(&self, access_token: &str) -> Option<String> {
        self.sessions.iter().find(|it| it.token.access_token == access_token).map(|it| it.user.clone())
    }

    /// The user of a good access token; the application must be the one that it was made for.
    pub(crate) fn check(&self, access_token: &str, client_id: &str, now: i64) -> Option<String> {
        self.sessions
            .iter()
            .find(|it| it.token.access_token == access_token)
            .filter(|it| !it.access_dead && it.client_id == client_id)
            .filter(|it| (it.token.created_at + it.token.expires_in) * 1000 > now)
            .map(|it| it.user.clone())
    }

    /// How many pairs of this user (by slug) can still be renewed.
    pub fn live_refresh_tokens(&self, user: &str) -> usize {
        self.sessions.iter().filter(|it| it.user == user && !it.refresh_dead).count()
    }

    /// Whether this refresh token still works.
    pub fn refresh_is_live(&self, refresh_token: &str) -> bool {
        self.sessions.iter().any(|it| it.token.refresh_token == refresh_token && !it.refresh_dead)
    }

    pub(crate) fn settle(&mut self, user_code: &str, state: DeviceState) {
        for device in self.devices.iter_mut().filter(|device| device.user_code == user_code) {
            device.state = state.clone();
        }
    }

    fn each(&mut self, user: &str, change: impl Fn(&mut Session)) {
        self.sessions.iter_mut().filter(|it| it.user == user).for_each(change);
    }

    pub(crate) fn expire_access(&mut self, user: &str) {
        self.each(user, |it| it.access_dead = true);
    }

    pub(crate) fn revoke_refresh(&mut self, user: &str) {
        self.each(user, |it| it.refresh_dead = true);
    }

    pub(crate) fn revoke_user(&mut self, user: &str) {
        self.each(user, |it| (it.access_dead, it.refresh_dead) = (true, true));
    }
}

impl World {
    /// A valid pair for this user, made for the first application.
    ///
    /// # Panics
    /// When there is no such user.
    pub fn issue(&mut self, user: &str) -> Token {
        let user = self.known(user);
        let client_id = self.apps.first().map(|app| app.client_id.clone()).unwrap_or_default();
        let now = self.now();
        self.oauth.issue(&user, &client_id, now)
    }
}

fn refuse(status: u16, error: &str, description: &str) -> Reply {
    Reply::json(status, &json!({ "error": error, "error_description": description }))
}

/// Body, known application, right secret.
fn client(world: &World, request: &Request) -> Result<(Value, String), Reply> {
    let body = request.json().ok_or_else(|| refuse(400, "invalid_request", "the body is not JSON"))?;
    let Some(id) = body["client_id"].as_str().filter(|id| !id.is_empty()) else {
        return Err(refuse(400, "invalid_client", "client_id is required"));
    };
    let Some(app) = world.apps.iter().find(|app| app.client_id == id) else {
        return Err(refuse(401, "invalid_client", "client not found"));
    };
    let device_code = request.segments.last().is_some_and(|last| last == "code");
    match body["client_secret"].as_str() {
        Some(secret) if app.client_secret.as_deref() != Some(secret) => {
            return Err(refuse(401, "invalid_client", "client authentication failed"));
        }
        None if world.oauth.secret_required && !device_code => {
            return Err(refuse(401, "invalid_client", "client_secret is required"));
        }
        _ => {}
    }
    let id = id.to_owned();
    Ok((body, id))
}

/// `POST /oauth/device/code`
pub(crate) fn device_code(world: &mut World, request: &Request) -> Answer {
    let (_, client_id) = client(world, request)?;
    let now = world.now();
    let oauth = &mut world.oauth;
    let device_code = oauth.mint();
    let user_code = oauth.mint()[..8].to_uppercase();
    oauth.devices.push(Device {
        device_code: device_code.clone(),
        user_code: user_code.clone(),
        state: DeviceState::Pending,
        polls: 0,
        created: now,
        last_poll: None,
        client_id,
    });
    Ok(Reply::json(
        200,
        &json!({
            "device_code": device_code, "user_code": user_code, "verification_url": oauth.verification_url,
            "expires_in": oauth.device_expires_in, "interval": oauth.interval,
        }),
    ))
}

/// `POST /oauth/device/token`
pub(crate) fn device_token(world: &mut World, request: &Request) -> Answer {
    let (body, client_id) = client(world, request)?;
    let now = world.now();
    let (interval, lifetime, auto) =
        (world.oauth.interval, world.oauth.device_expires_in, world.oauth.auto_approve.clone());
    let code = body["code"].as_str().unwrap_or_default();
    let limited = world.limits.polls;
    let Some(device) = world.oauth.devices.iter_mut().find(|it| it.device_code == code && it.client_id == client_id)
    else {
        return Err(Reply::empty(404));
    };
    let hurried = device.last_poll.is_some_and(|last| now - last < interval * 1000);
    device.last_poll = Some(now);
    device.polls += 1;
    if device.state == DeviceState::Pending && now - device.created >= lifetime * 1000 {
        device.state = DeviceState::Expired;
    }
    if limited && hurried && device.state == DeviceState::Pending {
        return Err(Reply::empty(429));
    }
    if let (DeviceState::Pending, Some((user, after))) = (&device.state, auto)
        && device.polls > after
    {
        device.state = DeviceState::Approved(user);
    }
    let user = match &device.state {
        DeviceState::Pending => return Err(Reply::empty(400)),
        DeviceState::Denied => return Err(Reply::empty(418)),
        DeviceState::Expired => return Err(Reply::empty(410)),
        DeviceState::Used => return Err(Reply::empty(409)),
        DeviceState::Approved(user) => user.clone(),
    };
    device.state = DeviceState::Used;
    let user = world.known(&user);
    Ok(Reply::json(200, &world.oauth.issue(&user, &client_id, now).to_json()))
}

/// `POST /oauth/token`
pub(crate) fn token(world: &mut World, request: &Request) -> Answer {
    let (body, client_id) = client(world, request)?;
    match body["grant_type"].as_str() {
        Some("refresh_token") => {}
        Some(_) => return Err(refuse(400, "unsupported_grant_type", "only refresh_token is served here")),
        None => return Err(refuse(400, "invalid_request", "grant_type is required")),
    }
    let app = world.apps.iter().find(|app| app.client_id == client_id);
    if app.is_none_or(|app| body["redirect_uri"].as_str() != Some(&app.redirect_uri)) {
        return Err(refuse(400, "invalid_grant", "redirect_uri does not match"));
    }
    let ends_access = world.oauth.renewal_ends_access;
    let presented = body["refresh_token"].as_str().unwrap_or_default();
    let now = world.now();
    let session = world
        .oauth
        .sessions
        .iter_mut()
        .find(|it| it.token.refresh_token == presented && it.client_id == client_id && !it.refresh_dead);
    let Some(session) = session else {
        return Err(refuse(400, "invalid_grant", "session not found"));
    };
    session.refresh_dead = true;
    session.access_dead |= ends_access;
    let user = session.user.clone();
    Ok(Reply::json(200, &world.oauth.issue(&user, &client_id, now).to_json()))
}

/// `POST /oauth/revoke`: kills the pair that the token belongs to; an unknown token is no error.
pub(crate) fn revoke(world: &mut World, request: &Request) -> Answer {
    let (body, client_id) = client(world, request)?;
    let token = body["token"].as_str().unwrap_or_default();
    for session in world.oauth.sessions.iter_mut().filter(|it| it.client_id == client_id) {
        if session.token.access_token == token || session.token.refresh_token == token {
            (session.access_dead, session.refresh_dead) = (true, true);
        }
    }
    Ok(Reply::json(200, &json!({})))
}
