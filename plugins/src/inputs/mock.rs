use flexget_core::prelude::*;
use serde::Deserializer;
use serde::de::Error as _;

use crate::shared::placeholder_url::placeholder_url;

/// Produces the entries that are written in the config, to try out a task.
///
/// An entry is a title, or a mapping with a `title` and any other fields. Without a `url` it gets
/// one made from the title, so that the next run recognises the entry (in FlexGet the URL is
/// random).
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
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it is the schema of an entry, which is read as a value")]
#[schemars(untagged)]
enum MockEntry {
    /// A title.
    Title(String),
    /// Fields, `title` among them.
    Fields(MockFields),
}

/// The fields of an entry.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it is a part of the schema")]
struct MockFields {
    /// The title.
    title: String,
    /// The URL; made from the title by default.
    url: Option<String>,
    /// Other fields.
    #[schemars(flatten)]
    fields: BTreeMap<String, serde_json::Value>,
}

submit! { plugin::<Mock>() }

impl Plugin for Mock {
    const NAME: &'static str = "mock";
    const INPUT: bool = true;

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Input, Self::produce).gives(Self::names)]
    }
}

impl Mock {
    fn names(&self) -> Vec<Name> {
        let names: BTreeSet<&str> =
            self.entries.iter().flat_map(|Produced(entry)| entry.fields().map(|(name, _)| name)).collect();
        names.into_iter().map(|name| Name::Owned(name.to_owned())).collect()
    }

    async fn produce(&self, task: &mut Task) -> Result<()> {
        task.produce(self.entries.iter().map(|Produced(entry)| entry.fresh()));
        Ok(())
    }
}

/// An entry to produce, which takes less memory than its YAML.
struct Produced(Entry);

impl<'de> Deserialize<'de> for Produced {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let url = |title: &str| placeholder_url(Mock::NAME, title);
        match Value::deserialize(deserializer)? {
            Value::Map(fields) => {
                let fields = fields.iter().map(|(name, value)| (name, value.clone()));
                Entry::from_fields(fields, url).map(Self).map_err(D::Error::custom)
            }
            title => {
                let title = title.shown();
                Ok(Self(Entry::new(&*title, url(&title))))
            }
        }
    }
}
