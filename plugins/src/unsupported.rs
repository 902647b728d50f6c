//! The names of FlexGet's plugins that flexget-rs does not have.
//!
//! They are reported as missing and not as wrong. They are those of FlexGet 3.22 and of older
//! configs.

use flexget_core::plugin::registration::UnsupportedPlugin;
use flexget_core::prelude::*;

const MISSING: &str = "is a FlexGet plugin that flexget-rs does not have";
const NO_EFFECT: &str = "has no effect in flexget-rs";
const RENAMED: &str = "was renamed in FlexGet to `my_anime_list`, which flexget-rs does not have";
const REMOVED: &str = "was removed from FlexGet";

submit! {
    UnsupportedPlugin::new(&[
        "1337x", "abort", "abort_if_exists", "add_trackers", "age", "all_series", "allyoulike", "alpharatio",
        "anidb_list", "anilist", "anirena", "apple_trailers", "archive", "archives", "argenteam", "aria2",
        "assume_quality", "awesomehd", "bakabt", "bark", "best_quality", "betaseries_list", "bluray_lookup", "btn",
        "check_subtitles", "cinemageddon", "clean_transmission", "configure_series", "content_filter", "content_size",
        "convert_magnet", "cookies", "copy", "couchpotato_list", "cpasbien", "cronitor", "decompress", "delay",
        "delete", "deluge", "disable_phases", "discord", "discover", "download", "download_auth", "email",
        "emby_list", "emby_lookup", "emby_refresh", "est_movies_bluray", "est_released_movies", "est_series_internal",
        "est_series_tvmaze", "estimate_release", "ettv", "exists", "extension", "eztv", "filelist_api",
        "filmweb_watchlist", "flexget_archive", "floppy_list", "form", "from_deluge", "from_emby", "from_imdb",
        "from_piratebay", "from_qbittorrent", "from_rtorrent", "from_task", "from_telegram", "from_transmission",
        "ftp_download", "ftp_list", "gazelle", "gazellemusic", "gen_series_data", "generate", "google", "google_cse",
        "gotify", "hebits", "horriblesubs", "html", "ifttt", "imdb", "imdb_list", "imdb_lookup", "imdb_watchlist",
        "iptorrents", "join", "json", "kitsu", "kodi_library", "koreus", "letterboxd", "limetorrents", "lostfilm",
        "magnets", "make_html", "make_rss", "matrix", "medusa", "mock_output", "modify_trackers", "morethantv",
        "move", "mqtt", "ms_teams", "my_anime_list", "myepisodes", "myepisodes_list", "ncore", "newznab",
        "next_series_episodes", "next_series_seasons", "next_sonarr_episodes", "nfo_lookup",
        "notifymyandroid", "notwhatcd", "npo_watchlist", "ntfysh", "nyaa", "nzbget", "ombi_list", "parameterize",
        "passthepopcorn", "path_by_ext", "path_by_space", "pending_approval", "periscope", "piratebay", "plex",
        "plex_watchlist", "pogcal", "pogcal_acquired", "proper_movies", "prowl", "proxy", "pushalot", "pushbullet",
        "pushover", "pushsafer", "pyload", "qbittorrent", "radarr_list", "rapidpush", "redacted", "redirect_url",
        "regex_extract", "regexp_parse", "remove_trackers", "reorder_quality", "rlsbb", "rlslog", "rottentomatoes",
        "rottentomatoes_list", "rottentomatoes_lookup", "rtorrent", "rtorrent_magnet", "run_task", "rutracker",
        "rutracker_auth", "sabnzbd", "sceper", "scrob_list", "search_rss", "serienjunkies", "series",
        "series_premiere", "series_remove", "set_series_begin", "sftp_download", "sftp_list", "sftp_upload",
        "shortened", "sickbeard", "slack", "sms_ru", "sns", "solidtorrents", "sonarr_list", "sort_by_weight",
        "subliminal", "subtitle_list", "subtitles", "symlink", "tail", "telegram", "thetvdb", "thetvdb_list",
        "thetvdb_lookup", "timeframe", "tmdb_lookup", "toast", "torrent_alive", "torrent_cache", "torrent_match",
        "torrent_scrub", "torrentday", "torrentleech", "torrentz", "torznab", "transmission", "tvmaze_lookup",
        "twitterfeed", "uindex", "upgrade", "urlrewrite", "urlrewrite_search", "utorrent", "wordpress_auth", "xmpp",
        "yts",
    ], MISSING)
        .help("keep the task in FlexGet, or remove the plugin from it")
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
    UnsupportedPlugin::new(&["imdb_queue", "movie_queue", "queue_movies"], REMOVED)
        .help("use `movie_list` with `list_add` and `list_match`")
}

submit! {
    UnsupportedPlugin::new(&["list_accept"], REMOVED)
        .help("use `list_match`")
}

submit! {
    UnsupportedPlugin::new(&["list_reject"], REMOVED)
        .help("use `list_match` with `action: reject`")
}

submit! {
    UnsupportedPlugin::new(&["list_queue"], REMOVED)
        .help("use `list_add`")
}

submit! {
    UnsupportedPlugin::new(&["emit_series", "trakt_emit"], REMOVED)
        .help("use `next_trakt_episodes`")
}

submit! {
    UnsupportedPlugin::new(&["trakt_add"], REMOVED)
        .help("use `list_add` with `trakt_list`")
}

submit! {
    UnsupportedPlugin::new(&["trakt_remove"], REMOVED)
        .help("use `list_remove` with `trakt_list`")
}

submit! {
    UnsupportedPlugin::new(&["trakt", "trakt_acquired", "trakt_submit"], REMOVED)
        .help("use `list_add` with `trakt_list: { list: collection }`")
}

submit! {
    UnsupportedPlugin::new(&[
        "adv_exec", "emit_movie_queue", "follwit_list", "import_series", "subtitle_queue", "tvrage", "tvrage_lookup",
    ], REMOVED)
}

submit! {
    UnsupportedPlugin::new(&["imdb_required"], REMOVED)
        .help("use `require_field: imdb_id`")
}

submit! {
    UnsupportedPlugin::new(&["find", "listdir"], REMOVED)
        .help("use `filesystem`")
}

submit! {
    UnsupportedPlugin::new(&["content_sort"], REMOVED)
        .help("use `if` with `set`")
}

submit! {
    UnsupportedPlugin::new(&["preset"], REMOVED)
        .help("use `template`")
}

submit! {
    UnsupportedPlugin::new(&[
        "btchat", "cfscraper", "couchpotato", "demonoid", "descargas2020", "extratorrent", "frenchtorrentdb", "growl",
        "isohunt", "kat", "newpct", "newtorrents", "notify_growl", "notify_osd", "notify_xmpp", "nzbs", "publichd",
        "rarbg", "sceneaccess", "search_kat", "t411", "t411_input", "t411_lookup", "thetvdb_add", "thetvdb_favorites",
        "thetvdb_remove", "torrentproject",
    ], REMOVED)
        .help("its service no longer exists, or FlexGet does it in another way: remove it from the config")
}

submit! {
    UnsupportedPlugin::new(&["disable_builtins"], REMOVED)
        .help("use `disable: builtins`, or name the plugins to disable")
}

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
