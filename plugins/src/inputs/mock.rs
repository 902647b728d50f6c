use flexget_core::prelude::*;

use crate::shared::placeholder_url::placeholder_url;

/// Produces the entries that are written in the config, to try out a task.
///
/// An entry is a title, or a mapping with a `title` and any other fields. Without a `url` it gets one made from the
/// title, so that the next run recognises the entry (in FlexGet the URL is random).
///
/// ```yaml
/// mock:
///   - Plain title
///   - { title: Solaris (1972), movie_name: Solaris, movie_year: 1972, imdb_id: tt0069293 }
/// accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Mock {
    /// The entries.
    #[schemars(with = "Vec<MockEntry>")]
    entries: Vec<Produced>,
}

/// An entry: its title, or its fields.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
enum MockEntry {
    /// A title.
    Title(String),
    /// Fields, `title` among them.
    Fields(MockFields),
}

/// The fields of an entry.
#[derive(Deserialize, JsonSchema)]
#[schemars(inline)]
struct MockFields {
    /// The title.
    title: String,
    /// The URL; made from the title by default.
    url: Option<String>,
    /// Other fields.
    #[serde(flatten)]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    fields: serde_yaml::Mapping,
}

submit! { plugin::<Mock>() }

impl Plugin for Mock {
    const NAME: &'static str = "mock";
    const INPUT: bool = true;

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Input, Self::produce)]
    }
}

impl Mock {
    async fn produce(&self, task: &mut Task) -> Result<()> {
        task.produce(self.entries.iter().map(|Produced(entry)| entry.fresh()));
        Ok(())
    }
}

/// An entry to produce, which takes less memory than its YAML.
#[derive(Deserialize)]
#[serde(from = "MockEntry")]
struct Produced(Entry);

impl From<MockEntry> for Produced {
    fn from(written: MockEntry) -> Self {
        Self(match written {
            MockEntry::Title(title) => Entry::new(&title, placeholder_url(Mock::NAME, &title)),
            MockEntry::Fields(MockFields { title, url, fields }) => {
                let url = url.unwrap_or_else(|| placeholder_url(Mock::NAME, &title));
                let mut entry = Entry::new(title, url);
                for (name, value) in &fields {
                    entry.set(Value::from_yaml(name).display(), Value::from_yaml(value));
                }
                entry
            }
        })
    }
}
