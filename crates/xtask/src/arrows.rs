//! The arrows between crates: what docs/ARCHITECTURE.md allows is compared with what `cargo metadata` says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Outside crates that only some crates may name, for whatever kind of dependency.
const CONFINED: [(&str, &[&str], &str); 2] = [
    ("sled", &["store"], "one crate touches the disk"),
    (
        "tokio",
        &["smpp-client", "http", "simulator", "harness", "fuzz", "tongdai", "benches", "xtask"],
        "what decides knows neither sockets nor clocks",
    ),
];

/// Names that say nothing and collect everything.
const HUBS: [&str; 6] = ["common", "core", "util", "utils", "helper", "helpers"];

/// The workspace crates that a crate may use.
#[derive(Debug, PartialEq, Eq)]
enum Allowed {
    Only(BTreeSet<String>),
    AllBut(BTreeSet<String>),
}

impl Allowed {
    fn allows(&self, name: &str) -> bool {
        match self {
            Self::Only(names) => names.contains(name),
            Self::AllBut(names) => !names.contains(name),
        }
    }
}

/// A crate of the workspace; its name is its folder's.
#[derive(Debug, Default, PartialEq, Eq)]
struct Member {
    /// Folders of the workspace crates among its normal and build dependencies.
    workspace: BTreeSet<String>,
    /// Names of the outside crates among its dependencies of any kind.
    outside: BTreeSet<String>,
}

/// All findings for the repository at `root`.
pub(crate) fn check(root: &Path) -> Result<Vec<String>> {
    let page = root.join("docs/ARCHITECTURE.md");
    let page = std::fs::read_to_string(&page).with_context(|| format!("{} is needed", page.display()))?;
    let table = read_table(&page);
    ensure!(!table.is_empty(), "docs/ARCHITECTURE.md has no table of crates");
    Ok(compare(&table, &read_members(&metadata(root)?)?))
}

fn metadata(root: &Path) -> Result<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root)
        .output()
        .context("cargo metadata does not start")?;
    ensure!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).context("cargo metadata prints no JSON")
}

/// The heading of the column that this command reads.
const HEADING: &str = "workspace crates it may use";

/// The rows of the page's table of crates: ``| `crate` | what it is | what it may use |``.
fn read_table(page: &str) -> BTreeMap<String, Allowed> {
    let table =
        page.lines().skip_while(|line| !line.contains(HEADING)).take_while(|line| line.starts_with('|'));
    let rows = table.filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ");
        let name = quoted(cells.next()?).next()?.to_owned();
        let may_use = cells.nth(1)?;
        let names = quoted(may_use).map(str::to_owned).collect();
        let all = may_use.trim_start().starts_with("all");
        Some((name, if all { Allowed::AllBut(names) } else { Allowed::Only(names) }))
    });
    rows.collect()
}

/// What stands between backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn read_members(metadata: &Value) -> Result<BTreeMap<String, Member>> {
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    packages.iter().map(read_member).collect()
}

fn read_member(package: &Value) -> Result<(String, Member)> {
    let manifest = package["manifest_path"].as_str().context("a package has no manifest")?;
    let name = Path::new(manifest).parent().and_then(folder).context("a package has no folder")?;
    let mut member = Member::default();
    for dependency in package["dependencies"].as_array().into_iter().flatten() {
        match dependency["path"].as_str() {
            Some(_) if dependency["kind"] == "dev" => {}
            Some(path) => member.workspace.extend(folder(Path::new(path))),
            None => member.outside.extend(dependency["name"].as_str().map(str::to_owned)),
        }
    }
    Ok((name, member))
}

fn folder(path: &Path) -> Option<String> {
    path.file_name().map(|name| name.to_string_lossy().into_owned())
}

