//! The markup of a page, taken apart as far as the tests ask.

/// The start tags of an element.
pub(super) fn tags<'a>(html: &'a str, element: &str) -> Vec<&'a str> {
    let start = format!("<{element} ");
    html.match_indices(&start).map(|(at, _)| &html[at..=at + html[at..].find('>').unwrap()]).collect()
}

/// The forms: start tag and all.
pub(super) fn forms(html: &str) -> Vec<&str> {
    html.match_indices("<form ").map(|(at, _)| &html[at..at + html[at..].find("</form>").unwrap()]).collect()
}

pub(super) fn attribute_names(tag: &str) -> impl Iterator<Item = &str> {
    let outside_quotes = tag.split('"').step_by(2);
    outside_quotes.flat_map(str::split_whitespace).skip(1).map(|name| name.trim_end_matches('='))
}

pub(super) fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = tag.split_once(&format!(" {name}=\""))?;
    value.split('"').next()
}

/// The start tags within a form that send a field of this name.
pub(super) fn fields<'a>(form: &'a str, name: &str) -> Vec<&'a str> {
    let mut tags = [tags(form, "input"), tags(form, "button")].concat();
    tags.retain(|tag| attribute(tag, "name") == Some(name));
    tags
}

/// What stands between `<` and `>`, wherever.
pub(super) fn tags_anywhere(markup: &str) -> impl Iterator<Item = &str> {
    markup.split('<').skip(1).map(|rest| rest.split('>').next().unwrap())
}
