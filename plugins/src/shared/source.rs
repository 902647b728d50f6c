//! Reading from a URL or a file.

use std::cell::RefCell;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek};
use std::path::{Path, PathBuf};

use flexget_core::context::http::Method;
use flexget_core::error::{OUT_OF_FILES, is_out_of_files};
use flexget_core::prelude::*;

/// The largest file that is read, in bytes.
const MAX_FILE: usize = 256 << 20;

/// The URL or the path of a file to read.
///
/// Displayed as the host or the path alone: the rest of a URL may hold a password or a key.
#[derive(Deserialize, JsonSchema, Clone)]
#[serde(transparent)]
#[schemars(description = "")]
pub struct SourceLocation(#[schemars(length(min = 1))] String);

impl SourceLocation {
    /// Returns whether it is a URL of another scheme than `file`.
    pub fn is_remote(&self) -> bool {
        self.0.contains("://") && !self.0.starts_with("file://")
    }

    /// Returns the text that the user wrote, which may hold secrets.
    pub fn secret_text(&self) -> &str {
        &self.0
    }

    /// Requests the URL with any content type, and returns the response whatever its status.
    ///
    /// # Errors
    /// There was no response.
    pub async fn get(&self, headers: Vec<(&'static str, String)>, task: &Task) -> Result<Response> {
        let mut request = Request::new(Method::GET, &self.0);
        request.has_secret_path = true;
        request.headers.push(("Accept".into(), "*/*".to_owned()));
        request
            .headers
            .extend(TaskHeaders::of(task).0.borrow().iter().map(|(name, value)| (name.clone().into(), value.clone())));
        request.headers.extend(headers.into_iter().map(|(name, value)| (name.into(), value)));
        Ok(task.cx.http.send(request).await?)
    }

    /// Returns the response if its status is a success.
    ///
    /// # Errors
    /// Explains the status.
    pub fn check_status(&self, response: Response) -> Result<Response> {
        let (problem, hint) = match response.status {
            200..=299 => return Ok(response),
            401 | 403 => ("denied access", "check the user name and the password, or the key in the URL"),
            404 | 410 => ("has nothing at this URL", "check the URL"),
            429 => ("allows fewer requests", "run the task less often, such as with `interval`"),
            500.. => ("has an internal error", "try again later"),
            _ => ("sent an unexpected response", "check the URL"),
        };
        Err(Error::new(format!("{self} {problem}: status {}", response.status)).hint(hint))
    }

    fn path(&self, cx: &Context) -> PathBuf {
        expand_home(self.0.strip_prefix("file://").unwrap_or(&self.0), cx)
    }

    /// Reads the file.
    ///
    /// # Errors
    /// It cannot be read, is not a regular file or is too large.
    pub fn read_file(&self, cx: &Context) -> Result<Vec<u8>> {
        let path = self.path(cx);
        read_regular_file(&path).map_err(|error| unreadable(&path, error))
    }

    /// Opens the text of the response or the file, of which a program needs not hold all at once.
    ///
    /// The encoding is the same as that of [`text`](Self::text).
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn open(&self, encoding: Option<&str>, task: &Task) -> Result<Box<dyn BufRead>> {
        if !self.is_remote() && encoding.is_none() {
            let path = self.path(&task.cx);
            if let Some(file) = open_utf8(&path).map_err(|error| unreadable(&path, error))? {
                return Ok(Box::new(BufReader::new(file)));
            }
        }
        Ok(Box::new(Cursor::new(self.text(encoding, task).await?)))
    }

    /// Reads the text of the response or the file.
    ///
    /// The encoding is the one that is given, else the one that the response names, else detected.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn text(&self, encoding: Option<&str>, task: &Task) -> Result<String> {
        if !self.is_remote() {
            return Ok(decode(&self.read_file(&task.cx)?, encoding));
        }
        let response = self.check_status(self.get(Vec::new(), task).await?)?;
        let charset = response.header("content-type").and_then(charset).map(str::to_owned);
        Ok(decode(&response.body, encoding.or(charset.as_deref())))
    }
}

impl fmt::Display for SourceLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((_, rest)) = self.0.split_once("://").filter(|_| self.is_remote()) else {
            return write!(f, "`{}`", self.0);
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
        f.write_str(authority.rsplit('@').next().unwrap_or(authority))
    }
}

/// The headers that the requests of a task's inputs have besides their own.
#[derive(Default)]
pub struct TaskHeaders(RefCell<BTreeMap<String, String>>);

impl TaskHeaders {
    /// Returns the headers of a task.
    pub fn of(task: &Task) -> Rc<Self> {
        task.state()
    }

    /// Adds headers.
    pub fn add(&self, headers: &BTreeMap<String, String>) {
        self.0.borrow_mut().extend(headers.clone());
    }
}

/// Returns the path with `~` at its beginning replaced by the home folder.
pub fn expand_home(path: &str, cx: &Context) -> PathBuf {
    match (path.strip_prefix('~'), cx.environment.path("HOME")) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
        _ => PathBuf::from(path),
    }
}

/// Reads a file that is neither a folder, a pipe nor a device, which could have no end.
///
/// # Errors
/// It cannot be read, is something else, or is larger than 256 MiB.
pub fn read_regular_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular_file(path)?.read_to_end(&mut bytes)?;
    if bytes.len() > MAX_FILE {
        return Err(io::Error::other(format!("it is larger than {} MiB", MAX_FILE >> 20)));
    }
    Ok(bytes)
}

fn open_regular_file(path: &Path) -> io::Result<io::Take<File>> {
    check_regular(&std::fs::metadata(path)?)?;
    Ok(File::open(path)?.take(const { MAX_FILE as u64 + 1 }))
}

