//! The README and CONTRIBUTING keep their word.

use std::fs;

use flexget_tests::{Sandbox, repository};
use trakt_sim::{Media, Place};

/// Returns the first block of this language in the README.
fn block(language: &str) -> String {
    block_of("README.md", language)
}

fn block_of(document: &str, language: &str) -> String {
    let text = fs::read_to_string(repository().join(document)).unwrap();
    let (_, rest) = text.split_once(&format!("```{language}\n")).expect("there is such a block");
    rest.split_once("\n```\n").expect("the block ends").0.to_owned() + "\n"
}

#[test]
fn its_config_is_good_and_has_at_most_ten_lines() {
    let config = block("yaml");
    assert!(config.lines().count() <= 10, "{config}");
    let ran = Sandbox::new(&config).run("check");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
}

#[test]
fn its_config_puts_well_rated_movies_that_are_new_to_the_user_on_the_watchlist() {
    let sandbox = Sandbox::new(&block("yaml")).with_sim();
    sandbox.authorize("me", "ann-kay");
    let movies = || {
        sandbox.sim().with(|world| {
            let list = world.contents(&Place::Watchlist("ann-kay".into())).expect("a watchlist");
            // Inception, The Matrix; Spirited Away, The Thing; The Dark Knight, Fight Club (watched); Amélie (7.9).
            [16662, 481, 131, 140, 6, 120, 127].map(|id| list.has(Media::Movie(id)))
        })
    };
    let before = [true, true, false, false, false, false, false];
    assert_eq!(movies(), before);
    sandbox.run("execute --test").good();
    assert_eq!(movies(), before, "a dry run changes nothing");
    let ran = sandbox.run("execute").good();
    assert_eq!(movies(), [true, true, true, true, false, false, false], "{}", ran.stdout);
    sandbox.run("undo 1").good();
    assert_eq!(movies(), before);
}

#[test]
fn its_commands_exist() {
    let sandbox = Sandbox::new(&block("yaml"));
    for line in ["plugins trakt_list", "help", "schema", "--cron execute --help", "trakt auth --help", "changes list"] {
        let ran = sandbox.run(line);
        assert_eq!(ran.code, 0, "{line}: {}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn every_command_line_of_the_readme_and_the_guide_is_right() {
    let sandbox = Sandbox::empty();
    let pages = fs::read_dir(repository().join("docs")).unwrap().flatten().map(|file| file.path());
    let mut lines = 0;
    for page in pages.chain([repository().join("README.md")]) {
        let text = fs::read_to_string(&page).unwrap();
        for block in text.split("```console\n").skip(1) {
            let block = block.split("```").next().unwrap();
            for line in block.lines().filter_map(|line| line.trim().strip_prefix("flexget-rs ")) {
                let words = line.split(['#', '>']).next().unwrap();
                let ran = sandbox.run(&format!("{words} --help"));
                assert_eq!(ran.code, 0, "{}: {line}: {}", page.display(), ran.stderr);
                lines += 1;
            }
        }
    }
    assert!(lines >= 15, "{lines}");
}

/// The page says what the program prints.
#[test]
fn the_guide_explains_a_task_as_the_program_does() {
    let page = fs::read_to_string(repository().join("docs/ten-minutes.md")).unwrap();
    let sandbox = Sandbox::new(&block_of("docs/ten-minutes.md", "yaml"));
    let explained = sandbox.run("explain films Heat").good().stdout;
    assert!(page.contains(&format!("```text\n{explained}```")), "{explained}");
}

#[test]
fn the_plugin_in_contributing_is_the_example() {
    let example = fs::read_to_string(repository().join("examples/own_plugin.rs")).unwrap();
    let block = block_of("CONTRIBUTING.md", "rust");
    let (_, plugin) = block.split_once("prelude::*;\n").expect("it imports the prelude");
    assert!(example.contains(plugin), "examples/own_plugin.rs and CONTRIBUTING.md differ");
}
