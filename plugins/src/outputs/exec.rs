use std::time::Duration;

use flexget_core::context::process;
use flexget_core::expression::{ExpressionError, Now, Scope};
use flexget_core::prelude::*;

use crate::shared::command_line::CommandLine;
use crate::shared::task_scope::task_scope;
use crate::shared::time_span::TimeSpan;
use crate::shared::yes;

/// Runs commands, by default for each accepted entry.
///
/// A command may be a template. It is started directly, not through a shell, so that no value of a
/// field can start another command: `echo {{ title }}` has one argument whatever the title is.
/// With `shell: yes` the shell runs it, for pipes and the like, and text in fields is quoted.
/// Commands that run longer than `timeout` are killed. `--test` starts none.
///
/// ```yaml
/// mock: [ Solaris (1972) ]
/// accept_all: yes
/// exec: echo {{ title }}
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Exec(WithShorthand<ExecOptions>);

#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
struct ExecOptions {
    /// Commands before anything is read.
    on_start: Option<PhaseCommands>,
    /// Commands after the inputs.
    on_input: Option<PhaseCommands>,
    /// Commands in the filter phase.
    on_filter: Option<PhaseCommands>,
    /// Commands in the output phase.
    on_output: Option<PhaseCommands>,
    /// Commands at the end.
    on_exit: Option<PhaseCommands>,
    /// Whether an entry fails when one of its commands does.
    #[serde(default)]
    fail_entries: bool,
    /// Whether commands are run by the shell.
    #[serde(default)]
    shell: bool,
    /// Whether text in fields is quoted for the shell.
    #[serde(default = "yes")]
    auto_escape: bool,
    /// For configs of FlexGet; commands are always UTF-8.
    #[serde(rename = "encoding")]
    _encoding: Option<String>,
    /// For configs of FlexGet; a command in the background is never waited for.
    #[serde(rename = "allow_background")]
    _allow_background: Option<bool>,
    /// The time after which a command is killed; 10 minutes by default.
    timeout: Option<TimeSpan>,
    /// Whether the commands were written in the short form.
    #[serde(skip)]
    is_short: bool,
}

/// The commands of a phase.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
pub struct PhaseCommands {
    /// Commands that run once, after those for entries; `task` holds the task.
    #[schemars(extend("x-of-task" = true))]
    phase: Option<OneOrMany<CommandLine>>,
    /// Commands for each undecided or accepted entry.
    for_entries: Option<OneOrMany<CommandLine>>,
    /// Commands for each accepted entry.
    for_accepted: Option<OneOrMany<CommandLine>>,
    /// Commands for each rejected entry.
    for_rejected: Option<OneOrMany<CommandLine>>,
    /// Commands for each undecided entry.
    for_undecided: Option<OneOrMany<CommandLine>>,
    /// Commands for each failed entry.
    for_failed: Option<OneOrMany<CommandLine>>,
}

/// The default of `timeout`.
const TIMEOUT: Duration = Duration::from_secs(600);

submit! { plugin::<Exec>() }

impl Plugin for Exec {
    const NAME: &'static str = "exec";

    fn steps(&self) -> Vec<Step<Self>> {
        let step = |(phase, _, commands): (Phase, &str, &PhaseCommands)| {
            let run = async move |plugin: &Self, task: &mut Task| plugin.0.run(phase, task).await;
            let step = Step::at(phase, run).priority(100);
            // No command runs then unless an entry is accepted.
            let needs_accepted = commands.groups().all(|(name, ..)| name == "for_accepted");
            if needs_accepted { step.needs_accepted() } else { step }
        };
        self.0.phases().map(step).collect()
    }

    fn check(&self) -> Vec<Problem> {
        let of_phase = |(_, key, commands): (Phase, &'static str, &PhaseCommands)| {
            let problems = |(name, _, lines): Group<'_>| {
                let path = if self.0.is_short { Path::root() } else { Path::root().key(key).key(name) };
                problems(lines, self.0.shell.then_some(self.0.auto_escape), path)
            };
            commands.groups().flat_map(problems).collect::<Vec<_>>()
        };
        self.0.phases().flat_map(of_phase).collect()
    }
}

