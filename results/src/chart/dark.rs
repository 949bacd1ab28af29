//! How is a chart read on dark ground?
//!
//! By other inks for the few that are not a runner's own. Inside a report its style sheet does that; a file of its own
//! carries the same style, and follows the reader's setting wherever it is opened. It brings its ground along either
//! way, so a page of any colour does not matter, and paper is light. It must not know shapes. Read next: `svg.rs`.

/// The rules of a style sheet by which the inks of the SVG become others; the reader's setting is for the caller to
/// ask.
pub const DARK_INKS: &str = r##"svg [fill="#FFFFFF"]{fill:#15181C}svg [stroke="#FFFFFF"]{stroke:#15181C}
svg [fill="#1A1A1A"]{fill:#E8E8E8}svg [stroke="#1A1A1A"]{stroke:#E8E8E8}
svg [fill="#616161"]{fill:#A9AEB5}svg [stroke="#616161"]{stroke:#A9AEB5}
svg [fill="#E2E2E2"]{fill:#2C3138}svg [stroke="#E2E2E2"]{stroke:#2C3138}
svg [fill="#CDCDCD"]{fill:#4A5058}svg [stroke="#CDCDCD"]{stroke:#4A5058}
svg [fill="#000000"]{fill:#F4F4F4}svg [stroke="#000000"]{stroke:#F4F4F4}
"##;

/// An SVG document of ours as a file of its own.
#[must_use]
pub fn alone(svg: &str) -> String {
    const TITLE: &str = "</title>";
    let style =
        format!("<style>@media screen and (prefers-color-scheme:dark){{\n{DARK_INKS}}}</style>");
    match svg.find(TITLE) {
        Some(at) => {
            let (head, tail) = svg.split_at(at + TITLE.len());
            [head, &style, tail].concat()
        }
        None => svg.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            canvas::{FAINT, INK, PALE, PAPER, Rgb, SOFT, picture},
            frame::Frame,
        },
        *,
    };

    fn hex((red, green, blue): Rgb) -> String {
        format!("#{red:02X}{green:02X}{blue:02X}")
    }

    #[test]
    fn every_ink_that_is_nobodys_own_changes() {
        for ink in [PAPER, INK, SOFT, FAINT, PALE, (0, 0, 0)] {
            for part in ["fill", "stroke"] {
                let rule = format!("svg [{part}=\"{}\"]{{{part}:", hex(ink));
                assert_eq!(DARK_INKS.matches(&rule).count(), 1, "{rule}");
            }
        }
    }

    #[test]
    fn a_file_of_its_own_has_the_style_once_and_is_well_formed() {
        let frame = Frame::over("title </title> <b>", "conditions", &[]);
        let drawing = picture(&frame, 300.0, 100.0, |_| {});
        let file = alone(&drawing.svg());
        let document = roxmltree::Document::parse(&file).unwrap();
        let styles = document.descendants().filter(|node| node.has_tag_name("style"));
        let styles: Vec<&str> = styles.filter_map(|style| style.text()).collect();
        assert_eq!(styles.len(), 1);
        assert!(styles[0].contains("prefers-color-scheme:dark"), "{file}");
        // The ground is a shape of its own, and is one of those that the style recolours.
        let ground = document.descendants().find(|node| node.has_tag_name("path")).unwrap();
        assert_eq!(ground.attribute("fill"), Some("#FFFFFF"));
        assert!(styles[0].contains("svg [fill=\"#FFFFFF\"]{fill:#15181C}"));
    }
}
