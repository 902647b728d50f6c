//! Choosing the title that a name means among the hits of a search.

use crate::titles::media::names::split_year;
use crate::trakt::api::model::Work;

/// Least likeness, from 0 to 1, of two names that are taken for one.
///
/// A wrong guess is worse than none.
const MIN_LIKENESS: f64 = 0.9;

/// Words at the end of a show's name that stand for a country, with its country code.
const COUNTRIES: [(&str, &str); 8] =
    [("us", "us"), ("usa", "us"), ("uk", "gb"), ("gb", "gb"), ("au", "au"), ("ca", "ca"), ("nz", "nz"), ("ie", "ie")];

/// The result of a search by name.
#[derive(Debug, Clone)]
pub enum Choice {
    /// One title is surely meant.
    One(Box<Work>),
    /// Several titles fit; their names with years: `Dune (2021)`.
    Ambiguous(Vec<String>),
    /// No title fits.
    Nothing,
}

/// One way to read a name: with a year or a country at its end, or without.
#[derive(Debug, Clone, PartialEq)]
struct NameVariant {
    name: String,
    year: Option<i64>,
    country: Option<&'static str>,
}

/// A name as a search needs it, in all the ways in which it can be read.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchName {
    variants: Vec<NameVariant>,
    /// Texts to search for, one after the other until one title is found.
    pub queries: Vec<String>,
}

impl SearchName {
    /// Reads a name, which may have a year or a country at its end.
    ///
    /// `Doctor Who 2005`, `The Office US` and `The Office (US)` are read in both ways.
    pub fn new(name: &str, year: Option<i64>) -> Self {
        let (name, year) = match split_year(name) {
            (name, Some(named)) => (name, year.or(Some(named))),
            (name, None) => (name, year),
        };
        let plain = NameVariant { name: name.clone(), year, country: None };
        let mut search = Self { queries: vec![name.clone()], variants: vec![plain] };
        let Some((rest, last)) = name.rsplit_once(' ') else { return search };
        let word = last.trim_matches(['(', ')', '[', ']']).to_lowercase();
        let rest = rest.trim().to_owned();
        if let Some(named) = bare_year(&word).filter(|named| year.is_none_or(|year| year == *named)) {
            search.variants.push(NameVariant { name: rest.clone(), year: Some(named), country: None });
            // Years are not part of titles, apart from exceptions such as `Blade Runner 2049`.
            search.queries.insert(0, rest);
        } else if let Some((_, country)) = COUNTRIES.iter().find(|(name, _)| *name == word) {
            search.variants.push(NameVariant { name: rest.clone(), year, country: Some(country) });
            search.queries.push(rest);
        }
        search
    }

    /// Chooses among the hits of a search.
    pub fn choose(&self, hits: &[Work]) -> Choice {
        let doubt = |choice: &Choice| match choice {
            Choice::One(_) => 0,
            Choice::Ambiguous(_) => 1,
            Choice::Nothing => 2,
        };
        let choices = self.variants.iter().map(|variant| variant.choose(hits));
        choices.min_by_key(doubt).unwrap_or(Choice::Nothing)
    }
}

impl NameVariant {
    fn choose(&self, hits: &[Work]) -> Choice {
        let alike: Vec<(f64, &Work)> = hits
            .iter()
            .filter(|work| self.country.is_none_or(|country| work.details().country.as_deref() == Some(country)))
            .filter_map(|work| Some((likeness(&self.name, work.title.as_deref()?), work)))
            .filter(|(likeness, _)| *likeness >= MIN_LIKENESS)
            .collect();
        let best = alike.iter().map(|(likeness, _)| *likeness).fold(0.0, f64::max);
        let pool: Vec<&Work> = alike
            .iter()
            .filter(|(likeness, _)| (best - likeness).abs() < f64::EPSILON)
            .map(|(_, work)| *work)
            .collect();
        let Some(year) = self.year else { return one_of(&pool) };
        let of_year: Vec<&Work> = pool.iter().copied().filter(|work| work.year == Some(year)).collect();
        match (of_year.as_slice(), pool.as_slice()) {
            // The year may be that of a release elsewhere, if no other title has the name.
            ([], [only]) if only.year.is_none_or(|other| other.abs_diff(year) <= 1) => one_of(&pool),
            ([], _) => Choice::Nothing,
            (of_year, _) => one_of(of_year),
        }
    }
}

/// Returns the only title, or the names of several.
fn one_of(works: &[&Work]) -> Choice {
    match works {
        [] => Choice::Nothing,
        [only] => Choice::One(Box::new(Work::clone(only))),
        candidates => Choice::Ambiguous(candidates.iter().map(|work| label(work)).collect()),
    }
}

