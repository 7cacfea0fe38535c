//! What a search in the patient picker means: prefixes of words, without regard to accents and case. The same as in the embedded
//! store.

use smart_core::fhir::record::PatientSummary;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// The longest word, in bytes, that is told from others: keys have a limit.
const LONGEST_WORD: usize = 200;

/// How many words find a patient: those of the name first, the last identifiers not at all.
const MOST_WORDS: usize = 40;

/// Text as it is compared: decomposed, without accents, in lower case.
pub(super) fn fold(text: &str) -> String {
    text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

/// The words that are asked for.
pub(super) fn asked(text: &str) -> Vec<String> {
    fold(text).split_whitespace().map(|word| cut(word, LONGEST_WORD).to_owned()).collect()
}

/// The words that find a patient: of the name (the parts of a hyphenated one too), the birth date, the identifiers.
pub(super) fn of(patient: &PatientSummary) -> Vec<String> {
    let name = fold(&patient.name);
    let mut found: Vec<String> = name.split_whitespace().map(str::to_owned).collect();
    for word in name.split_whitespace() {
        let parts =
            word.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty() && *part != word);
        found.extend(parts.map(str::to_owned));
    }
    found.extend(patient.birth_date.as_deref().map(fold));
    for identifier in &patient.identifiers {
        found.extend(fold(identifier).split_whitespace().map(str::to_owned));
    }
    let mut words: Vec<String> = Vec::new();
    for word in found {
        let word = cut(&word, LONGEST_WORD);
        if words.len() < MOST_WORDS && !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    words
}

/// The beginning of a text, at most so many bytes of it.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

/// Whether each word that was asked for begins one of the patient's.
pub(super) fn matches(words: &[String], asked: &[String]) -> bool {
    asked.iter().all(|asked| words.iter().any(|word| word.starts_with(asked.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_finds_by_the_beginning_of_each_word_without_regard_to_accents_and_case() {
        let patient = PatientSummary {
            id: "a".parse().unwrap(),
            name: "María José Núñez-Ågren".to_owned(),
            birth_date: Some("1984-03-09".to_owned()),
            gender: None,
            identifiers: vec!["MRN-0042".to_owned(), "AB 7".to_owned()],
        };
        let words = of(&patient);
        let found_by = |text: &str| matches(&words, &asked(text));
        for text in [
            "",
            "maria",
            "MAR",
            "maría jos",
            "jose maria",
            "nunez",
            "Ågren",
            "agren",
            "nunez-a",
            "1984-03",
            "mrn-00",
            "ab 7",
        ] {
            assert!(found_by(text), "{text}");
        }
        for text in ["aria", "maria pedro", "03-09", "0042x", "mariaj", "%"] {
            assert!(!found_by(text), "{text}");
        }
    }

    #[test]
    fn a_name_without_end_has_keys_that_fit() {
        let patient = PatientSummary {
            id: "a".parse().unwrap(),
            name: format!(
                "{} {}",
                "\u{1f600}".repeat(300),
                (0..100).map(|n| n.to_string()).collect::<Vec<_>>().join(" ")
            ),
            birth_date: None,
            gender: None,
            identifiers: vec![],
        };
        let words = of(&patient);
        assert_eq!(words.len(), MOST_WORDS);
        assert!(words.iter().all(|word| word.len() <= LONGEST_WORD));
        assert!(matches(&words, &asked(&"\u{1f600}".repeat(299))));
        assert_eq!((cut("aé", 2), cut("aé", 3), cut("é", 1)), ("a", "aé", ""));
    }
}