fn compare(table: &BTreeMap<String, Allowed>, members: &BTreeMap<String, Member>) -> Vec<String> {
    let mut findings = Vec::new();
    for name in table.keys().filter(|name| !members.contains_key(*name)) {
        findings.push(format!("{name}: docs/ARCHITECTURE.md names a crate that is not there"));
    }
    for (name, member) in members {
        match table.get(name) {
            Some(allowed) => {
                let forbidden = member.workspace.iter().filter(|used| !allowed.allows(used));
                findings.extend(forbidden.map(|used| {
                    format!("{name}: uses {used}, which the table in docs/ARCHITECTURE.md does not allow")
                }));
            }
            None => findings.push(format!("{name}: has no row in the table of docs/ARCHITECTURE.md")),
        }
        findings.extend(absences(name, member));
    }
    findings
}

/// What must not be there, whatever the table says.
fn absences(name: &str, member: &Member) -> Vec<String> {
    let mut findings = Vec::new();
    for (outside, homes, reason) in CONFINED {
        if member.outside.contains(outside) && !homes.contains(&name) {
            findings.push(format!("{name}: names {outside}, which stays in {}: {reason}", homes.join(", ")));
        }
    }
    if name.split(['-', '_']).any(|word| HUBS.contains(&word)) {
        findings.push(format!("{name}: a crate is named after what it does"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PAGE: &str = "\
| crate | one sentence | workspace crates it may use |
|---|---|---|
| `model` | the nouns | – |
| `store` | the disk | `model` `vault` |
| `vault` | secrets, in `keys` | – |
| `tongdai` | the binary | all but `harness` |
| `benches` | measures | all |

| word | another table | not read |
|---|---|---|
| `turn` | a noun | `store` |
";

    fn package(folder: &str, dependencies: &Value) -> Value {
        json!({"manifest_path": format!("/x/crates/{folder}/Cargo.toml"), "dependencies": dependencies})
    }

    fn on(folder: &str, kind: Option<&str>) -> Value {
        json!({"name": format!("tongdai-{folder}"), "path": format!("/x/crates/{folder}"), "kind": kind})
    }

    fn findings(packages: &[Value]) -> Vec<String> {
        let members = read_members(&json!({ "packages": packages })).unwrap();
        let table = read_table(PAGE).into_iter().filter(|(name, _)| members.contains_key(name));
        compare(&table.collect(), &members)
    }

    #[test]
    fn the_table_is_read() {
        let table = read_table(PAGE);
        assert_eq!(table.len(), 5);
        assert_eq!(table["vault"], Allowed::Only(BTreeSet::new()));
        assert!(table["store"].allows("model") && !table["store"].allows("tongdai"));
        assert!(table["tongdai"].allows("store") && !table["tongdai"].allows("harness"));
        assert!(table["benches"].allows("harness"));
    }

    #[test]
    fn allowed_arrows_and_arrows_of_tests_pass() {
        let store =
            package("store", &json!([on("model", None), on("benches", Some("dev")), {"name": "sled"}]));
        assert_eq!(findings(&[store, package("model", &json!([])), package("benches", &json!([]))]), [""; 0]);
    }

    #[test]
    fn a_forbidden_arrow_is_found_in_normal_and_build_dependencies() {
        for kind in [None, Some("build")] {
            let found = findings(&[package("model", &json!([on("store", kind)]))]);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].starts_with("model: uses store"), "{found:?}");
        }
    }

    #[test]
    fn absent_things_are_found_when_present() {
        let found =
            findings(&[package("model", &json!([{"name": "sled"}, {"name": "tokio", "kind": "dev"}]))]);
        assert_eq!(found.len(), 2, "{found:?}");
        let found = findings(&[package("sms-utils", &json!([]))]);
        assert_eq!(found.len(), 2, "no row and a hub's name: {found:?}");
    }

    #[test]
    fn a_row_without_a_crate_is_found() {
        let found = compare(&read_table(PAGE), &BTreeMap::new());
        assert_eq!(found.len(), 5, "{found:?}");
    }
}
