//! Guide for authors of plugins: six chapters, each a program that runs.
//!
//! A plugin is a struct. Its fields are the options, its doc comment is the manual, the first
//! `yaml` block of that is the example, and one line registers it: `submit! { … }`. The schema of
//! the config, the check of options, completion and `plugins NAME` follow from that.
//!
//! A program with plugins of its own is a crate with this `main.rs`, where `my_plugins` is a crate
//! of plugins (none is needed for plugins in the program's own files):
//!
//! ```text
//! flexget_rs::main! { my_plugins }
//! ```
//!
//! A crate that nothing names is not linked, and its plugins are not there: a debug build of the
//! program says so when it starts.
//!
//! `examples/own-service` in the repository is such a crate: accounts, a list, an input, a lookup
//! and an output for a service. Whoever does not want to compile anything writes a script instead;
//! `docs/scripts.md` says how.
//!
//! | chapter | what it makes |
//! |---|---|
//! | [`filter`] | decides about entries |
//! | [`input`] | produces entries |
//! | [`list`] | can be read, matched, changed and undone |
//! | [`lookup`] | offers fields that are fetched when something reads them |
//! | [`command`] | is a subcommand of the program |
//! | [`output`] | acts on accepted entries |
//!
//! Mistakes that would say nothing are told: a name that is no key, by the compiler; two plugins or
//! commands of one name, a command with the name of one of the program's, a plugin for every task
//! that needs options, and what is not documented, when the program starts.
//! [`testing`](crate::testing), a feature to turn on in `[dev-dependencies]`, has a world for
//! tests, and the laws that every [list](crate::testing::list_laws) and every
//! [plugin](crate::testing::plugin_laws) keeps.

/// Filters: plugins that accept and reject entries.
///
/// A step is a method that gets the task. It runs in a [phase](crate::task::phase::Phase), and
/// within that by priority, as in FlexGet. Each decision has the plugin's name and may have a
/// reason, which `explain` shows.
///
/// ```
/// use flexget_core::prelude::*;
/// use flexget_core::testing::{Sandbox, decisions, plugin_laws};
///
/// /// Rejects entries whose titles are too long.
/// ///
/// /// ```yaml
/// /// title_length: { most: 20 }
/// /// ```
/// #[derive(Deserialize, JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// struct TitleLength {
///     /// Longest title that is left, in characters.
///     #[schemars(range(min = 1))]
///     most: usize,
/// }
///
/// submit! { plugin::<TitleLength>() }
///
/// impl Plugin for TitleLength {
///     const NAME: &'static str = "title_length";
///
///     fn steps(&self) -> Vec<Step<Self>> {
///         vec![Step::at(Phase::Filter, Self::reject_longer)]
///     }
/// }
///
/// impl TitleLength {
///     async fn reject_longer(&self, task: &mut Task) -> Result<()> {
///         for entry in task.live_entries() {
///             let length = entry.title().chars().count();
///             if length > self.most {
///                 entry.reject(Self::NAME, Some(format!("{length} characters")));
///             }
///         }
///         Ok(())
///     }
/// }
///
/// # /// Produces two entries.
/// # #[derive(Deserialize, JsonSchema)]
/// # struct Two {}
/// # submit! { plugin::<Two>() }
/// # impl Plugin for Two {
/// #     const NAME: &'static str = "two";
/// #     fn steps(&self) -> Vec<Step<Self>> { vec![Step::at(Phase::Input, Self::produce)] }
/// # }
/// # impl Two {
/// #     async fn produce(&self, task: &mut Task) -> Result<()> {
/// #         task.produce(["Up", "A very long title"].map(|title| Entry::new(title, "mock://")));
/// #         Ok(())
/// #     }
/// # }
/// // `two` is an input with two entries.
/// let report = Sandbox::new().run("two: yes\ntitle_length: { most: 10 }");
/// assert_eq!(decisions(&report), ["Up", "A very long title: rejected (17 characters)"]);
/// // A mistake in the options is found before anything runs.
/// assert_eq!(Sandbox::new().errors("title_length: { mots: 10 }").len(), 1);
/// plugin_laws("title_length");
/// ```
pub mod filter {}