/// Returns the name of a title with its year.
fn label(work: &Work) -> String {
    let name = work.title.clone().unwrap_or_default();
    work.year.map_or_else(|| name.clone(), |year| format!("{name} ({year})"))
}

/// Reads a year without brackets.
fn bare_year(word: &str) -> Option<i64> {
    let is_year = word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit());
    word.parse().ok().filter(|year| is_year && (1880..2100).contains(year))
}

/// Compares two names without regard to case, punctuation, accents and articles, from 0 to 1.
///
/// Names with different numbers are not alike: they are parts of a series.
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

/// Returns the words that are numbers, also Roman ones.
fn numbers(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(' ').filter(|word| {
        word.bytes().any(|byte| byte.is_ascii_digit())
            || !word.is_empty() && word.bytes().all(|byte| b"ivx".contains(&byte))
    })
}

/// Folds a name for comparison: words in lower case, without accents and articles.
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

/// Removes the accent of a letter, for those of Western and Central Europe.
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

/// Escapes the operators of Trakt's search.
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
    use crate::trakt::api::model::Ids;

    fn work(title: &str, year: i64) -> Work {
        Work::new(Some(title.to_owned()), Some(year), Ids::default())
    }

    fn chosen(works: &[(&str, i64)], name: &str, year: Option<i64>) -> Option<i64> {
        let works: Vec<Work> = works.iter().map(|(title, year)| work(title, *year)).collect();
        if let Choice::One(work) = SearchName::new(name, year).choose(&works) { work.year } else { None }
    }

    #[test]
    fn a_guess_is_taken_only_if_it_is_sure() {
        assert_eq!(chosen(&[("The Matrix", 1999)], "matrix", None), Some(1999));
        assert_eq!(chosen(&[("Taxali Gate", 2024)], "If", Some(2024)), None, "the first hit is not the right one");
        assert_eq!(chosen(&[("Paper Moons", 1973), ("Paper Moons", 2021)], "Paper Moons", None), None, "two of a name");
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

    #[test]
    fn a_year_off_by_one_counts_only_for_the_only_title_of_the_name() {
        assert_eq!(chosen(&[("Moon", 2009)], "Moon", Some(2010)), Some(2009));
        assert_eq!(chosen(&[("Moon", 2009), ("Moon", 1995)], "Moon", Some(2010)), None);
        assert_eq!(chosen(&[("Moon", 2009), ("Moon", 2010)], "Moon", Some(2010)), Some(2010));
        assert_eq!(chosen(&[("Moon", i64::MIN)], "Moon", Some(2010)), None);
    }

    #[test]
    fn a_year_or_a_country_at_the_end_may_not_be_part_of_the_name() {
        let doctors = [("Doctor Who", 1963), ("Doctor Who", 2005)];
        assert_eq!(chosen(&doctors, "Doctor Who 2005", None), Some(2005));
        assert_eq!(chosen(&doctors, "Doctor Who 2005", Some(2005)), Some(2005));
        assert_eq!(
            chosen(&[("Blade Runner 2049", 2017), ("Blade Runner", 1982)], "Blade Runner 2049", None),
            Some(2017)
        );
        assert_eq!(chosen(&[("1917", 2019)], "1917", None), Some(2019));
        let office = |year: i64, country: &str| -> Work {
            serde_json::from_value(serde_json::json!({ "title": "The Office", "year": year, "country": country }))
                .unwrap()
        };
        let offices = [office(2001, "gb"), office(2005, "us")];
        for (name, year) in [("The Office US", 2005), ("The Office (US)", 2005), ("The Office Uk", 2001)] {
            let choice = SearchName::new(name, None).choose(&offices);
            assert!(matches!(&choice, Choice::One(work) if work.year == Some(year)), "{name}: {choice:?}");
        }
        assert_eq!(chosen(&[("This Is Us", 2016)], "This Is Us", None), Some(2016));
        assert_eq!(SearchName::new("The Flash 2014", None).queries, ["The Flash", "The Flash 2014"]);
        assert_eq!(SearchName::new("The Office US", None).queries, ["The Office US", "The Office"]);
    }

    #[test]
    fn an_ambiguous_name_comes_with_the_titles_that_it_could_be() {
        let dunes = [work("Dune", 2021), work("Dune", 1984), work("Dune Drifter", 2020)];
        let choice = SearchName::new("Dune", None).choose(&dunes);
        assert!(matches!(&choice, Choice::Ambiguous(all) if *all == ["Dune (2021)", "Dune (1984)"]), "{choice:?}");
    }
}