/// Opens a file if all of it is UTF-8, without a byte order mark, and not too large.
fn open_utf8(path: &Path) -> io::Result<Option<File>> {
    let mut file = open_regular_file(path)?;
    let mut piece = vec![0; 1 << 16];
    let mut rest = 0_usize;
    loop {
        let size = file.read(&mut piece[rest..])?;
        let end = rest.saturating_add(size);
        let valid = match std::str::from_utf8(&piece[..end]) {
            Ok(_) => end,
            // The last character goes on in the next piece.
            Err(error) if error.error_len().is_none() && size > 0 => error.valid_up_to(),
            Err(_) => return Ok(None),
        };
        if piece.starts_with("\u{feff}".as_bytes()) {
            return Ok(None);
        }
        if size == 0 {
            break;
        }
        piece.copy_within(valid..end, 0);
        rest = end.saturating_sub(valid);
    }
    if file.limit() == 0 {
        return Ok(None);
    }
    let mut file = file.into_inner();
    file.rewind()?;
    Ok(Some(file))
}

/// Checks that a file is a regular one.
///
/// # Errors
/// It is a folder, a pipe or a device.
pub fn check_regular(metadata: &std::fs::Metadata) -> io::Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    let kind = if metadata.is_dir() { "a folder" } else { "a pipe or a device" };
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {kind}, not a regular file")))
}

/// Returns the error about a file or folder that cannot be read.
pub fn unreadable(path: &Path, error: io::Error) -> Error {
    let hint = if is_out_of_files(&error) { OUT_OF_FILES } else { "check the path and its permissions" };
    Error::new(format!("`{}` cannot be read", path.display())).hint(hint).cause(error)
}

/// Returns the `charset` of a `Content-Type`.
pub fn charset(content_type: &str) -> Option<&str> {
    let (_, rest) = content_type.split_once("charset=")?;
    Some(rest.split(';').next()?.trim().trim_matches(['"', '\'']))
}

/// Decodes text by its byte order mark, the given encoding, UTF-8, or else Windows-1252.
///
/// Windows-1252 fits any bytes.
pub fn decode(bytes: &[u8], encoding: Option<&str>) -> String {
    let given = encoding.and_then(|label| encoding_rs::Encoding::for_label(label.as_bytes()));
    let marked = encoding_rs::Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    match (marked.or(given), std::str::from_utf8(bytes)) {
        (Some(encoding), _) => encoding.decode(bytes).0.into_owned(),
        (None, Ok(text)) => text.to_owned(),
        (None, Err(_)) => encoding_rs::WINDOWS_1252.decode(bytes).0.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flexget_core::testing::{block_on, context};

    #[test]
    fn urls_are_shown_without_their_secrets() {
        for (url, shown) in [
            ("https://me:pass@x.org:8080/key/feed?passkey=1#a", "x.org:8080"),
            ("https://x.org?passkey=1", "x.org"),
            ("https://me:p/a@ss@x.org", "me:p"),
            ("~/feeds/a.xml", "`~/feeds/a.xml`"),
            ("file:///a.xml", "`file:///a.xml`"),
        ] {
            assert_eq!(SourceLocation(url.to_owned()).to_string(), shown, "{url}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_regular_files_are_read() {
        for (path, expected) in [
            ("/dev/zero", "`/dev/zero` cannot be read: it is a pipe or a device, not a regular file"),
            ("/", "`/` cannot be read: it is a folder, not a regular file"),
        ] {
            let error = SourceLocation(path.to_owned()).read_file(&context()).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
        let (reader, _writer) = std::io::pipe().unwrap();
        let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader));
        assert!(
            !Path::new(&path).exists() || SourceLocation(path).read_file(&context()).is_err(),
            "a pipe would block"
        );
    }

    #[test]
    fn what_is_read_piece_by_piece_is_the_text() {
        let read = |bytes: &[u8]| {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(&file, bytes).unwrap();
            let source = SourceLocation(file.path().display().to_string());
            let task = Task::new("read", context());
            let mut text = String::new();
            block_on(source.open(None, &task)).unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, block_on(source.text(None, &task)).unwrap());
            text
        };
        let long = "Caf\u{e9}, \u{6620}\u{753b}\n".repeat(20_000);
        for shift in 0..4 {
            let long = format!("{}{long}", "x".repeat(shift));
            assert_eq!(read(long.as_bytes()), long);
            assert!(read(&[long.as_bytes(), b"Caf\xc3"].concat()).ends_with("Caf\u{c3}"));
        }
        for (bytes, text) in [
            (&b""[..], ""),
            (b"\xef\xbb\xbfA", "A"),
            (b"\xff\xfeA\x00", "A"),
            (b"Caf\xc3\xa9 Caf\xe9", "Caf\u{c3}\u{a9} Caf\u{e9}"),
        ] {
            assert_eq!(read(bytes), text, "{bytes:?}");
        }
    }

    #[test]
    fn text_is_decoded_by_its_mark_its_label_or_its_bytes() {
        for (bytes, label, text) in [
            (&b"\xef\xbb\xbfCaf\xc3\xa9"[..], None, "Caf\u{e9}"),
            (b"Caf\xe9", None, "Caf\u{e9}"),
            (b"Caf\xe9", Some("iso-8859-1"), "Caf\u{e9}"),
            (b"\xff\xfeA\x00", Some("utf-8"), "A"),
            (b"A", Some("klingon"), "A"),
        ] {
            assert_eq!(decode(bytes, label), text, "{bytes:?} {label:?}");
        }
    }
}
