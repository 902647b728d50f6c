//! The components of a quality with FlexGet's names, values and spellings.

use std::cmp::Ordering;
use std::fmt;

use self::Category::{Audio, Codec, ColorRange, Resolution, Source};
use crate::titles::parsing::words::{self, Word};

/// A category of quality, of which a title names one component at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// The size of the picture: `1080p`.
    Resolution,
    /// The medium that was copied: `bluray`.
    Source,
    /// The encoding of the picture: `h264`.
    Codec,
    /// The depth and range of colors: `hdr`.
    ColorRange,
    /// The encoding of the sound: `dts`.
    Audio,
}

impl Category {
    /// All categories, in the order in which they decide a comparison.
    pub const ALL: [Self; 5] = [Self::Resolution, Self::Source, Self::Codec, Self::ColorRange, Self::Audio];

    /// Returns the name of the category, as in `quality.color_range`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Resolution => "resolution",
            Self::Source => "source",
            Self::Codec => "codec",
            Self::ColorRange => "color_range",
            Self::Audio => "audio",
        }
    }

    /// Returns the category of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.name() == name)
    }

    /// Returns the components of the category, the worst first.
    pub fn components(self) -> &'static [Component] {
        match self {
            Self::Resolution => RESOLUTIONS,
            Self::Source => SOURCES,
            Self::Codec => CODECS,
            Self::ColorRange => COLOR_RANGES,
            Self::Audio => AUDIOS,
        }
    }
}

/// A component of a quality, such as `1080p`; ordered within its category from worse to better.
#[derive(Debug, PartialEq, Eq)]
pub struct Component {
    /// Category that the component belongs to.
    pub category: Category,
    /// Name that FlexGet has for it.
    pub name: &'static str,
    /// Value that orders the components of a category.
    pub value: u8,
    /// Penalty of copies made before the release, which counts before all categories.
    ///
    /// A component that has one wins over better ones of its category: nobody calls a good copy a
    /// bad one.
    pub modifier: Option<i8>,
    /// Spellings in titles.
    ///
    /// A dash may be any one character or none; `#-~` are audio channels, such as `5.1` and `2ch`.
    spellings: &'static [&'static str],
}

impl Component {
    /// Returns the component that a text names and nothing else, by its name or any spelling.
    pub fn named(text: &str) -> Option<&'static Self> {
        let words = words::split(text);
        let (len, component) = Self::spelled_at(&words, 0)?;
        (len == words.len()).then_some(component)
    }

    /// Returns the component that is `by` steps better in its category, or the last one there is.
    pub fn step(&self, by: isize) -> &'static Self {
        let all = self.category.components();
        let at = all.iter().position(|other| other == self).unwrap_or_default();
        &all[at.saturating_add_signed(by).min(all.len().saturating_sub(1))]
    }

    /// Returns the component with the longest spelling at a position, and its length in words.
    pub(super) fn spelled_at(words: &[Word<'_>], at: usize) -> Option<(usize, &'static Self)> {
        let first = words.get(at)?.lower.as_bytes().first().copied();
        let all = Category::ALL.into_iter().flat_map(Category::components);
        let spelled = all.flat_map(|component| {
            let spellings = component.spellings.iter().filter(|spelling| spelling.bytes().next() == first);
            spellings.filter_map(move |spelling| Some((spelled_len(words, at, spelling)?, component)))
        });
        spelled.max_by_key(|(len, _)| *len)
    }
}

/// Returns the number of words from `at` on that make up a spelling.
fn spelled_len(words: &[Word<'_>], at: usize, spelling: &str) -> Option<usize> {
    let mut following = words.get(at..)?.iter();
    let mut used = 1_usize;
    let mut rest = following.next()?.lower.as_str();
    for piece in spelling.split('-') {
        if rest.is_empty() {
            rest = &following.next().filter(|next| next.is_close())?.lower;
            used = used.saturating_add(1);
        }
        rest = match piece {
            "#" => rest.strip_prefix(|c| ('1'..='7').contains(&c))?,
            "~" => rest.strip_prefix(['0', '1']).or_else(|| rest.strip_prefix("ch"))?,
            _ => rest.strip_prefix(piece)?,
        };
    }
    rest.is_empty().then_some(used)
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialOrd for Component {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self.category == other.category).then(|| self.value.cmp(&other.value))
    }
}

const fn component(category: Category, name: &'static str, value: u8, spellings: &'static [&'static str]) -> Component {
    Component { category, name, value, modifier: None, spellings }
}

const fn pre_release(
    category: Category,
    name: &'static str,
    value: u8,
    modifier: i8,
    spellings: &'static [&'static str],
) -> Component {
    Component { category, name, value, modifier: Some(modifier), spellings }
}

