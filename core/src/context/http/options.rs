//! Settings of the HTTP client.

use std::path::PathBuf;
use std::time::Duration;

use crate::context::environment::Environment;

/// Settings of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpOptions {
    /// Time limit for opening a connection.
    pub connect_timeout: Duration,
    /// Time limit for one attempt, from connecting to the last byte of the response.
    pub timeout: Duration,
    /// Largest body in bytes, decompressed; a larger one is an error.
    pub largest_response: usize,
    /// Number of requests in flight to one host.
    pub in_flight: usize,
    /// Certificate files (PEM) to trust besides the built-in certificates.
    pub ca_files: Vec<PathBuf>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(60),
            largest_response: 32 << 20,
            in_flight: 8,
            ca_files: Vec::new(),
        }
    }
}

impl HttpOptions {
    /// Returns the defaults, with the certificates that `SSL_CERT_FILE` names.
    pub fn from_environment(environment: &Environment) -> Self {
        Self { ca_files: environment.path("SSL_CERT_FILE").into_iter().collect(), ..Self::default() }
    }
}
