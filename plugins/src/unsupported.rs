//! The names of FlexGet's plugins that flexget-rs does not have, so that they are reported as
//! missing and not as wrong.
//!
//! They are those of FlexGet 3.22 and of older configs.

use flexget_core::plugin::registration::UnsupportedPlugin;
use flexget_core::prelude::*;

submit! {
    UnsupportedPlugin {
        names: &[
        "1337x", "abort", "abort_if_exists", "add_trackers", "age", "all_series", "allyoulike", "alpharatio",
        "anidb_list", "anilist", "anirena", "apple_trailers", "archive", "archives", "argenteam", "aria2",
        "assume_quality", "awesomehd", "bakabt", "bark", "best_quality", "betaseries_list", "bluray_lookup", "btn",
        "check_subtitles", "cinemageddon", "clean_transmission", "configure_series", "content_filter", "content_size",
        "convert_magnet", "cookies", "copy", "couchpotato_list", "cpasbien", "cronitor", "decompress", "delay",
        "delete", "deluge", "disable_phases", "discord", "discover", "download", "download_auth", "email",
        "emby_list", "emby_lookup", "emby_refresh", "est_movies_bluray", "est_released_movies", "est_series_internal",
        "est_series_tvmaze", "estimate_release", "ettv", "exec", "exists",
        "extension", "eztv", "filelist_api", "filmweb_watchlist", "flexget_archive", "floppy_list", "form",
        "from_deluge", "from_emby", "from_imdb", "from_piratebay", "from_qbittorrent",
        "from_rtorrent", "from_task", "from_telegram", "from_transmission", "ftp_download", "ftp_list", "gazelle",
        "gazellemusic", "gen_series_data", "generate", "google", "google_cse", "gotify", "hebits",
        "horriblesubs", "html", "ifttt", "imdb", "imdb_list", "imdb_lookup", "imdb_watchlist", "iptorrents", "join",
        "json", "kitsu", "kodi_library", "koreus", "letterboxd", "limetorrents", "lostfilm", "magnets", "make_html",
        "make_rss", "matrix", "medusa", "mock_output", "modify_trackers", "morethantv", "move", "mqtt", "ms_teams",
        "my_anime_list", "myepisodes", "myepisodes_list", "ncore", "newznab", "next_series_episodes",
        "next_series_seasons", "next_sonarr_episodes", "nfo_lookup", "notify", "notifymyandroid", "notwhatcd",
        "npo_watchlist", "ntfysh", "nyaa", "nzbget", "ombi_list", "parameterize", "passthepopcorn", "path_by_ext",
        "path_by_space", "pending_approval", "periscope", "piratebay", "plex", "plex_watchlist", "pogcal",
        "pogcal_acquired", "proper_movies", "prowl", "proxy", "pushalot", "pushbullet",
        "pushover", "pushsafer", "pyload", "qbittorrent", "radarr_list", "rapidpush", "redacted",
        "redirect_url", "regex_extract", "regexp_parse", "remove_trackers", "reorder_quality", "rlsbb", "rlslog",
        "rottentomatoes", "rottentomatoes_list", "rottentomatoes_lookup", "rtorrent", "rtorrent_magnet", "run_task",
        "rutracker", "rutracker_auth", "sabnzbd", "sceper", "scrob_list", "search_rss",
        "serienjunkies", "series", "series_premiere", "series_remove", "set_series_begin", "sftp_download",
        "sftp_list", "sftp_upload", "shortened", "sickbeard", "slack", "sms_ru", "sns", "solidtorrents",
        "sonarr_list", "sort_by_weight", "subliminal", "subtitle_list", "subtitles", "symlink", "tail", "telegram",
        "thetvdb", "thetvdb_list", "thetvdb_lookup", "timeframe", "tmdb_lookup", "toast", "torrent_alive",
        "torrent_cache", "torrent_match", "torrent_scrub", "torrentday", "torrentleech", "torrentz", "torznab",
        "transmission", "tvmaze_lookup", "twitterfeed", "uindex", "upgrade", "urlrewrite", "urlrewrite_search",
        "utorrent", "wordpress_auth", "xmpp", "yts",
        ],
        note: "is a FlexGet plugin that flexget-rs does not have",
        help: Some(
            "keep the task in FlexGet, or remove the plugin from it",
        ),
        optional: false,
    }
}

submit! {
    UnsupportedPlugin {
        names: &[
        "change_warn", "details", "disable_urlrewriters", "domain_delay", "dump_config", "entry_operations",
        "history", "log_filter", "magnet_btih", "max_reruns", "metainfo_content_size",
        "metainfo_task", "nzb_size", "parser_guessit", "parser_internal", "pathscrub",
        "rerun", "scan_imdb", "seen_info_hash", "series_db", "sleep", "spy_headers", "status", "torrent",
        "torrent_files", "torrent_size", "urlfix", "urlrewriting", "verbose", "version_checker",
        ],
        note: "has no effect in flexget-rs",
        help: None,
        optional: true,
    }
}

submit! {
    UnsupportedPlugin {
        names: &[
        "backlog", "remember_rejected", "retry_failed",
        ],
        note: "has no effect in flexget-rs",
        help: Some(
            "failed entries are not remembered as seen, so the next run processes them again",
        ),
        optional: true,
    }
}

