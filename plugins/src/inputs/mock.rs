use flexget_core::prelude::*;

/// Produces entries that are written in the config, to try out a task.
///
/// An entry is a title, or a mapping with a `title` and whatever other fields it is to have. Without a `url` it gets one
/// that is made from the title, so that it is the same entry in the next run (FlexGet makes another at each run).
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
    entries: Vec<Made>,
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
    /// The address; made from the title where there is none.
    url: Option<String>,
    /// Any other fields.
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
        task.produce(self.entries.iter().map(|Made(entry)| entry.fresh()));
        Ok(())
    }
}

/// An entry as it is produced: made once, because there may be many and what is written takes more room.
#[derive(Deserialize)]
#[serde(from = "MockEntry")]
struct Made(Entry);

impl From<MockEntry> for Made {
    fn from(written: MockEntry) -> Self {
        let address = |title: &str| format!("mock://localhost/mock/{}", slug(title));
        Self(match written {
            MockEntry::Title(title) => Entry::new(&title, address(&title)),
            MockEntry::Fields(MockFields { title, url, fields }) => {
                let url = url.unwrap_or_else(|| address(&title));
                let mut entry = Entry::new(title, url);
                for (name, value) in &fields {
                    entry.set(Value::from_yaml(name).display(), Value::from_yaml(value));
                }
                entry
            }
        })
    }
}

/// A title as a part of an address.
pub fn slug(title: &str) -> String {
    let words = title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}
