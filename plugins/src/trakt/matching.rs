//! Which of the titles that a search finds is surely the one that a name means, if any.

use crate::titles::media::split_year;
use crate::trakt::api::model::Work;

/// How alike two names must be, from 0 to 1, to be taken for one. A wrong guess is worse than none.
const ALIKE: f64 = 0.9;

/// The work that the name means, if one surely is: the names are alike, the year fits, and no other is as good.
pub fn best(works: impl Iterator<Item = Work>, name: &str, year: Option<i64>) -> Option<Work> {
    let (name, year) = match split_year(name) {
        (bare, Some(named)) => (bare, year.or(Some(named))),
        (bare, None) => (bare, year),
    };
    let mut scored: Vec<(f64, Work)> = works
        .filter_map(|work| {
            let alike = likeness(&name, work.title.as_deref()?);
            let fits = match (year, work.year) {
                (Some(wanted), Some(is)) if wanted == is => 1.0,
                (Some(wanted), Some(is)) if (wanted - is).abs() == 1 => 0.97,
                (Some(_), Some(_)) => return None,
                (Some(_), None) => 0.95,
                (None, _) => 1.0,
            };
            (alike >= ALIKE).then_some((alike * fits, work))
        })
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    match scored.as_slice() {
        [(first, _), (second, _), ..] if (first - second).abs() < f64::EPSILON => None,
        _ => scored.into_iter().next().map(|(_, work)| work),
    }
}

/// How alike two names are, from 0 to 1, without regard to case, marks, accents and articles. Names with other numbers in them are
/// not alike: they are parts of a series.
fn likeness(a: &str, b: &str) -> f64 {
    let (a, b) = (folded(a), folded(b));
    if a == b {
        1.0
    } else if numbers(&a).ne(numbers(&b)) {
        0.0
    } else {
        strsim::normalized_levenshtein(&a, &b).min(0.99)
    }
}

/// The words that are numbers, also Roman ones.
fn numbers(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(' ').filter(|word| {
        word.bytes().any(|byte| byte.is_ascii_digit())
            || !word.is_empty() && word.bytes().all(|byte| b"ivx".contains(&byte))
    })
}

/// A name as it is compared: words in lower case, without accents and articles.
pub fn folded(name: &str) -> String {
    let plain: String = name.to_lowercase().replace('&', " and ").chars().map(without_accent).collect();
    let words = plain
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .map(|word| word.replace('\'', ""))
        .filter(|word| !word.is_empty() && !matches!(word.as_str(), "the" | "a" | "an"));
    let folded = words.collect::<Vec<_>>().join(" ");
    // A name may be nothing but an article or a mark.
    if folded.is_empty() { name.trim().to_lowercase() } else { folded }
}

/// The letter without its accent, for those of Western and Central Europe.
fn without_accent(letter: char) -> char {
    match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'ď' | 'đ' => 'd',
        'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => 'e',
        'ì'..='ï' | 'ī' | 'ı' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => 'o',
        'ř' => 'r',
        'ś' | 'š' | 'ş' => 's',
        'ť' | 'ţ' => 't',
        'ù'..='ü' | 'ū' | 'ů' | 'ű' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        '’' => '\'',
        other => other,
    }
}

/// A query in which nothing is taken for an operator.
pub fn escaped(query: &str) -> String {
    let mut text = String::new();
    for character in query.chars() {
        if "+-&|!(){}[]^\"~*?:/\\".contains(character) {
            text.push('\\');
        }
        text.push(character);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(title: &str, year: i64) -> Work {
        Work { title: Some(title.to_owned()), year: Some(year), ..Work::default() }
    }

    #[test]
    fn a_guess_is_taken_only_if_it_is_sure() {
        let chosen = |works: &[(&str, i64)], name: &str, year| {
            best(works.iter().map(|(title, year)| work(title, *year)), name, year).and_then(|work| work.year)
        };
        assert_eq!(chosen(&[("The Matrix", 1999)], "matrix", None), Some(1999));
        assert_eq!(chosen(&[("Taxali Gate", 2024)], "If", Some(2024)), None, "the first hit is not the right one");
        assert_eq!(
            chosen(&[("Paper Moons", 1973), ("Paper Moons", 2021)], "Paper Moons", None),
            None,
            "two of one name"
        );
        assert_eq!(chosen(&[("Moon", 1999), ("Moon", 2001)], "Moon", Some(2000)), None, "two as near to the year");
        assert_eq!(chosen(&[("Halloween III", 1982)], "Halloween II", None), None, "another part of a series");
        assert_eq!(chosen(&[("Star Wars: Episode 5", 1980)], "Star Wars: Episode 4", None), None);
        assert_eq!(chosen(&[("Amélie", 2001)], "Amelie", Some(2001)), Some(2001));
        assert_eq!(chosen(&[("Ocean’s Eleven", 2001)], "oceans eleven", None), Some(2001));
        assert_eq!(chosen(&[("???", 2010)], "!!!", None), None, "marks are no name");
        assert_eq!(chosen(&[("Paper Moons", 1973), ("Paper Moons", 2021)], "Paper Moons", Some(2021)), Some(2021));
        assert_eq!(chosen(&[("Paper Moons", 1973)], "Paper Moons (1973)", None), Some(1973));
        assert_eq!(chosen(&[("Paper Moons", 1973)], "Paper Moons", Some(1990)), None);
    }
}
