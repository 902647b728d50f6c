//! The quality of a release as titles tell it: resolution, source, codec, colour range and audio, with FlexGet's names in FlexGet's order.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;

use flexget_core::prelude::*;
use flexget_core::value::TextOrder;

use super::words::{self, Word};

submit! { TextOrder(order) }

/// The order of two texts that are qualities. Numbers alone are not taken for resolutions.
fn order(a: &str, b: &str) -> Option<Ordering> {
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number(a) && is_number(b) {
        return None;
    }
    Some(Quality::read(a)?.cmp(&Quality::read(b)?))
}

/// What a title tells of the quality. Ordered from worse to better; displayed as in FlexGet: `1080p webdl h264`, or `unknown`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quality {
    grades: [Option<&'static Grade>; PARTS.len()],
}

/// A step on one of the five scales.
#[derive(Debug)]
struct Grade {
    name: &'static str,
    rank: u8,
    /// For what was copied before the release: it wins over a better source named beside it, since nobody calls a good copy a
    /// bad one, and whatever the resolution, it is that much worse than what was copied later.
    early: Option<i8>,
    /// How titles spell it. A dash is where the spelling may be broken by one character; `#-~` are channels: `5.1`, `2ch`.
    spellings: &'static [&'static str],
}

const fn grade(name: &'static str, rank: u8, spellings: &'static [&'static str]) -> Grade {
    Grade { name, rank, early: None, spellings }
}

const fn early(name: &'static str, rank: u8, early: i8, spellings: &'static [&'static str]) -> Grade {
    Grade { name, rank, early: Some(early), spellings }
}

/// The scales, in the order in which they count.
static PARTS: [&[Grade]; 5] = [RESOLUTIONS, SOURCES, CODECS, COLOURS, AUDIOS];
const COLOUR: usize = 3;

static RESOLUTIONS: &[Grade] = &[
    grade("360p", 10, &["360p"]),
    grade("368p", 20, &["368p", "368"]),
    grade("480p", 30, &["480p", "480"]),
    grade("540p", 35, &["540p", "540"]),
    grade("576p", 40, &["576p", "576"]),
    grade("hr", 45, &["hr"]),
    grade("720i", 50, &["720i"]),
    grade(
        "720p",
        60,
        &["720p", "720", "720hd", "720px", "720p50", "720p60", "720px50", "720px60", "1280x720", "1280x720p"],
    ),
    grade("1080i", 70, &["1080i"]),
    grade(
        "1080p",
        80,
        &["1080p", "1080", "1080px", "1080p50", "1080p60", "1080px50", "1080px60", "1920x1080", "1920x1080p"],
    ),
    grade(
        "2160p",
        90,
        &["2160p", "2160", "2160px", "2160p50", "2160p60", "2160px50", "2160px60", "3840x2160", "3840x2160p", "4k"],
    ),
];

static SOURCES: &[Grade] = &[
    early("workprint", 10, -8, &["workprint"]),
    early("cam", 20, -7, &["cam", "hdcam"]),
    early("ts", 30, -6, &["ts", "hdts", "telesync"]),
    early("tc", 40, -5, &["tc", "telecine"]),
    early("r5", 50, -4, &["r5", "r2", "r3", "r4", "r6", "r7", "r8", "rc"]),
    early("hdrip", 60, -3, &["hd-rip"]),
    early("ppvrip", 70, -2, &["ppv-rip"]),
    early("preair", 80, -1, &["preair"]),
    grade("tvrip", 90, &["tv-rip"]),
    grade("dsr", 100, &["dsr", "ds-rip"]),
    grade("sdtv", 110, &["sdtv", "pdtv", "dvb", "sdtv-rip", "pdtv-rip", "dvb-rip"]),
    early("dvdscr", 120, 0, &["dvd-scr", "dvd-screener", "web-scr", "web-screener", "scr", "screener"]),
    grade("bdscr", 130, &["bdscr", "bdscreener"]),
    grade("webrip", 140, &["web-rip"]),
    grade("hdtv", 150, &["hdtv", "ahdtv", "hdtv-rip", "ahdtv-rip"]),
    grade("webdl", 160, &["web", "web-dl", "web-hd"]),
    grade("dvdrip", 170, &["dvd", "dvd-rip"]),
    grade("remux", 175, &["remux"]),
    grade("bluray", 180, &["blu-ray", "blu-ray-rip", "bd-rip", "br-rip"]),
];

static CODECS: &[Grade] = &[
    grade("divx", 10, &["divx"]),
    grade("xvid", 20, &["xvid"]),
    grade("nvenc", 25, &["nvenc"]),
    grade("h264", 30, &["h-264", "x-264", "avc"]),
    grade("vp9", 35, &["vp9"]),
    grade("h265", 40, &["h-265", "x-265", "hevc"]),
    grade("av1", 50, &["av-1"]),
];

static COLOURS: &[Grade] = &[
    grade("8bit", 10, &["8-bit", "8-bits", "hi8", "hi8p", "sdr"]),
    grade("10bit", 20, &["10-bit", "10-bits", "hi10", "hi10p"]),
    grade("hdr", 30, &["hdr", "hdr-10"]),
    grade("hdrplus", 40, &["hdr-+", "hdr-p", "hdr-plus", "hdr10-+", "hdr10-p", "hdr10-plus"]),
    grade("dolbyvision", 50, &["dolby-vision", "dovi", "dv"]),
    grade("hybrid_hdr", 60, &["hybrid-hdr"]),
];

static AUDIOS: &[Grade] = &[
    grade("mp3", 10, &["mp3"]),
    grade("aac", 20, &["aac", "aac-#-~"]),
    grade("dd5.1", 30, &["dd-#-~"]),
    grade("ac3", 40, &["ac3", "ac3-#-~"]),
    grade("dd+5.1", 45, &["dd+-#-~", "ddp-#-~"]),
    grade("flac", 50, &["flac", "flac-#-~"]),
    grade("dts", 60, &["dts"]),
    grade("dtshd", 70, &["dts-hd", "dts-hd-#-~", "dts-hd-ma", "dts-hd-ma-#-~"]),
    grade("truehd", 80, &["truehd", "truehd-#-~"]),
];

/// Words that names have as well. They lose against any other word for the same thing.
const WEAK: &[&str] = &[
    "360", "368", "480", "540", "576", "720", "1080", "2160", "cam", "dv", "dvd", "hr", "scr", "screener", "tc", "ts",
    "web",
];

/// A place in a title that speaks of the quality.
#[derive(Debug)]
pub struct Mention {
    start: usize,
    len: usize,
    part: usize,
    grade: &'static Grade,
    /// Whether the word may be a part of a name as well.
    pub weak: bool,
}

impl Mention {
    /// The words that it is made of, by their positions.
    pub fn words(&self) -> Range<usize> {
        self.start..self.start + self.len
    }
}

/// Everything in a title that speaks of the quality, from left to right.
pub fn mentions(words: &[Word<'_>]) -> Vec<Mention> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let first = words[at].lower.as_bytes().first().copied();
        let all = PARTS.iter().enumerate().flat_map(|(part, grades)| grades.iter().map(move |grade| (part, grade)));
        let spelled = all.flat_map(|(part, grade)| {
            let spellings = grade.spellings.iter().filter(|spelling| spelling.bytes().next() == first);
            spellings.filter_map(move |spelling| Some((spelled_in(words, at, spelling)?, part, grade)))
        });
        match spelled.max_by_key(|(len, ..)| *len) {
            Some((len, part, grade)) => {
                let weak = len == 1 && WEAK.contains(&&*words[at].lower);
                found.push(Mention { start: at, len, part, grade, weak });
                at += len;
            }
            None => at += 1,
        }
    }
    found
}

/// How many words from `at` on spell it.
fn spelled_in(words: &[Word<'_>], at: usize, spelling: &str) -> Option<usize> {
    let mut used = 1;
    let mut rest = words[at].lower.as_str();
    for piece in spelling.split('-') {
        if rest.is_empty() {
            let next = words.get(at + used).filter(|next| next.is_close())?;
            rest = &next.lower;
            used += 1;
        }
        rest = match piece {
            "#" => rest.strip_prefix(|c| ('1'..='7').contains(&c))?,
            "~" => rest.strip_prefix(['0', '1']).or_else(|| rest.strip_prefix("ch"))?,
            _ => rest.strip_prefix(piece)?,
        };
    }
    rest.is_empty().then_some(used)
}

impl Quality {
    /// What the mentions tell together: the best of each scale, but the worst early copy.
    pub fn of<'a>(mentions: impl Iterator<Item = &'a Mention> + Clone) -> Self {
        let mut grades = [None; PARTS.len()];
        for (part, best) in grades.iter_mut().enumerate() {
            let all = mentions.clone().filter(|mention| mention.part == part);
            let any_strong = all.clone().any(|mention| !mention.weak);
            // Colours add up, so that none of them loses.
            let told =
                all.filter(|mention| !mention.weak || !any_strong || part == COLOUR).map(|mention| mention.grade);
            let first_early = told.clone().filter(|grade| grade.early.is_some()).min_by_key(|grade| grade.rank);
            *best = first_early.or_else(|| told.clone().max_by_key(|grade| grade.rank));
            let kinds = |rank| usize::from(told.clone().any(|grade| grade.rank == rank));
            if part == COLOUR && kinds(30) + kinds(40) + kinds(50) > 1 {
                *best = COLOURS.last();
            }
        }
        Self { grades }
    }

    /// Reads text that is a quality and nothing else, such as `720p hdtv` or `unknown`.
    pub fn read(text: &str) -> Option<Self> {
        // No quality is longer: titles need not be looked at word for word.
        if text.len() > 60 {
            return None;
        }
        if text == "unknown" {
            return Some(Self::default());
        }
        let words = words::split(text);
        let mentions = mentions(&words);
        let told: usize = mentions.iter().map(|mention| mention.len).sum();
        (told > 0 && told == words.len()).then(|| Self::of(mentions.iter()))
    }

    /// A value that is ordered as qualities are.
    pub fn sort_value(&self) -> Value {
        let (early, grades) = self.rank();
        std::iter::once(i64::from(early)).chain(grades.map(i64::from)).collect()
    }

    /// Whether the title tells nothing of it.
    pub fn is_unknown(&self) -> bool {
        self.grades.iter().all(Option::is_none)
    }

    /// What it is compared by: how early it was copied, then the scales in their order.
    fn rank(&self) -> (i32, [u8; PARTS.len()]) {
        let early = self.grades.iter().flatten().filter_map(|grade| grade.early).map(i32::from).sum();
        (early, self.grades.map(|grade| grade.map_or(0, |grade| grade.rank)))
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_unknown() {
            return f.write_str("unknown");
        }
        let names: Vec<&str> = self.grades.iter().flatten().map(|grade| grade.name).collect();
        f.write_str(&names.join(" "))
    }
}

impl PartialEq for Quality {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for Quality {}

impl PartialOrd for Quality {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quality {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_a_quality_and_nothing_else_is_ordered_as_one() {
        for (worse, better) in [
            ("720p", "1080p"),
            ("720p", "720p hdtv"),
            ("unknown", "360p"),
            ("480p dvdrip xvid", "720p webdl"),
            ("1080p cam", "480p dvdrip"),
            ("web-dl", "bluray"),
            ("720p hdtv", "1080"),
        ] {
            assert_eq!(order(worse, better), Some(Ordering::Less), "{worse} {better}");
            assert_eq!(order(better, worse), Some(Ordering::Greater), "{worse} {better}");
        }
        for (a, b) in [("720p", "A Movie 1080p"), ("1080", "720"), ("b", "a"), ("", "720p"), ("S01E02", "S01E01")] {
            assert_eq!(order(a, b), None, "{a} {b}");
        }
    }
}