impl Shorthand for ExecOptions {
    type Short = OneOrMany<CommandLine>;
    const SHORT: &'static str = "The command, or several, for each accepted entry in the output phase.";

    fn from_short(commands: OneOrMany<CommandLine>) -> Self {
        let on_output = PhaseCommands { for_accepted: Some(commands), ..PhaseCommands::default() };
        Self { on_output: Some(on_output), is_short: true, ..Self::default() }
    }
}

/// Finds the problems of commands.
///
/// `shell` says whether the shell runs them, and whether fields are quoted for it.
fn problems(commands: &OneOrMany<CommandLine>, shell: Option<bool>, path: Path) -> Vec<Problem> {
    let problem = |(at, command): (usize, &CommandLine)| {
        let path = if commands.len() > 1 { path.clone().index(at) } else { path.clone() };
        let help = "run it with `shell: yes` below `exec`, beside `on_output: { for_accepted: … }`";
        match shell {
            None => Some(Problem::at(path, command.problem()?).help(help)),
            Some(true) => Some(Problem::at(path, command.quoting_problem()?).help("or set `auto_escape: no`")),
            Some(false) => None,
        }
    };
    commands.iter().enumerate().filter_map(problem).collect()
}

impl ExecOptions {
    fn phases(&self) -> impl Iterator<Item = (Phase, &'static str, &PhaseCommands)> {
        [
            (Phase::Start, "on_start", &self.on_start),
            (Phase::Input, "on_input", &self.on_input),
            (Phase::Filter, "on_filter", &self.on_filter),
            (Phase::Output, "on_output", &self.on_output),
            (Phase::Exit, "on_exit", &self.on_exit),
        ]
        .into_iter()
        .filter_map(|(phase, key, commands)| Some((phase, key, commands.as_ref()?)))
    }

    async fn run(&self, phase: Phase, task: &mut Task) -> Result<()> {
        for (_, _, commands) in self.phases().filter(|(at, _, _)| *at == phase) {
            for (_, is_of_group, lines) in commands.groups() {
                match is_of_group {
                    Some(is_of_group) => self.run_for_entries(lines, is_of_group, task).await,
                    None => self.run_for_phase(lines, task).await,
                }
            }
        }
        Ok(())
    }

    /// Runs commands for the entries in some states: for each entry all commands, until it fails.
    async fn run_for_entries(&self, commands: &OneOrMany<CommandLine>, is_of_group: IsOfGroup, task: &mut Task) {
        let positions: Vec<usize> = task.positions(|entry| is_of_group(entry.state())).collect();
        let mut lines: Vec<Vec<Option<Vec<String>>>> = vec![Vec::new(); positions.len()];
        for command in commands {
            let render = |scope: &dyn Scope, now: &Now| self.render(command, scope, now);
            let mut errors = Vec::new();
            for (lines, (at, line)) in lines.iter_mut().zip(task.evaluate(positions.clone(), render).await) {
                lines.push(line.map_err(|error| errors.push((at, error))).ok());
            }
            task.warn_of_errors(Exec::NAME, command.text(), &errors);
        }
        for (at, lines) in positions.into_iter().zip(lines) {
            for (command, line) in commands.iter().zip(lines) {
                let result = match line {
                    Some(line) => self.start(&line, task).await,
                    None => Err("a field for the command is missing".to_owned()),
                };
                let Err(reason) = result else { continue };
                if self.fail_entries {
                    task.entries[at].fail(Exec::NAME, reason);
                    break;
                }
                let title = task.entries[at].title().to_owned();
                task.warn(Exec::NAME, format!("`{}` failed for `{title}`: {reason}", command.text()));
            }
        }
    }

