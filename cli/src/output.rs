//! What the command says: results on standard output, all else on standard error.
//!
//! Nobody may be listening any more (`smart client list | head -1`): that is no error.

use std::fmt::{Arguments, Display};
use std::io::{IsTerminal as _, Write as _};

use smart_core::ports::Unavailable;

/// A line of the result.
pub(crate) fn say(line: Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// A line beside the result.
pub(crate) fn note(line: Arguments<'_>) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// How parts of a text are set off on a terminal: not at all elsewhere, or where `NO_COLOR` is set (no-color.org).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    colours: bool,
}

impl Style {
    /// What suits standard error.
    pub(crate) fn of_stderr() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { colours: std::io::stderr().is_terminal() && !refused }
    }

    /// Without colours.
    #[cfg(test)]
    pub(crate) fn plain() -> Self {
        Self { colours: false }
    }

    /// What is to be seen first.
    pub(crate) fn strong(self, text: &str) -> String {
        self.wrapped("1", text)
    }

    /// What can be copied or opened.
    pub(crate) fn bright(self, text: &str) -> String {
        self.wrapped("36", text)
    }

    /// What stands beside.
    pub(crate) fn faint(self, text: &str) -> String {
        self.wrapped("2", text)
    }

    fn wrapped(self, code: &str, text: &str) -> String {
        if self.colours && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Rows under a heading, in columns that are as wide as their widest cell.
pub(crate) fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> String {
    let rows: Vec<[String; N]> = rows.iter().map(|row| row.each_ref().map(|cell| printable(cell))).collect();
    let mut widths = heading.map(width);
    for row in &rows {
        for (known, cell) in widths.iter_mut().zip(row) {
            *known = (*known).max(width(cell));
        }
    }
    let line = |cells: [&str; N]| {
        let cells: Vec<String> = cells.iter().zip(widths).map(|(cell, width)| padded(cell, width)).collect();
        cells.join("  ").trim_end().to_owned()
    };
    let rows = rows.iter().map(|row| line(row.each_ref().map(String::as_str)));
    std::iter::once(line(heading)).chain(rows).collect::<Vec<_>>().join("\n")
}

/// `text` without what a terminal would take for a command.
pub(crate) fn printable(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

/// `text`, filled up with spaces.
pub(crate) fn padded(text: &str, to: usize) -> String {
    format!("{text}{}", " ".repeat(to.saturating_sub(width(text))))
}

/// How many characters wide a text is.
pub(crate) fn width(text: &str) -> usize {
    text.chars().count()
}

/// A value as JSON to be read.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<String, Unavailable> {
    serde_json::to_string_pretty(value).map_err(|error| Unavailable::new("output", error.to_string()))
}

/// What people write: `1 client`, `2 clients`.
pub(crate) fn count(number: usize, noun: impl Display) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["á".to_owned(), "long one".to_owned()], ["abc".to_owned(), String::new()]];
        assert_eq!(table(["ID", "NAME"], &rows), "ID   NAME\ná    long one\nabc");
        assert_eq!(table(["ID", "NAME"], &[]), "ID  NAME");
        assert_eq!(table(["ID"], &[["\u{1b}[2J".to_owned()]]), "ID\n\u{fffd}[2J");
    }

    #[test]
    fn without_colours_a_text_is_itself() {
        let style = Style::plain();
        assert_eq!(style.strong("a") + &style.bright("b") + &style.faint("c"), "abc");
        assert_eq!(Style { colours: true }.strong("a"), "\u{1b}[1ma\u{1b}[0m");
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!(count(1, "client"), "1 client");
        assert_eq!(count(0, "client"), "0 clients");
    }
}
