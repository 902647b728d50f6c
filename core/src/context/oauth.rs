//! OAuth 2.0 for any service: device authorization, renewal, revocation, authorized requests.
//!
//! A service describes itself by a [`Provider`]; everything else is here. Its commands come from
//! [`service`](crate::plugin::service).

mod account_http;
mod device;
mod provider;
mod renewal;
mod response;
#[cfg(test)]
mod tests;
mod tokens;

pub use account_http::{AccountHttp, SendError};
pub use device::{DeviceCode, Poll};
pub use provider::{Encoding, ExplainResponse, Provider};
pub use response::error_text;
