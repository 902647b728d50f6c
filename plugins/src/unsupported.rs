//! The names of FlexGet's plugins that flexget-rs does not have.
//!
//! They are reported as missing and not as wrong. They are those of FlexGet 3.22 and of older
//! configs.

use flexget_core::plugin::registration::UnsupportedPlugin;
use flexget_core::prelude::*;

const MISSING: &str = "is a FlexGet plugin that flexget-rs does not have";
const NO_EFFECT: &str = "has no effect in flexget-rs";
const RENAMED: &str = "was renamed in FlexGet to `my_anime_list`, which flexget-rs does not have";

/// Returns plugins that FlexGet does not have any more.
const fn removed(names: &'static [&'static str]) -> UnsupportedPlugin {
    UnsupportedPlugin::new(names, "was removed from FlexGet").removed()
}

submit! {
    UnsupportedPlugin::new(&["content_filter"], "decides by the files within torrents, which flexget-rs does not read")
        .help("keep the task in FlexGet, or use `regexp` for what titles tell")
}

submit! {
    UnsupportedPlugin::new(&[
        "1337x", "abort", "abort_if_exists", "age", "all_series", "allyoulike", "alpharatio", "anidb_list",
        "anilist", "anirena", "apple_trailers", "archive", "argenteam", "assume_quality", "awesomehd", "bakabt",
        "best_quality", "betaseries_list", "bluray_lookup", "btn", "cinemageddon", "configure_series",
        "content_size", "cookies", "couchpotato_list", "cpasbien", "delay", "disable_phases",
        "discover", "emby_list", "emby_lookup", "est_movies_bluray", "est_released_movies", "est_series_internal",
        "est_series_tvmaze", "estimate_release", "ettv", "exists", "extension", "eztv", "filelist_api",
        "filmweb_watchlist", "flexget_archive", "floppy_list", "form", "from_deluge", "from_emby", "from_imdb",
        "from_piratebay", "from_qbittorrent", "from_rtorrent", "from_task", "from_telegram", "from_transmission",
        "ftp_list", "gazelle", "gazellemusic", "gen_series_data", "generate", "google", "google_cse", "hebits",
        "horriblesubs", "html", "imdb", "imdb_list", "imdb_lookup", "imdb_watchlist", "iptorrents", "json", "kitsu",
        "koreus", "letterboxd", "limetorrents", "lostfilm", "magnets", "medusa", "morethantv", "my_anime_list",
        "myepisodes_list", "ncore", "newznab", "next_series_episodes", "next_series_seasons", "next_sonarr_episodes",
        "nfo_lookup", "notwhatcd", "npo_watchlist", "nyaa", "ombi_list", "parameterize", "passthepopcorn",
        "pending_approval", "piratebay", "plex", "plex_watchlist", "pogcal", "proper_movies", "proxy", "radarr_list",
        "redacted", "redirect_url", "regex_extract", "regexp_parse", "reorder_quality", "rlsbb", "rlslog",
        "rottentomatoes", "rottentomatoes_list", "rottentomatoes_lookup", "rutracker", "rutracker_auth", "sceper",
        "scrob_list", "search_rss", "serienjunkies", "series", "series_premiere", "sftp_list", "shortened",
        "solidtorrents", "sonarr_list", "sort_by_weight", "subtitle_list", "tail", "thetvdb", "thetvdb_list",
        "thetvdb_lookup", "timeframe", "tmdb_lookup", "torrent_alive", "torrent_match", "torrentday", "torrentleech",
        "torrentz", "torznab", "tvmaze_lookup", "uindex", "upgrade", "urlrewrite", "urlrewrite_search",
        "wordpress_auth", "yts",
    ], MISSING)
        .help("keep the task in FlexGet, or remove the plugin from it")
}

// Outputs: a task decides the same without them.
submit! {
    UnsupportedPlugin::new(&[
        "add_trackers", "archives", "aria2", "bark", "check_subtitles", "clean_transmission", "convert_magnet",
        "copy", "cronitor", "decompress", "delete", "deluge", "discord", "download", "download_auth", "email",
        "emby_refresh", "ftp_download", "gotify", "ifttt", "join", "kodi_library", "make_html", "make_rss", "matrix",
        "mock_output", "modify_trackers", "move", "mqtt", "ms_teams", "myepisodes", "notifymyandroid", "ntfysh",
        "nzbget", "path_by_ext", "path_by_space", "periscope", "pogcal_acquired", "prowl", "pushalot", "pushbullet",
        "pushover", "pushsafer", "pyload", "qbittorrent", "rapidpush", "remove_trackers", "rtorrent",
        "rtorrent_magnet", "run_task", "sabnzbd", "series_remove", "set_series_begin", "sftp_download",
        "sftp_upload", "sickbeard", "slack", "sms_ru", "sns", "subliminal", "subtitles", "symlink", "telegram",
        "toast", "torrent_cache", "torrent_scrub", "transmission", "twitterfeed", "utorrent", "xmpp",
    ], MISSING)
        .help("keep the task in FlexGet, or remove the plugin from it")
        .output()
}