/// Inputs: plugins that produce entries.
///
/// With `INPUT` a plugin can stand where an input is wanted, as in `inputs` or `limit`. Requests go
/// through [`Context::http`](crate::context::Context), which paces, retries and counts them.
///
/// ```
/// use flexget_core::prelude::*;
/// use flexget_core::testing::server::{Reply, Server};
/// use flexget_core::testing::{Sandbox, plugin_laws};
/// use serde_json::json;
///
/// /// Produces the films of a service.
/// ///
/// /// ```yaml
/// /// filmbox: https://filmbox.example/new
/// /// ```
/// #[derive(Deserialize, JsonSchema)]
/// #[serde(transparent)]
/// struct Filmbox {
///     /// URL of the films.
///     url: String,
/// }
///
/// submit! { plugin::<Filmbox>() }
///
/// #[derive(Deserialize)]
/// struct Film {
///     title: String,
///     year: i64,
/// }
///
/// impl Plugin for Filmbox {
///     const NAME: &'static str = "filmbox";
///     const INPUT: bool = true;
///
///     fn steps(&self) -> Vec<Step<Self>> {
///         vec![Step::at(Phase::Input, Self::produce)]
///     }
/// }
///
/// impl Filmbox {
///     async fn produce(&self, task: &mut Task) -> Result<()> {
///         let films = task.cx.http.send(Request::get(&self.url)).await?.ok()?;
///         let films: Vec<Film> = films.json()?;
///         let entry = |film: Film| {
///             let url = format!("{}#{}", self.url, film.title);
///             Entry::new(film.title, url).with("movie_year", film.year)
///         };
///         task.produce(films.into_iter().map(entry));
///         Ok(())
///     }
/// }
///
/// let films = json!([{ "title": "Solaris", "year": 1972 }]);
/// let server = Server::start(move |_| Reply::json(200, &films));
/// let report = Sandbox::new().run(&format!("filmbox: {}/new", server.url()));
/// assert_eq!(report.entries[0].title(), "Solaris");
/// plugin_laws("filmbox");
/// ```
pub mod input {}

/// Lists: places that entries are read from, added to and removed from.
///
/// A list says which list its options mean, when two entries are the same item, which items there
/// are, and how to add and remove. All else is core's: `list_add`, `list_sync` and the others, dry
/// runs, the journal, undo. The [laws](crate::testing::ListLaws) find what is easily forgotten.
///
/// ```
/// use flexget_core::prelude::*;
/// use flexget_core::testing::server::{Reply, Server};
/// use flexget_core::testing::{ListLaws, Sandbox, block_on, plugin_laws};
/// use serde_json::{Value as Json, json};
///
/// /// A list of films of a service.
/// ///
/// /// ```yaml
/// /// filmbox_list: { url: 'https://filmbox.example', list: to watch }
/// /// ```
/// #[derive(Deserialize, JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// struct FilmboxList {
///     /// URL of the service.
///     url: String,
///     /// Name of the list.
///     list: String,
/// }
///
/// submit! { list::<FilmboxList>() }
///
/// impl List for FilmboxList {
///     const NAME: &'static str = "filmbox_list";
///
///     fn id(&self) -> ListId {
///         ListId::remote(format!("{} {}", self.url, self.list))
///     }
///
///     fn keys(&self, entry: &Entry) -> Keys {
///         let mut keys = Keys::new();
///         keys.name("title", entry.title());
///         keys
///     }
///
///     async fn items(&self, limit: Option<usize>, cx: &Context) -> Result<Vec<Entry>> {
///         let request = Request::get(format!("{}/items", self.url));
///         let titles: Vec<String> = cx.http.send(request).await?.ok()?.json()?;
///         let titles = titles.into_iter().take(limit.unwrap_or(usize::MAX));
///         Ok(titles.map(|title| Entry::new(title, "filmbox://")).collect())
///     }
///
///     async fn add(&self, entries: &[&Entry], cx: &Context) -> Result<Change> {
///         self.change("add", entries, cx).await
///     }
///
///     async fn remove(&self, entries: &[&Entry], cx: &Context) -> Result<Change> {
///         self.change("remove", entries, cx).await
///     }
/// }
///
/// impl FilmboxList {
///     // One request for a batch, one outcome for each entry, in order: `["done", "unchanged"]`.
///     async fn change(&self, verb: &str, entries: &[&Entry], cx: &Context) -> Result<Change> {
///         let titles: Vec<&str> = entries.iter().map(|entry| entry.title()).collect();
///         let request = Request::post(format!("{}/{verb}", self.url)).json(json!(titles));
///         Ok(Change::new(cx.http.send(request).await?.ok()?.json()?))
///     }
/// }
///
/// // The service: one list of titles.
/// let mut films: Vec<String> = Vec::new();
/// let server = Server::start(move |request| {
///     if request.path() == "/items" {
///         return Reply::json(200, &json!(films));
///     }
///     let titles: Vec<String> = request.json();
///     let outcomes: Vec<Json> = titles.into_iter().map(|title| {
///         let was_there = films.contains(&title);
///         films.retain(|film| *film != title);
///         let is_add = request.path() == "/add";
///         if is_add { films.push(title); }
///         if was_there == is_add { json!("unchanged") } else { json!("done") }
///     }).collect();
///     Reply::json(200, &json!(outcomes))
/// });
/// let options = format!("filmbox_list: {{ url: '{}', list: films }}", server.url());
/// let laws = ListLaws::new(&options, &["{ title: Solaris }", "{ title: Stalker }"]);
/// block_on(laws.check(&Sandbox::new().cx));
/// plugin_laws("filmbox_list");
/// ```
pub mod list {}

