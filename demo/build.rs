//! Lists what is compiled in, so that a new file of the seed or of the app is never forgotten.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[expect(clippy::disallowed_methods, reason = "cargo speaks to a build script through the environment")]
fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let mut list = String::new();

    writeln!(list, "static SEED: &[(&str, &[u8])] = &[")?;
    for name in ["clients.json", "users.json"] {
        writeln!(list, "    ({name:?}, include_bytes!({:?})),", utf8(&root.join("seed").join(name))?)?;
    }
    for (name, path) in files(&root.join("seed/fhir"))? {
        writeln!(list, "    ({:?}, include_bytes!({:?})),", format!("fhir/{name}"), utf8(&path)?)?;
    }
    writeln!(list, "];")?;

    writeln!(list, "static ASSETS: &[Asset] = &[")?;
    for (name, path) in files(&root.join("app"))? {
        let (route, content_type, path) = (route(&name), content_type(&name)?, utf8(&path)?);
        writeln!(
            list,
            "    Asset {{ route: {route:?}, content_type: {content_type:?}, body: include_bytes!({path:?}) }},"
        )?;
    }
    writeln!(list, "];")?;

    fs::write(Path::new(&env::var("OUT_DIR")?).join("embedded.rs"), list)?;
    for folder in ["app", "seed"] {
        println!("cargo::rerun-if-changed={folder}");
    }
    Ok(())
}

/// The files of a folder by name, in the same order on every machine, without hidden ones.
fn files(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_file() && !name.starts_with('.') {
            files.push((name, entry.path()));
        }
    }
    files.sort();
    Ok(files)
}

/// A path as it can stand in source text.
fn utf8(path: &Path) -> Result<&str, String> {
    path.to_str().ok_or_else(|| format!("{}: the path is not UTF-8", path.display()))
}

/// Three pages have addresses of their own; all else keeps its name.
fn route(name: &str) -> String {
    match name {
        "start.html" => "/".to_owned(),
        "index.html" => "/demo/app/".to_owned(),
        "ehr.html" => "/demo/ehr/".to_owned(),
        name => format!("/demo/app/{name}"),
    }
}

fn content_type(name: &str) -> Result<&'static str, String> {
    match Path::new(name).extension().and_then(|extension| extension.to_str()) {
        Some("html") => Ok("text/html; charset=utf-8"),
        Some("css") => Ok("text/css; charset=utf-8"),
        Some("js") => Ok("text/javascript; charset=utf-8"),
        Some("svg") => Ok("image/svg+xml"),
        _ => Err(format!("demo/app/{name}: no content type is known for this kind of file")),
    }
}
