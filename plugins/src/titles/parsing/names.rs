//! Names of movies and shows within titles.

/// Turns a part of a title into a name: dots, underscores, brackets and commas stand for spaces.
pub fn tidy(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || "._,()[]".contains(c)).filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join(" ");
    name.trim_matches(|c: char| c == '-' || c == ' ').to_owned()
}

/// Writes a name as FlexGet does in fields: no colons, each word with a capital.
pub fn title_case(name: &str) -> String {
    let words = name.split(|c: char| c.is_whitespace() || c == ':').filter(|word| !word.is_empty());
    let capital = |word: &str| {
        let mut chars = word.chars();
        let first = chars.next().map(char::to_uppercase).into_iter().flatten();
        first.chain(chars.flat_map(char::to_lowercase)).collect::<String>()
    };
    words.map(capital).collect::<Vec<_>>().join(" ")
}