submit! {
    UnsupportedPlugin::new(&[
        "change_warn", "details", "disable_urlrewriters", "domain_delay", "dump_config", "entry_operations",
        "history", "log_filter", "magnet_btih", "max_reruns", "metainfo_content_size", "metainfo_task", "nzb_size",
        "parser_guessit", "parser_internal", "pathscrub", "rerun", "scan_imdb", "seen_info_hash", "series_db",
        "sleep", "spy_headers", "status", "torrent", "torrent_files", "torrent_size", "urlfix", "urlrewriting",
        "verbose", "version_checker",
    ], NO_EFFECT)
        .optional()
}

submit! {
    UnsupportedPlugin::new(&["backlog", "remember_rejected", "retry_failed"], NO_EFFECT)
        .help("failed entries are not remembered as seen, so the next run processes them again")
        .optional()
}

submit! {
    UnsupportedPlugin::new(&["verify_ssl_certificates"], NO_EFFECT)
        .help("certificates are always verified; `SSL_CERT_FILE` names a file of further ones to trust")
        .optional()
}

submit! {
    removed(&["imdb_queue", "movie_queue", "queue_movies"])
        .help("use `movie_list` with `list_add` and `list_match`")
}

submit! { removed(&["list_accept"]).help("use `list_match`") }
submit! { removed(&["list_reject"]).help("use `list_match` with `action: reject`") }
submit! { removed(&["list_queue"]).help("use `list_add`") }
submit! { removed(&["emit_series", "trakt_emit"]).help("use `next_trakt_episodes`") }
submit! { removed(&["trakt_add"]).help("use `list_add` with `trakt_list`") }
submit! { removed(&["trakt_remove"]).help("use `list_remove` with `trakt_list`") }

submit! {
    removed(&["trakt", "trakt_acquired", "trakt_submit"])
        .help("use `list_add` with `trakt_list: { list: collection }`")
}

submit! {
    removed(&[
        "adv_exec", "emit_movie_queue", "follwit_list", "import_series", "subtitle_queue", "tvrage", "tvrage_lookup",
    ])
}

submit! { removed(&["imdb_required"]).help("use `require_field: imdb_id`") }
submit! { removed(&["find", "listdir"]).help("use `filesystem`") }
submit! { removed(&["content_sort"]).help("use `if` with `set`") }
submit! { removed(&["preset"]).help("use `template`") }

submit! {
    removed(&[
        "btchat", "cfscraper", "couchpotato", "demonoid", "descargas2020", "extratorrent", "frenchtorrentdb", "growl",
        "isohunt", "kat", "newpct", "newtorrents", "notify_growl", "notify_osd", "notify_xmpp", "nzbs", "publichd",
        "rarbg", "sceneaccess", "search_kat", "t411", "t411_input", "t411_lookup", "thetvdb_add", "thetvdb_favorites",
        "thetvdb_remove", "torrentproject",
    ])
        .help("its service no longer exists, or FlexGet does it in another way: remove it from the config")
}

submit! { removed(&["disable_builtins"]).help("use `disable: builtins`, or name the plugins to disable") }

submit! {
    UnsupportedPlugin::new(&["myanimelist"], RENAMED)
        .help("keep the task in FlexGet, or remove the plugin from it")
}

submit! {
    UnsupportedPlugin::new(&["private_torrents"], MISSING)
        .help("keep the task in FlexGet; `no` rejects private torrents there, so it cannot be left out")
        .needed_when_off()
}

#[cfg(test)]
mod tests {
    use flexget_core::config::schema;
    use flexget_core::plugin::registry;
    use flexget_core::prelude::*;
    use flexget_core::testing;

    #[test]
    fn no_plugin_is_both_supported_and_unsupported() {
        let here: Vec<_> =
            registry::all_unsupported().into_keys().filter(|name| registry::find(name).is_some()).collect();
        assert!(here.is_empty(), "these exist: remove them from this file: {here:?}");
        let of_the_language = schema::language_keys();
        assert!(of_the_language.iter().all(|name| registry::unsupported(name).is_none()));
        let known = registry::all_unsupported().len() + registry::all().len();
        assert!(known > 300, "the names of FlexGet's plugins: {known}");
    }

