use flexget_core::prelude::*;

use crate::shared::source;

/// Aborts the task if a disk has too little space left.
///
/// A number is in MiB; text may have a unit: `10 GB`, of 1024 MB. The space is checked before
/// accepted entries are processed; the entries come again in the next run. Space on other machines,
/// by SSH, is not supported.
///
/// ```yaml
/// free_space: 10
/// mock: [ Solaris (1972) ]
/// accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct FreeSpace(WithShorthand<FreeSpaceOptions>);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FreeSpaceOptions {
    /// The space: a number of MiB, or text with a unit.
    space: Space,
    /// Whether the task is aborted below or above this space.
    #[serde(default)]
    abort_if: AbortIf,
    /// The path of any file or folder on the disk; by default the folder of the config.
    path: Option<String>,
    /// Not supported: another machine.
    host: Option<String>,
    /// Not supported: the port of the other machine.
    port: Option<u16>,
    /// Not supported: the user on the other machine.
    user: Option<String>,
    /// Not supported: the key for the other machine.
    ssh_key_filepath: Option<String>,
    /// Not supported: the space allotted on the other machine.
    allotment: Option<f64>,
}

impl Shorthand for FreeSpaceOptions {
    type Short = f64;
    const SHORT: &'static str = "The space in MiB.";

    fn from_short(space: f64) -> Self {
        Self {
            space: Space::Mebibytes(space),
            abort_if: AbortIf::default(),
            path: None,
            host: None,
            port: None,
            user: None,
            ssh_key_filepath: None,
            allotment: None,
        }
    }
}

/// When the task is aborted.
#[derive(Deserialize, JsonSchema, Clone, Copy, PartialEq, Default)]
#[serde(rename_all = "lowercase")]
enum AbortIf {
    /// If less is free.
    #[default]
    Below,
    /// If more is free.
    Above,
}

/// An amount of space.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Space {
    /// A number of MiB.
    Mebibytes(f64),
    /// Text with a unit.
    Size(String),
}

submit! { plugin::<FreeSpace>() }

impl Plugin for FreeSpace {
    const NAME: &'static str = "free_space";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Download, Self::check_space).priority(255)]
    }

    fn check(&self) -> Vec<Problem> {
        let options = &self.0;
        let mut problems = Vec::new();
        if options.space.mebibytes().is_none() {
            problems.push(
                Problem::at(Path::root().key("space"), "it does not look like a file size")
                    .help("write a number of MB, or text with a unit: `10 GB`"),
            );
        }
        let remote = [
            ("host", options.host.is_some()),
            ("port", options.port.is_some()),
            ("user", options.user.is_some()),
            ("ssh_key_filepath", options.ssh_key_filepath.is_some()),
            ("allotment", options.allotment.is_some_and(|allotment| allotment != -1.0)),
        ];
        let remote = remote.into_iter().filter(|(_, is_set)| *is_set);
        problems.extend(remote.map(|(name, _)| {
            Problem::at(Path::root().key(name), format!("`{name}`: space on other machines is not supported"))
                .help("keep the task in FlexGet, or take the plugin out of it")
        }));
        problems
    }
}

impl FreeSpace {
    async fn check_space(&self, task: &mut Task) -> Result<()> {
        let FreeSpaceOptions { space, abort_if, path, .. } = &*self.0;
        let space = space.mebibytes().unwrap_or_default();
        let folder = || Some(task.cx.store.path()?.parent()?.to_owned()).filter(|folder| *folder != *"");
        let path = path
            .as_deref()
            .map(|path| source::expand_home(path, &task.cx))
            .or_else(folder)
            .unwrap_or_else(|| ".".into());
        let free = free_mebibytes(&path).map_err(|error| {
            Error::new(format!("the free space of `{}` is unknown", path.display()))
                .hint("check `path` of `free_space`")
                .cause(error)
        })?;
        let amount = match abort_if {
            AbortIf::Below if free < space => "less",
            AbortIf::Above if free > space => "more",
            _ => return Ok(()),
        };
        Err(Error::new(format!("{amount} than {space} MB of free space in `{}`", path.display()))
            .hint("the accepted entries are processed in a later run"))
    }
}

impl Space {
    fn mebibytes(&self) -> Option<f64> {
        match self {
            Self::Mebibytes(number) => Some(*number),
            Self::Size(text) => size(text).map(|bytes| bytes / MEBIBYTE),
        }
    }
}

const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// Reads a size in bytes: a number, with a unit of powers of 1024.
fn size(text: &str) -> Option<f64> {
    let text = text.trim().to_lowercase().replace([',', ' '], "");
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let unit = match &text[end..] {
        "" | "b" => 0,
        unit => {
            let prefix = unit.strip_suffix("ib").or_else(|| unit.strip_suffix('b'))?;
            ["k", "m", "g", "t", "p"].iter().position(|known| *known == prefix)?.saturating_add(1) as i32
        }
    };
    Some(text[..end].parse::<f64>().ok()? * 1024_f64.powi(unit))
}

#[cfg(unix)]
fn free_mebibytes(path: &std::path::Path) -> std::io::Result<f64> {
    let disk = rustix::fs::statvfs(path)?;
    Ok(disk.f_bavail as f64 * disk.f_frsize as f64 / MEBIBYTE)
}

#[cfg(not(unix))]
fn free_mebibytes(_: &std::path::Path) -> std::io::Result<f64> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use flexget_core::testing::{self, context};

    /// FlexGet 3.22.7 aborts with the same reasons, but crashes on a number alone and on a path
    /// that does not exist.
    #[test]
    fn too_little_space_aborts_the_task() {
        let error = |options: &str| {
            let report = testing::run(&format!("mock: [A]\naccept_all: yes\nfree_space: {options}"), &context());
            report.error.map(|error| error.message)
        };
        assert_eq!(error("{ space: 99999999999, path: / }").unwrap(), "less than 99999999999 MB of free space in `/`");
        assert_eq!(
            error("{ space: 1 KB, path: /, abort_if: above }").unwrap(),
            "more than 0.0009765625 MB of free space in `/`"
        );
        assert_eq!(error("{ space: 1 KB, path: / }"), None);
        assert_eq!(error("0"), None);
        let missing = error("{ space: 1, path: /nowhere/at/all }").unwrap();
        assert!(missing.starts_with("the free space of `/nowhere/at/all` is unknown"), "{missing}");
    }

    #[test]
    fn sizes_have_units_of_1024() {
        for (text, bytes) in
            [("5", Some(5.0)), ("1.5 KB", Some(1536.0)), ("1 GiB", Some(1_073_741_824.0)), ("1 XB", None), ("GB", None)]
        {
            assert_eq!(super::size(text), bytes, "{text}");
        }
    }

    #[test]
    fn mistakes_are_found_before_the_run() {
        let mistakes = testing::config_errors(
            "mock: [A]\naccept_all: yes\nfree_space: { space: much, host: x, user: y, ssh_key_filepath: z, path: / }",
        );
        assert_eq!(mistakes.len(), 4, "{mistakes:?}");
    }
}