    async fn run_for_phase(&self, commands: &OneOrMany<CommandLine>, task: &mut Task) {
        for command in commands {
            let result = match self.render(command, &task_scope(task), &task.now()) {
                Ok(line) => self.start(&line, task).await,
                Err(error) => Err(error.to_string()),
            };
            if let Err(reason) = result {
                task.warn(Exec::NAME, format!("`{}` failed: {reason}", command.text()));
            }
        }
    }

    fn render(&self, command: &CommandLine, scope: &dyn Scope, now: &Now) -> Result<Vec<String>, ExpressionError> {
        command.render(self.shell, self.shell && self.auto_escape, scope, now)
    }

    /// Starts a command and waits until it ends; returns why it failed.
    async fn start(&self, line: &[String], task: &Task) -> Result<(), String> {
        let shown = line.join(" ");
        if task.cx.dry_run {
            tracing::info!(target: "exec", task = %task.name, "would execute: {shown}");
            return Ok(());
        }
        tracing::debug!(target: "exec", task = %task.name, "executing: {shown}");
        let (program, arguments) = line.split_first().ok_or("the command is empty")?;
        let timeout = self.timeout.as_ref().and_then(|time| time.duration.try_into().ok()).unwrap_or(TIMEOUT);
        match process::run(program, arguments, timeout).await {
            Err(error) => Err(format!("it could not be started: {error}")),
            Ok(None) => Err(format!("it was killed after {} s: see `timeout`", timeout.as_secs())),
            Ok(Some(result)) => {
                if !result.output.trim().is_empty() {
                    tracing::info!(target: "exec", task = %task.name, "output: {}", result.output.trim_end());
                }
                if result.is_success {
                    Ok(())
                } else {
                    Err(format!("exec return code was non-zero ({})", result.status))
                }
            }
        }
    }
}

/// The name of a group of commands, what they run for, and the commands.
type Group<'c> = (&'static str, Option<IsOfGroup>, &'c OneOrMany<CommandLine>);

/// Returns whether commands run for entries of this state.
type IsOfGroup = fn(State) -> bool;

impl PhaseCommands {
    /// Returns the groups of commands, in order; what has no entries runs once.
    fn groups(&self) -> impl Iterator<Item = Group<'_>> {
        let groups: [(&str, Option<IsOfGroup>, _); 6] = [
            ("for_entries", Some(|state| matches!(state, State::Undecided | State::Accepted)), &self.for_entries),
            ("for_accepted", Some(|state| state == State::Accepted), &self.for_accepted),
            ("for_rejected", Some(|state| state == State::Rejected), &self.for_rejected),
            ("for_undecided", Some(|state| state == State::Undecided), &self.for_undecided),
            ("for_failed", Some(|state| state == State::Failed), &self.for_failed),
            ("phase", None, &self.phase),
        ];
        groups.into_iter().filter_map(|(name, is_of_group, commands)| Some((name, is_of_group, commands.as_ref()?)))
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use flexget_core::prelude::*;
    use flexget_core::testing;

    /// Runs a task whose `exec` writes into a file, and returns the report and the lines.
    fn run(mock: &str, exec: &str, cx: &Context) -> (flexget_core::task::report::TaskReport, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("note");
        let file = folder.path().join("out");
        std::fs::write(&script, format!("#!/bin/sh\nfor a in \"$@\"; do echo \"$a\" >> '{}'; done\n", file.display()))
            .unwrap();
        std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let exec = exec.replace("NOTE", &script.display().to_string()).replace("OUT", &file.display().to_string());
        let task = format!("mock: {mock}\nif: [ title == 'R': reject, title != 'U': accept ]\nexec: {exec}");
        let report = testing::run(&task, cx);
        let lines = std::fs::read_to_string(&file).unwrap_or_default().lines().map(str::to_owned).collect();
        (report, lines)
    }