    #[test]
    fn a_disabled_plugin_is_not_missing() {
        let plan = testing::plan_of(
            "tasks:\n  a:\n    mock: [A]\n    accept_all: yes\n    retry_failed: no\n    transmission: no\n    \
             disable: [seen, seen_info_hash, remember_rejected]",
        )
        .unwrap();
        assert!(plan.diagnostics.is_empty(), "{:?}", plan.diagnostics);
        assert!(plan.tasks[0].missing.is_empty(), "{:?}", plan.tasks[0].missing);
        assert!(!plan.tasks[0].plugins.contains("seen"));
    }

    /// FlexGet 3.22.7 sends nothing with this config, either.
    #[test]
    fn a_plugin_within_a_disabled_one_is_not_missing() {
        let config = "templates:\n  quiet: { disable: [ notify ] }\ntasks:\n  a:\n    template: quiet\n    mock: [A]\n    \
                      accept_all: yes\n    notify: { entries: { via: [ pushbullet: { api_key: k } ] } }\n";
        let report = testing::run_config(config, &testing::context());
        assert_eq!(testing::titles(&report.tasks[0], State::Accepted), ["A"]);
        let report = testing::run_config(&config.replace("notify ]", "seen ]"), &testing::context());
        assert!(report.tasks[0].error.is_some());
    }

    /// FlexGet 3.22.7 disables no plugin within `if`; there it runs, so the config can be shared.
    #[test]
    fn a_disabled_plugin_within_another_is_left_out() {
        for nested in [
            "if: [ { \"title == 'A'\": { pushbullet: { api_key: k }, accept_all: yes } } ]",
            "accept_all: yes\n    inputs: [ { kat: yes }, { mock: [B] } ]",
        ] {
            let off = if nested.contains("kat") { "kat" } else { "pushbullet" };
            let config = format!("tasks:\n  a:\n    mock: [A]\n    {nested}\n");
            let report = testing::run_config(&config, &testing::context());
            assert!(report.tasks[0].error.is_some(), "{nested}");
            let report = testing::run_config(&format!("{config}    disable: [{off}]\n"), &testing::context());
            assert!(report.tasks[0].error.is_none(), "{nested}: {:?}", report.tasks[0].error);
            assert!(testing::titles(&report.tasks[0], State::Accepted).contains(&"A"), "{nested}");
        }
    }

    /// A rule keeps its other plugins if one of them has no effect here.
    #[test]
    fn a_plugin_without_effect_leaves_the_others_of_its_rule() {
        let config = "tasks:\n  a:\n    mock: [A]\n    if: [ { \"title == 'A'\": { sleep: 5, accept_all: yes } } ]\n";
        let report = testing::run_config(config, &testing::context());
        assert_eq!(testing::titles(&report.tasks[0], State::Accepted), ["A"]);
    }

    #[test]
    fn a_disabled_list_within_another_plugin_is_still_missing() {
        let config = "tasks:\n  a:\n    mock: [A]\n    accept_all: yes\n    disable: [imdb_list]\n    \
                      list_add: [ imdb_list: { login: a, password: b, list: c } ]\n";
        let report = testing::run_config(config, &testing::context());
        let error = report.tasks[0].error.as_ref().unwrap();
        assert_eq!(error.message, "`imdb_list` is a FlexGet plugin that flexget-rs does not have");
    }

    #[test]
    fn private_torrents_are_missing_even_if_they_are_off() {
        let config = "tasks:\n  a:\n    mock: [A]\n    accept_all: yes\n    private_torrents: no";
        let report = testing::run_config(config, &testing::context());
        let error = report.tasks[0].error.as_ref().unwrap();
        assert_eq!(error.message, "`private_torrents` is a FlexGet plugin that flexget-rs does not have");
    }

    #[test]
    fn a_missing_plugin_without_effect_is_a_warning() {
        let cx = testing::context();
        let config = "tasks:\n  a:\n    mock: [A]\n    accept_all: yes\n    domain_delay: { x.org: 2 seconds }";
        let plan = testing::plan_of(config).unwrap();
        assert_eq!(plan.diagnostics[0].message, "`domain_delay` has no effect in flexget-rs");
        assert_eq!(testing::titles(&testing::run_config(config, &cx).tasks[0], State::Accepted), ["A"]);
    }

    #[test]
    fn a_missing_plugin_skips_its_task_alone() {
        let config = "tasks:\n  a:\n    movie_queue: yes\n  b:\n    mock: [B]\n    accept_all: yes";
        let report = testing::run_config(config, &testing::context());
        let error = report.tasks[0].error.as_ref().unwrap();
        assert_eq!(error.message, "`movie_queue` was removed from FlexGet");
        assert_eq!(error.hint.as_deref(), Some("use `movie_list` with `list_add` and `list_match`"));
        assert_eq!(testing::titles(&report.tasks[1], State::Accepted), ["B"]);
    }
}
