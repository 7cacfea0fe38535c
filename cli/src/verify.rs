//! `smart verify`: whether a server does what it says.

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use smart_verify::{Format, Options, SetupError};
use url::Url;

use crate::arguments::Verify;
use crate::failure::Failure;
use crate::output;

pub(crate) async fn run(arguments: Verify) -> Result<(), Failure> {
    if let Some(folder) = &arguments.make_seed {
        return make_seed(folder, arguments.base.as_ref());
    }
    let (Some(base), Some(seed)) = (arguments.base, &arguments.seed) else {
        return Err(Failure::Refused("expected BASE_URL and --seed FOLDER".to_owned()));
    };
    let token = arguments.initial_access_token.as_deref().map(first_line).transpose()?;
    // Whether the report can be kept is found out before the minutes that it takes.
    if let Some(file) = &arguments.report {
        write(file, "")?;
    }
    let bar = ProgressBar::new(0);
    bar.set_style(
        ProgressStyle::with_template("{pos}/{len} {wide_msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let options = Options { base, seed, initial_access_token: token };
    let verified = smart_verify::verify(options, |progress| {
        bar.set_length(progress.of as u64);
        bar.set_position(progress.done as u64);
        bar.set_message(progress.next.clone());
    });
    let verified = verified.await;
    bar.finish_and_clear();
    let (report, _) = verified?;
    if let Some(file) = &arguments.report {
        let is_json = file.extension().is_some_and(|extension| extension == "json");
        write(file, &report.write(if is_json { Format::Json } else { Format::Markdown }))?;
    }
    output::say(format_args!("{}", report.text().trim_end()));
    if report.is_true() { Ok(()) } else { Err(Failure::Told) }
}

fn make_seed(folder: &Path, base: Option<&Url>) -> Result<(), Failure> {
    let seeded = smart_verify::make_seed(folder, base)?;
    let base = base.map_or("BASE_URL", Url::as_str);
    let folder = folder.display();
    output::say(format_args!("wrote a seed into {folder}: it has passwords, secrets and private keys"));
    output::say(format_args!("\nload it, with --data DIR where the server keeps its data:"));
    output::say(format_args!("  smart client add {folder}/clients.json"));
    output::say(format_args!("  smart user add {folder}/users.json"));
    output::say(format_args!("  smart import {folder}/fhir/verify.ndjson"));
    output::say(format_args!("verify:\n  smart verify {base} --seed {folder} --report report.md"));
    output::say(format_args!("end it, and delete the folder:"));
    for client in seeded.clients {
        output::say(format_args!("  smart client disable {client}"));
    }
    for user in seeded.users {
        output::say(format_args!("  smart user disable {user}"));
    }
    Ok(())
}

fn first_line(file: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::Refused(format!("{}: {error}", file.display())))?;
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text).map_err(|error| Failure::Refused(format!("{}: {error}", file.display())))
}

impl From<SetupError> for Failure {
    /// Nothing was verified.
    fn from(error: SetupError) -> Self {
        Self::Refused(error.to_string())
    }
}