static RESOLUTIONS: &[Component] = &[
    component(Resolution, "360p", 10, &["360p"]),
    component(Resolution, "368p", 20, &["368p", "368"]),
    component(Resolution, "480p", 30, &["480p", "480"]),
    component(Resolution, "540p", 35, &["540p", "540"]),
    component(Resolution, "576p", 40, &["576p", "576"]),
    component(Resolution, "hr", 45, &["hr"]),
    component(Resolution, "720i", 50, &["720i"]),
    component(
        Resolution,
        "720p",
        60,
        &["720p", "720", "720hd", "720px", "720p50", "720p60", "720px50", "720px60", "1280x720", "1280x720p"],
    ),
    component(Resolution, "1080i", 70, &["1080i"]),
    component(
        Resolution,
        "1080p",
        80,
        &["1080p", "1080", "1080px", "1080p50", "1080p60", "1080px50", "1080px60", "1920x1080", "1920x1080p"],
    ),
    component(
        Resolution,
        "2160p",
        90,
        &["2160p", "2160", "2160px", "2160p50", "2160p60", "2160px50", "2160px60", "3840x2160", "3840x2160p", "4k"],
    ),
];

static SOURCES: &[Component] = &[
    pre_release(Source, "workprint", 10, -8, &["workprint"]),
    pre_release(Source, "cam", 20, -7, &["cam", "hdcam"]),
    pre_release(Source, "ts", 30, -6, &["ts", "hdts", "telesync"]),
    pre_release(Source, "tc", 40, -5, &["tc", "telecine"]),
    pre_release(Source, "r5", 50, -4, &["r5", "r2", "r3", "r4", "r6", "r7", "r8", "rc"]),
    pre_release(Source, "hdrip", 60, -3, &["hd-rip"]),
    pre_release(Source, "ppvrip", 70, -2, &["ppv-rip"]),
    pre_release(Source, "preair", 80, -1, &["preair"]),
    component(Source, "tvrip", 90, &["tv-rip"]),
    component(Source, "dsr", 100, &["dsr", "ds-rip"]),
    component(Source, "sdtv", 110, &["sdtv", "pdtv", "dvb", "sdtv-rip", "pdtv-rip", "dvb-rip"]),
    pre_release(Source, "dvdscr", 120, 0, &["dvd-scr", "dvd-screener", "web-scr", "web-screener", "scr", "screener"]),
    component(Source, "bdscr", 130, &["bdscr", "bdscreener"]),
    component(Source, "webrip", 140, &["web-rip"]),
    component(Source, "hdtv", 150, &["hdtv", "ahdtv", "hdtv-rip", "ahdtv-rip"]),
    component(Source, "webdl", 160, &["web", "web-dl", "web-hd"]),
    component(Source, "dvdrip", 170, &["dvd", "dvd-rip"]),
    component(Source, "remux", 175, &["remux"]),
    component(Source, "bluray", 180, &["blu-ray", "blu-ray-rip", "bd-rip", "br-rip"]),
];

static CODECS: &[Component] = &[
    component(Codec, "divx", 10, &["divx"]),
    component(Codec, "xvid", 20, &["xvid"]),
    component(Codec, "nvenc", 25, &["nvenc"]),
    component(Codec, "h264", 30, &["h-264", "x-264", "avc"]),
    component(Codec, "vp9", 35, &["vp9"]),
    component(Codec, "h265", 40, &["h-265", "x-265", "hevc"]),
    component(Codec, "av1", 50, &["av-1"]),
];

static COLOR_RANGES: &[Component] = &[
    component(ColorRange, "8bit", 10, &["8-bit", "8-bits", "hi8", "hi8p", "sdr"]),
    component(ColorRange, "10bit", 20, &["10-bit", "10-bits", "hi10", "hi10p"]),
    component(ColorRange, "hdr", 30, &["hdr", "hdr-10"]),
    component(ColorRange, "hdrplus", 40, &["hdr-+", "hdr-p", "hdr-plus", "hdr10-+", "hdr10-p", "hdr10-plus"]),
    component(ColorRange, "dolbyvision", 50, &["dolby-vision", "dovi", "dv"]),
    component(ColorRange, "hybrid_hdr", 60, &["hybrid-hdr"]),
];

static AUDIOS: &[Component] = &[
    component(Audio, "mp3", 10, &["mp3"]),
    component(Audio, "aac", 20, &["aac", "aac-#-~"]),
    component(Audio, "dd5.1", 30, &["dd-#-~"]),
    component(Audio, "ac3", 40, &["ac3", "ac3-#-~"]),
    component(Audio, "dd+5.1", 45, &["dd+-#-~", "ddp-#-~"]),
    component(Audio, "flac", 50, &["flac", "flac-#-~"]),
    component(Audio, "dts", 60, &["dts"]),
    component(Audio, "dtshd", 70, &["dts-hd", "dts-hd-#-~", "dts-hd-ma", "dts-hd-ma-#-~"]),
    component(Audio, "truehd", 80, &["truehd", "truehd-#-~"]),
];
