//! The list keeps the laws of lists, against a small Filmbox on loopback.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use flexget_core::context::Environment;
use flexget_core::testing::{block_on, config_errors, context, list_laws};

use super::*;

/// Starts a Filmbox with one list and returns its URL.
///
/// `GET /list/items` gives the films. `POST /list/add` and `POST /list/remove` take films and give
/// one word for each.
fn filmbox() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut films: Vec<Json> = Vec::new();
        for stream in listener.incoming().flatten() {
            serve(stream, &mut films);
        }
    });
    url
}

fn serve(mut stream: TcpStream, films: &mut Vec<Json>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    while reader.read_line(&mut head).unwrap_or_default() > 2 {}
    let head = head.to_lowercase();
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |at| at.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    assert!(head.contains("authorization: bearer secret"), "{head}");
    let mut change = |film: &Json| {
        let at = films.iter().position(|there| there["imdb"] == film["imdb"]);
        match (at, head.contains("/list/add")) {
            (None, true) => films.push(film.clone()),
            (Some(at), false) => drop(films.remove(at)),
            _ => return "unchanged",
        }
        "done"
    };
    let response = match serde_json::from_slice::<Vec<Json>>(&body) {
        Ok(given) => json!(given.iter().map(&mut change).collect::<Vec<_>>()),
        Err(_) => json!(films),
    };
    let response = response.to_string();
    let head = format!("Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close", response.len());
    write!(stream, "HTTP/1.1 200 OK\r\n{head}\r\n\r\n{response}").unwrap();
}

#[test]
fn filmbox_lists_keep_the_laws() {
    let url = filmbox();
    let environment = move |name: &str| match name {
        "FILMBOX_URL" => Some(url.clone()),
        "FILMBOX_TOKEN" => Some("secret".to_owned()),
        _ => None,
    };
    let cx = Context { environment: Environment::new(environment), ..context() };
    let films = ["{ title: Solaris, movie_year: 1972, imdb_id: tt0069293 }", "{ title: Stalker, imdb_id: tt0079944 }"];
    block_on(list_laws("filmbox_list: films", &films, &cx));
}

#[test]
fn mistakes_in_its_options_are_told() {
    assert_eq!(config_errors("filmbox_list: films\naccept_all: yes"), [""; 0]);
    assert_eq!(config_errors("filmbox_list: [ films ]\naccept_all: yes").len(), 1);
}

#[test]
fn it_is_not_longer_than_110_lines() {
    let lines = include_str!("../own_list.rs").lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
    assert!(lines.count() <= 110);
}
