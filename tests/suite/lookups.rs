//! Lookups, as somebody at a terminal sees them.

use flexget_tests::Sandbox;

const CONFIG: &str = "
    tasks:
      movies:
        mock:
          - { title: The Matrix, imdb_id: tt0133093 }
          - { title: Fight Club, imdb_id: tt0137523 }
          - { title: The Thing, imdb_id: tt0084787 }
        trakt_lookup: { account: me }
        seen: no
        if:
          - trakt_rating > 8.3: accept
    ";

#[test]
fn questions_are_counted_on_a_terminal_and_nowhere_else() {
    let sandbox = Sandbox::new(CONFIG).with_sim().on_terminal(80);
    sandbox.authorize("me", "Ann.Kay");
    let ran = sandbox.run("--color never execute").good();
    assert!(ran.stderr.contains("asking Trakt about titles: 3 of 3"), "{:?}", ran.stderr);
    assert!(ran.stderr.ends_with("\r\u{1b}[2K"), "the line is taken away again: {:?}", ran.stderr);

    let sandbox = Sandbox::new(CONFIG).with_sim();
    sandbox.authorize("me", "Ann.Kay");
    let ran = sandbox.run("execute --format json").good();
    assert_eq!(ran.titles("movies", "accepted"), ["The Matrix", "Fight Club"]);
    assert!(!ran.stderr.contains("asking"), "{:?}", ran.stderr);
}

#[test]
fn an_answer_that_is_old_is_in_the_report() {
    let mut sandbox = Sandbox::new(CONFIG).with_sim();
    sandbox.authorize("me", "Ann.Kay");
    sandbox.run("execute").good();
    sandbox.sim = None;
    let ran = sandbox.run("--config config.yml execute --no-cache --format json");
    let warnings = &ran.json()["tasks"][0]["warnings"];
    assert_eq!(
        warnings[0], "trakt_lookup: Trakt is unavailable: using details of 3 titles from an earlier run",
        "{warnings}"
    );
}
