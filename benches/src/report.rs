//! The document: prose that people write, and figures between markers that this program writes.
//!
//! ```text
//! <!-- figures: start -->
//! … replaced …
//! <!-- end -->
//! ```

use crate::Outcome;

const END: &str = "<!-- end -->";

/// The document with the figures of one name replaced.
pub(crate) fn with_figures(document: &str, name: &str, figures: &str) -> Outcome<String> {
    let begin = format!("<!-- figures: {name} -->\n");
    let (before, rest) =
        document.split_once(&begin).ok_or_else(|| format!("the document has no line {begin:?}"))?;
    let (_, after) =
        rest.split_once(END).ok_or_else(|| format!("the document has no {END:?} after {begin:?}"))?;
    Ok(format!("{before}{begin}{}\n{END}{after}", figures.trim_end()))
}

/// A table: its first column holds words, the others figures.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
    let mut lines = vec![line(&head.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())];
    lines.push(format!("|---|{}", "--:|".repeat(head.len().saturating_sub(1))));
    lines.extend(rows.iter().map(|cells| line(cells)));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_line_for_each_row() {
        let rows = [["b", "1"], ["c", "2"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(table(&["", "a"], &rows), "|  | a |\n|---|--:|\n| b | 1 |\n| c | 2 |\n");
    }

    #[test]
    fn figures_are_replaced_between_their_markers_and_nothing_else_is() {
        let before = "a\n<!-- figures: x -->\nold\nold\n<!-- end -->\nb\n<!-- figures: y -->\n<!-- end -->\n";
        let after = with_figures(before, "x", "new\n\n").unwrap();
        assert_eq!(after, before.replace("old\nold", "new"));
        assert_eq!(with_figures(&after, "x", "new").unwrap(), after);
        assert!(with_figures(before, "z", "new").is_err());
        assert!(with_figures("<!-- figures: x -->\n", "x", "new").is_err());
    }
}
