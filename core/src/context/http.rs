//! HTTP: one client whose requests are paced, retried and counted in one place.
//!
//! [`Http::send`] returns the final response whatever its status is; [`Response::ok`] and
//! [`Response::json`] turn what is wrong into errors.

pub mod client;
mod error;
mod limiter;
mod options;
mod paging;
mod request;
mod response;
mod retry;
#[cfg(test)]
pub(crate) mod tests;
mod transport;

pub use client::Http;
pub(crate) use error::is_of_tls;
pub use error::{HttpError, HttpFault, Sent};
pub use options::HttpOptions;
pub use paging::{PageCount, PageWalk, Paging};
pub use request::{Body, HeaderName, HeaderValue, Method, RateLimit, Request, Retry};
pub use response::Response;
pub(crate) use transport::read_certificates;
