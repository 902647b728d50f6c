//! Encodings of text files.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use flexget_core::prelude::*;

/// The encoding of a text file, written as its name.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String", description = "")]
pub enum FileEncoding {
    /// ISO 8859-1: the first 256 characters of Unicode.
    Latin1,
    /// ASCII: the first 128 characters of Unicode.
    Ascii,
    /// One that is known on the web.
    OfWeb(&'static Encoding),
}

impl Default for FileEncoding {
    fn default() -> Self {
        Self::OfWeb(UTF_8)
    }
}

impl FileEncoding {
    /// Returns the name of the encoding.
    pub fn name(self) -> &'static str {
        match self {
            Self::Latin1 => "ISO-8859-1",
            Self::Ascii => "ASCII",
            Self::OfWeb(encoding) => encoding.name(),
        }
    }

    /// Decodes a text, or returns `None` if it is in another encoding.
    pub fn decode(self, bytes: Vec<u8>) -> Option<String> {
        match self {
            Self::Latin1 => Some(bytes.into_iter().map(char::from).collect()),
            Self::Ascii => bytes.is_ascii().then(|| String::from_utf8(bytes).ok())?,
            Self::OfWeb(encoding) => {
                let (text, _, has_errors) = encoding.decode(&bytes);
                (!has_errors).then(|| text.into_owned())
            }
        }
    }

    /// Encodes a text.
    ///
    /// # Errors
    /// The encoding does not have this character.
    pub fn encode(self, text: &str) -> Result<Vec<u8>, char> {
        let byte = |last: char| move |c: char| u8::try_from(c).ok().filter(|_| c <= last).ok_or(c);
        match self {
            Self::Latin1 => text.chars().map(byte('\u{ff}')).collect(),
            Self::Ascii => text.chars().map(byte('\u{7f}')).collect(),
            Self::OfWeb(encoding) if encoding == UTF_16LE => Ok(units(text).flat_map(u16::to_le_bytes).collect()),
            Self::OfWeb(encoding) if encoding == UTF_16BE => Ok(units(text).flat_map(u16::to_be_bytes).collect()),
            Self::OfWeb(encoding) => match encoding.encode(text) {
                (bytes, _, false) => Ok(bytes.into_owned()),
                (.., true) => {
                    let is_missing = |c: &char| encoding.encode(c.encode_utf8(&mut [0; 4])).2;
                    Err(text.chars().find(is_missing).unwrap_or_default())
                }
            },
        }
    }
}

/// Returns the units of UTF-16, behind the mark of their order.
fn units(text: &str) -> impl Iterator<Item = u16> {
    std::iter::once(0xfeff).chain(text.encode_utf16())
}

impl TryFrom<String> for FileEncoding {
    type Error = String;

    /// Reads the name of an encoding, in which Python may have written `_` for `-`.
    fn try_from(name: String) -> Result<Self, String> {
        Ok(match name.to_ascii_lowercase().replace('_', "-").as_str() {
            "ascii" | "us-ascii" => Self::Ascii,
            "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" => Self::Latin1,
            "utf-8-sig" => Self::default(),
            "utf-16-le" => Self::OfWeb(UTF_16LE),
            "utf-16-be" => Self::OfWeb(UTF_16BE),
            label => Encoding::for_label(label.as_bytes())
                .map(Self::OfWeb)
                .ok_or_else(|| format!("unknown encoding `{name}`: use utf-8, latin-1, windows-1252 …"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::FileEncoding;

    /// Python has the same encodings under these names.
    #[test]
    fn texts_come_back_from_each_encoding() {
        for (name, text) in [
            ("utf-8", "Сталкер 🎬"),
            ("utf_16", "Сталкер 🎬"),
            ("utf-16-be", "Сталкер 🎬"),
            ("cp1251", "Сталкер"),
            ("windows-1252", "Amélie €"),
            ("LATIN_1", "Amélie"),
            ("shift_jis", "千と千尋"),
            ("ascii", "Solaris"),
        ] {
            let encoding = FileEncoding::try_from(name.to_owned()).unwrap();
            assert_eq!(encoding.decode(encoding.encode(text).unwrap()).as_deref(), Some(text), "{name}");
        }
        assert_eq!(FileEncoding::try_from("cp1251".to_owned()).unwrap().encode("Сталкер é"), Err('é'));
        assert_eq!(FileEncoding::Ascii.decode(b"\xe9".to_vec()), None);
        assert_eq!(FileEncoding::default().decode(b"\xe9".to_vec()), None);
        assert!(FileEncoding::try_from("klingon".to_owned()).is_err());
    }
}