/// Lookups: plugins that offer fields, which are fetched when something reads them.
///
/// Nobody pays for a field that nobody reads. Those that are read are fetched for all entries in
/// one batch. A field that is left out does not exist; an error leaves it unknown, and a condition
/// that reads it decides nothing.
///
/// ```
/// use flexget_core::prelude::*;
/// use flexget_core::testing::{Sandbox, decisions, plugin_laws};
///
/// /// Looks up the number of words in titles.
/// ///
/// /// ```yaml
/// /// title_words: yes
/// /// ```
/// #[derive(Deserialize, JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// struct TitleWords {}
///
/// submit! { lookup::<TitleWords>() }
///
/// impl Lookup for TitleWords {
///     const NAME: &'static str = "title_words";
///     const FIELDS: &'static [&'static str] = &["title_words"];
///
///     async fn fetch(&self, entries: &[&Entry], _: &Context) -> Result<Vec<FetchedFields>> {
///         // A service would be asked here, once for all entries.
///         let words = |entry: &&Entry| entry.title().split(' ').count() as i64;
///         let fields = |entry| Ok(vec![("title_words".into(), words(entry).into())]);
///         Ok(entries.iter().map(fields).collect())
///     }
/// }
///
/// # /// Produces an entry, and rejects it with the number of words.
/// # #[derive(Deserialize, JsonSchema)]
/// # struct Wordy {}
/// # submit! { plugin::<Wordy>() }
/// # impl Plugin for Wordy {
/// #     const NAME: &'static str = "wordy";
/// #     fn steps(&self) -> Vec<Step<Self>> {
/// #         vec![Step::at(Phase::Input, Self::produce), Step::at(Phase::Filter, Self::reject)]
/// #     }
/// # }
/// # impl Wordy {
/// #     async fn produce(&self, task: &mut Task) -> Result<()> {
/// #         task.produce([Entry::new("Out of the Past", "mock://")]);
/// #         Ok(())
/// #     }
/// #     async fn reject(&self, task: &mut Task) -> Result<()> {
/// #         task.need(&["title_words"]).await;
/// #         for entry in task.live_entries() {
/// #             let words = entry.int("title_words").unwrap_or_default();
/// #             entry.reject(Self::NAME, Some(format!("{words} words")));
/// #         }
/// #         Ok(())
/// #     }
/// # }
/// // `wordy` produces an entry, and reads the field by `task.need(&["title_words"])`.
/// let report = Sandbox::new().run("wordy: yes\ntitle_words: yes");
/// assert_eq!(decisions(&report), ["Out of the Past: rejected (4 words)"]);
/// plugin_laws("title_words");
/// ```
pub mod lookup {}