submit! {
    UnsupportedPlugin {
        names: &[
        "verify_ssl_certificates",
        ],
        note: "has no effect in flexget-rs",
        help: Some(
            "certificates are always verified; `SSL_CERT_FILE` names a file of further ones to trust",
        ),
        optional: true,
    }
}

submit! {
    UnsupportedPlugin {
        names: &[
        "imdb_queue", "movie_queue", "queue_movies",
        ],
        note: "was removed from FlexGet",
        help: Some(
            "use `movie_list` with `list_add` and `list_match`",
        ),
        optional: false,
    }
}

submit! {
    UnsupportedPlugin {
        names: &[
        "list_accept",
        ],
        note: "was removed from FlexGet",
        help: Some(
            "use `list_match`",
        ),
        optional: false,
    }
}

submit! {
    UnsupportedPlugin {
        names: &[
        "list_reject",
        ],
        note: "was removed from FlexGet",
        help: Some(
            "use `list_match` with `action: reject`",
        ),
        optional: false,
    }
}

submit! {
    UnsupportedPlugin {
        names: &[
        "list_queue",
        ],
        note: "was removed from FlexGet",
        help: Some(
            "use `list_add`",
        ),
        optional: false,
    }
}

submit! {
    UnsupportedPlugin {
        names: &[
        "emit_series", "trakt_emit",
        ],
        note: "was removed from FlexGet",
        help: Some(
            "use `next_trakt_episodes`",
        ),
        optional: false,
    }
}

submit! {
    UnsupportedPlugin {
        names: &[
        "trakt_add",
        ],
        note: "was removed from FlexGet",
        help: Some(
            "use `list_add` with `trakt_list`",
        ),
        optional: false,
    }
}

submit! {
    UnsupportedPlugin {
        names: &[
        "trakt_remove",
        ],
        note: "was removed from FlexGet",
        help: Some(
            "use `list_remove` with `trakt_list`",
        ),
        optional: false,
    }
}

submit! {
    UnsupportedPlugin {
        names: &[
        "trakt", "trakt_acquired", "trakt_submit",
        ],
        note: "was removed from FlexGet",
        help: Some(
            "use `list_add` with `trakt_list: { list: collection }`",
        ),
        optional: false,
    }
}

submit! {
    UnsupportedPlugin {
        names: &[
        "adv_exec", "emit_movie_queue", "follwit_list", "import_series", "subtitle_queue", "tvrage", "tvrage_lookup",
        ],
        note: "was removed from FlexGet",
        help: None,
        optional: false,
    }
}

submit! {
    UnsupportedPlugin {
        names: &[
        "imdb_required",
        ],
        note: "was removed from FlexGet",
        help: Some(
            "use `require_field: imdb_id`",
        ),
        optional: false,
    }
}

submit! {
    UnsupportedPlugin {
        names: &[
        "find", "listdir",
        ],
        note: "was removed from FlexGet",
        help: Some(
            "use `filesystem`",
        ),
        optional: false,
    }
}

submit! {
    UnsupportedPlugin {
        names: &[
        "content_sort",
        ],
        note: "was removed from FlexGet",
        help: Some(
            "use `if` with `set`",
        ),
        optional: false,
    }
}

submit! {
    UnsupportedPlugin {
        names: &[
        "preset",
        ],
        note: "was removed from FlexGet",
        help: Some(
            "use `template`",
        ),
        optional: false,
    }
}

submit! {
    UnsupportedPlugin {
        names: &[
        "btchat", "cfscraper", "couchpotato", "demonoid", "descargas2020", "extratorrent", "frenchtorrentdb", "growl", "isohunt", "kat",
        "newpct", "newtorrents", "notify_growl", "notify_osd", "notify_xmpp", "nzbs", "publichd", "rarbg", "sceneaccess", "search_kat", "t411",
        "t411_input", "t411_lookup", "thetvdb_add", "thetvdb_favorites", "thetvdb_remove", "torrentproject",
        ],
        note: "was removed from FlexGet",
        help: Some(
            "its service no longer exists, or FlexGet does it in another way: remove it from the config",
        ),
        optional: false,
    }
}

submit! {
    UnsupportedPlugin {
        names: &["disable_builtins"],
        note: "was removed from FlexGet",
        help: Some("use `disable: builtins`, or name the plugins to disable"),
        optional: false,
    }
}

submit! {
    UnsupportedPlugin {
        names: &["myanimelist"],
        note: "was renamed in FlexGet to `my_anime_list`, which flexget-rs does not have",
        help: Some("keep the task in FlexGet, or remove the plugin from it"),
        optional: false,
    }
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
            "tasks:\n  a:\n    mock: [A]\n    accept_all: yes\n    retry_failed: no\n    transmission: no\n    disable: [seen, seen_info_hash, remember_rejected]",
        )
        .unwrap();
        assert!(plan.diagnostics.is_empty(), "{:?}", plan.diagnostics);
        assert!(plan.tasks[0].missing.is_empty(), "{:?}", plan.tasks[0].missing);
        assert!(!plan.tasks[0].plugins.contains("seen"));
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
