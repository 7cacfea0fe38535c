//! The style that apps get where an EHR names none: that of our own pages, so that an app inside one looks at home (SMART 2.2
//! §"Styling"; CTX-06).

use serde_json::{Value, json};

/// The document at [`super::STYLE_PATH`]. Apps keep it by its URL: another content needs another path.
pub fn style() -> Value {
    let font =
        "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Helvetica Neue', Arial, sans-serif";
    json!({
        "color_background": "#f7f8f6",
        "color_error": "#a3262a",
        "color_highlight": "#0b6e69",
        "color_modal_backdrop": "#17242b",
        "color_success": "#2f6f3e",
        "color_text": "#17242b",
        "dim_border_radius": "8px",
        "dim_font_size": "16px",
        "dim_spacing_size": "16px",
        "font_family_body": font,
        "font_family_heading": font,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::STYLE_PATH;
    use crate::secret::Digest;

    #[test]
    fn ctx_06_another_content_has_another_path() {
        let content = Digest::of(style().to_string().as_bytes()).to_string();
        assert_eq!(
            (STYLE_PATH, content.as_str()),
            ("/auth/style/v1.json", "0CKv-FBRiT0EKcQ7l6prQdZbbmvXkRn35OHcF99Nwz0"),
            "raise the version in the path"
        );
    }

    #[test]
    fn ctx_06_the_members_are_those_of_smart_each_a_text() {
        let style = style();
        for (name, value) in style.as_object().unwrap() {
            let text = value.as_str().unwrap();
            match name.split_once('_').unwrap().0 {
                "color" => assert!(text.len() == 7 && text.starts_with('#'), "{name}"),
                "dim" => assert!(text.ends_with("px"), "{name}"),
                "font" => assert!(text.ends_with("sans-serif"), "{name}"),
                _ => panic!("{name}"),
            }
        }
        assert_eq!(style.as_object().unwrap().len(), 11);
    }
}
