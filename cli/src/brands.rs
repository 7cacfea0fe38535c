//! `smart brands`, and the brands that `smart serve` publishes: those of a file or, with the demo, those of its hospital.

use std::path::Path;

use smart_core::brands::UserAccessBrands;
use smart_core::deployment::PublicUrl;

use crate::arguments::Brands;
use crate::failure::Failure;
use crate::json::Source;
use crate::{input, output};

/// Checks a file, and prints what would be served.
pub(crate) fn run(arguments: &Brands) -> Result<(), Failure> {
    let brands = read(&arguments.file, &arguments.public_url)?;
    output::say(format_args!("{:#}", brands.bundle()));
    Ok(())
}

/// The brands of a file. All that is wrong with it is said at once.
pub(crate) fn read(file: &Path, url: &PublicUrl) -> Result<UserAccessBrands, Failure> {
    parse(&input::read(file)?, url)
}

/// The brands of the demo.
pub(crate) fn demo(url: &PublicUrl) -> Result<UserAccessBrands, Failure> {
    parse(&Source::new("the demo's brands", smart_demo::BRANDS), url)
}

fn parse(source: &Source, url: &PublicUrl) -> Result<UserAccessBrands, Failure> {
    let refused = |faults: &[String]| Failure::Refused(format!("{}: {}", source.name, faults.join("; ")));
    let text =
        std::str::from_utf8(&source.text).map_err(|_| refused(&["expected text in UTF-8".to_owned()]))?;
    UserAccessBrands::read(text, url).map_err(|faults| refused(&faults))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url() -> PublicUrl {
        "http://localhost:8080".parse().unwrap()
    }

    #[test]
    fn the_demos_brands_are_fit_to_be_published() {
        let brands = demo(&url()).unwrap();
        assert_eq!(brands.identifier()["value"], "https://casco-harbor-health.example.org");
        assert_eq!(brands.bundle()["entry"].as_array().unwrap().len(), 3);
    }

    #[test]
    fn all_that_is_wrong_with_a_file_is_said_in_one_line_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("brands.json");
        std::fs::write(&file, r#"{ "lastUpdated": "now", "brand": [] }"#).unwrap();
        let told = read(&file, &url()).unwrap_err().to_string();
        assert!(told.starts_with(&format!("{}: lastUpdated: expected an instant", file.display())), "{told}");
        assert!(
            told.ends_with(
                "; endpoint: expected, and it is missing; brand: expected an array of at least one"
            ),
            "{told}"
        );
        std::fs::write(&file, [0xff]).unwrap();
        assert!(
            read(&file, &url()).unwrap_err().to_string().ends_with("brands.json: expected text in UTF-8")
        );
        assert!(read(&folder.path().join("none"), &url()).is_err());
    }
}