/// Commands: subcommands of the program.
///
/// The fields are the arguments. A command prints through
/// [`Output`](crate::plugin::command::Output) only, and changes nothing in a dry run (`--test`).
/// The commands that authorize the accounts of a service come from core: see
/// [`Service`](crate::plugin::service::Service).
///
/// ```
/// use flexget_core::prelude::*;
/// use flexget_core::testing::{command as run, context};
///
/// /// Counts the titles that are given.
/// #[derive(Deserialize, JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// struct CountTitles {
///     /// The titles.
///     #[schemars(extend("positional" = true))]
///     titles: Vec<String>,
/// }
///
/// submit! { command::<CountTitles>() }
///
/// impl Command for CountTitles {
///     const PATH: &'static [&'static str] = &["count-titles"];
///
///     async fn run(&self, _: &Context, out: &mut Output) -> Result<()> {
///         out.line(format!("{} titles", self.titles.len()))
///     }
/// }
///
/// // `flexget-rs count-titles Solaris Stalker`
/// let arguments = serde_json::json!({ "titles": ["Solaris", "Stalker"] });
/// assert_eq!(run("count-titles", arguments, Format::Text, &context())?.text, "2 titles\n");
/// # Ok::<(), Error>(())
/// ```
pub mod command {}

/// Outputs: plugins that act on accepted entries.
///
/// An entry that could not be acted on is failed with the reason, so that it is not remembered as
/// seen. A dry run acts on nothing; [`Context::http`](crate::context::Context) refuses to send
/// writes then.
///
/// ```
/// use flexget_core::prelude::*;
/// use flexget_core::testing::server::{Reply, Server};
/// use flexget_core::testing::{Sandbox, decisions, plugin_laws};
/// use serde_json::json;
///
/// /// Posts the title of each accepted entry to a URL.
/// ///
/// /// ```yaml
/// /// post_title: https://filmbox.example/posts
/// /// ```
/// #[derive(Deserialize, JsonSchema)]
/// #[serde(transparent)]
/// struct PostTitle {
///     /// The URL.
///     url: String,
/// }
///
/// submit! { plugin::<PostTitle>() }
///
/// impl Plugin for PostTitle {
///     const NAME: &'static str = "post_title";
///
///     fn steps(&self) -> Vec<Step<Self>> {
///         vec![Step::at(Phase::Output, Self::post)]
///     }
/// }
///
/// impl PostTitle {
///     async fn post(&self, task: &mut Task) -> Result<()> {
///         if task.cx.dry_run {
///             return Ok(());
///         }
///         let http = task.cx.http.clone();
///         for entry in task.entries.iter_mut().filter(|entry| entry.state() == State::Accepted) {
///             let request = Request::post(&self.url).json(json!({ "title": entry.title() }));
///             let sent = http.send(request).await.map_err(Error::from);
///             if let Err(error) = sent.and_then(|response| response.ok()) {
///                 entry.fail(Self::NAME, error.to_string());
///             }
///         }
///         Ok(())
///     }
/// }
///
/// # /// Produces an accepted entry.
/// # #[derive(Deserialize, JsonSchema)]
/// # struct One {}
/// # submit! { plugin::<One>() }
/// # impl Plugin for One {
/// #     const NAME: &'static str = "one";
/// #     fn steps(&self) -> Vec<Step<Self>> { vec![Step::at(Phase::Input, Self::produce)] }
/// # }
/// # impl One {
/// #     async fn produce(&self, task: &mut Task) -> Result<()> {
/// #         let mut entry = Entry::new("Solaris", "mock://");
/// #         entry.accept("one");
/// #         task.produce([entry]);
/// #         Ok(())
/// #     }
/// # }
/// // `one` is an input with one accepted entry.
/// let server = Server::start(|_| Reply::json(201, &json!({})));
/// let task = format!("one: yes\npost_title: {}/posts", server.url());
/// Sandbox::new().dry_run(&task);
/// assert!(server.requests().is_empty());
/// assert_eq!(decisions(&Sandbox::new().run(&task)), ["Solaris: accepted"]);
/// assert_eq!(server.requests()[0].json::<serde_json::Value>(), json!({ "title": "Solaris" }));
/// plugin_laws("post_title");
/// ```
pub mod output {}