    #[test]
    fn values_are_arguments_whatever_they_hold() {
        let mock = "[ \"A'; touch x; $(id) `id` \\\"b\\\" | *\" ]";
        for exec in [
            "'NOTE {{ title }} \"{{ title }} b\"'",
            "{ on_output: { for_accepted: 'NOTE {{ title }} \"{{ title }}\"\" b\"' } }",
        ] {
            let (report, lines) = run(mock, exec, &testing::context());
            let title = report.entries[0].title().to_owned();
            assert_eq!(lines, [title.clone(), format!("{title} b")], "{:?}", report.warnings);
        }
        let shell = "{ shell: yes, on_output: { for_accepted: 'NOTE {{ title }} && echo {{ title }} >> OUT' } }";
        let (report, lines) = run(mock, shell, &testing::context());
        assert_eq!(lines, vec![report.entries[0].title(); 2], "{:?}", report.warnings);
    }

    /// FlexGet 3.22.7 runs the same commands in this order.
    #[test]
    fn phases_and_groups_run_in_the_order_of_flexget() {
        let exec = "{
            on_start: { phase: 'NOTE start {{ task.name }}' },
            on_input: { for_entries: 'NOTE in:{{ title }}' },
            on_output: { phase: 'NOTE {{ task.accepted | length }}', for_rejected: 'NOTE rejected:{{ title }}',
                         for_accepted: [ 'NOTE 1:{{ title }}', 'NOTE 2:{{ title }}' ], for_undecided: 'NOTE undecided:{{ title }}' },
            on_exit: { phase: NOTE exit } }";
        let (report, lines) = run("[ A, R, U ]", &exec.replace('\n', " "), &testing::context());
        let expected = "start test in:A in:R in:U 1:A 2:A rejected:R undecided:U 1 exit";
        assert_eq!(lines.join(" "), expected, "{:?}", report.warnings);
    }

    #[test]
    fn a_failed_command_gives_a_warning_or_fails_its_entry() {
        let (report, _) = run("[ A ]", "[ 'false {{ title }}', 'NOTE {{ nothing }}' ]", &testing::context());
        assert_eq!(report.warnings.len(), 3, "{:?}", report.warnings);
        assert_eq!(
            report.warnings[1],
            "exec: `false {{ title }}` failed for `A`: exec return code was non-zero (exit status: 1)"
        );
        let exec = "{ fail_entries: yes, on_output: { for_accepted: [ 'false {{ title }}', NOTE next ] } }";
        let (report, lines) = run("[ A ]", exec, &testing::context());
        assert_eq!(testing::decisions(&report), ["A: failed (exec return code was non-zero (exit status: 1))"]);
        assert!(lines.is_empty(), "{lines:?}");
        let slow = "{ timeout: 1 second, fail_entries: yes, on_output: { for_accepted: sleep 1000 } }";
        let (report, _) = run("[ A ]", slow, &testing::context());
        assert_eq!(testing::decisions(&report), ["A: failed (it was killed after 1 s: see `timeout`)"]);
    }

    #[test]
    fn a_dry_run_starts_nothing() {
        let cx = testing::context();
        let (report, lines) = run("[ A ]", "NOTE {{ title }}", &testing::dry_run(&cx));
        assert_eq!((testing::titles(&report, State::Accepted), lines), (vec!["A"], vec![]));
    }

    #[test]
    fn a_command_that_needs_a_shell_is_a_mistake_without_one() {
        let mistakes =
            testing::config_errors("mock: [A]\naccept_all: yes\nexec: [ 'echo {{ title }} >> x', 'echo a' ]");
        assert!(mistakes[0].starts_with("the command needs a shell because of `>`"), "{mistakes:?}");
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
        let mistakes =
            testing::config_errors("mock: [A]\naccept_all: yes\nexec: { on_output: { for_accepted: 'echo \"a' } }");
        assert!(mistakes[0].contains("quote"), "{mistakes:?}");
        let shell = "exec: { shell: yes, on_output: { for_accepted: 'echo \"{{ title }}\"' } }";
        let mistakes = testing::config_errors(&format!("mock: [A]\naccept_all: yes\n{shell}"));
        assert!(mistakes[0].starts_with("text in fields is quoted"), "{mistakes:?}");
    }
}
