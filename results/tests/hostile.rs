//! Does every recorded text stay text, whatever it is, in everything that is written?
//!
//! Each form is made of an attacked recording and of the same one with harmless texts of the same length; both must
//! have the same parts. What a browser makes of the report is seen in `browser.rs`.

mod synthetic;
#[path = "synthetic/broad.rs"]
mod synthetic_broad;
#[path = "synthetic/hostile.rs"]
mod synthetic_hostile;
#[path = "synthetic/open.rs"]
mod synthetic_open;

use simul_results::{
    Summary,
    export::{csv, json, junit, markdown, openmetrics, trackers},
    report,
    store::Recording,
    table,
};
use std::{collections::BTreeMap, fs, sync::LazyLock};
use synthetic_broad::{ABSENT, broad};
use synthetic_hostile::{ATTACKS, attacked, rewritten};

/// Every attack with the summary of a recording full of it, and that of its harmless twin.
static ALL: LazyLock<Vec<[Summary; 2]>> = LazyLock::new(|| {
    let broad = broad();
    let of = |recording: Recording| Summary::of(&recording).expect("it is consistent");
    let pair = |attack: &str| {
        let harmless: String = attack.chars().map(|_| 'x').collect();
        let twin = rewritten(&broad, &|text| format!("{harmless}{text}{harmless}"));
        [of(attacked(&broad, attack)), of(twin)]
    };
    ATTACKS.into_iter().map(pair).collect()
});

fn each(check: impl Fn(&str, &Summary, &Summary)) {
    for (attack, [hostile, twin]) in ATTACKS.iter().zip(&*ALL) {
        check(attack, hostile, twin);
    }
}

/// How many elements of which name a document of XML has. An attribute that runs or fetches anything is none of ours.
fn elements(text: &str) -> BTreeMap<String, usize> {
    let document = roxmltree::Document::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let mut counts = BTreeMap::new();
    for element in document.descendants().filter(roxmltree::Node::is_element) {
        *counts.entry(element.tag_name().name().to_owned()).or_default() += 1;
        for attribute in element.attributes() {
            let name = attribute.name();
            assert!(!name.starts_with("on") && name != "src" && name != "href", "{name}");
        }
    }
    assert!(
        !document.descendants().any(|node| node.is_comment() || node.is_pi()),
        "a comment or an instruction"
    );
    counts
}

#[test]
fn charts_and_pages_hold_no_element_that_was_recorded() {
    each(|attack, hostile, twin| {
        let home = tempfile::TempDir::new().unwrap();
        let written = |name: &str, summary| {
            let folder = home.path().join(name);
            fs::create_dir(&folder).unwrap();
            report::write_summary(&folder, summary).unwrap()
        };
        let (evil, good) = (written("evil", hostile), written("good", twin));
        assert_eq!(evil.charts.len(), good.charts.len());
        for (evil, good) in evil.charts.iter().zip(&good.charts) {
            assert!(evil.starts_with(home.path().join("evil/charts")), "{evil:?}");
            let [evil_svg, good_svg] = [evil, good].map(|path| fs::read_to_string(path).unwrap());
            let names = |svg: &str| elements(svg).into_keys().collect::<Vec<_>>();
            assert_eq!(names(&evil_svg), names(&good_svg), "{attack:?} in {evil:?}");
        }
        let [evil, good] = [evil.report, good.report].map(|path| fs::read_to_string(path).unwrap());
        assert_eq!(tags(&evil), tags(&good), "{attack:?}");
        // Values of attributes are not shown as they stand, and neither is what the script reads.
        let page = evil.split("<script").next().unwrap_or_default();
        let texts = page.split('>').filter_map(|part| part.split('<').next());
        let bad: Vec<&str> =
            texts.filter(|text| text.contains(['\u{202e}', '\u{2066}', '\u{1b}', '\0'])).collect();
        assert!(bad.is_empty(), "{attack:?} commands: {bad:#?}");
        let original = ABSENT.iter().filter(|(_, _, why)| evil.contains(&escaped(why))).count();
        assert_eq!(original, ABSENT.len(), "{attack:?}: reasons can still be read");
    });
}

/// As in HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// How many tags of which name a page has, outside of its charts: how they are laid out may depend on texts.
fn tags(html: &str) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    let pages =
        html.split("<svg").map(|part| part.split_once("</svg>").map_or(part, |(_, rest)| rest));
    for tag in pages.flat_map(|page| page.split('<').skip(1)) {
        let name = tag.split(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap_or("");
        *counts.entry(name).or_default() += 1;
    }
    counts
}

#[test]
fn markdown_keeps_its_tables() {
    /// Line by line: how many cells of a table, and whether it is a heading, or a list.
    fn shape(text: &str) -> Vec<(usize, Option<char>)> {
        let bars = |line: &str| line.replace("\\\\", "").replace("\\|", "").matches('|').count();
        let starts = |line: &str| line.chars().next().filter(|first| "#-+>|`".contains(*first));
        text.lines().map(|line| (bars(line), starts(line))).collect()
    }
    each(|attack, hostile, twin| {
        let (evil, good) = (markdown::render(hostile), markdown::render(twin));
        assert_eq!(shape(&evil), shape(&good), "{attack:?}");
        let bare = evil.replace("\\\\", "");
        assert!(!bare.contains('<'), "{attack:?} is HTML");
        for sign in ["[x]", "`", "@SUM"] {
            let escaped = bare.matches(&format!("\\{sign}")).count();
            assert_eq!(bare.matches(sign).count(), escaped, "{attack:?}: {sign}");
        }
        assert!(evil.contains("the port is taken") && no_commands(&evil), "{attack:?}");
    });
}

#[test]
fn spreadsheets_keep_their_columns_and_compute_nothing() {
    each(|attack, hostile, twin| {
        let fields = |summary| {
            let text = csv::render(summary);
            let mut reader =
                ::csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
            // The reader refuses lines of different lengths.
            reader.records().collect::<Result<Vec<_>, _>>().unwrap()
        };
        let (evil, good) = (fields(hostile), fields(twin));
        assert_eq!((evil.len(), evil[0].len()), (good.len(), good[0].len()), "{attack:?}");
        for field in evil.iter().flatten().filter(|field| field.parse::<f64>().is_err()) {
            let formula = field.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
            assert!(!formula, "{attack:?}: {field:?}");
        }
        assert!(evil.iter().flatten().any(|field| field.contains("the port is taken")));
    });
}

#[test]
fn exports_keep_their_shape() {
    each(|attack, hostile, twin| {
        assert_eq!(elements(&junit::render(hostile)), elements(&junit::render(twin)), "{attack:?}");
        let (evil, good) = (openmetrics::render(hostile), openmetrics::render(twin));
        assert_eq!(evil.lines().count(), good.lines().count(), "{attack:?}");
        assert!(evil.ends_with("\n# EOF\n") && evil.matches("\n# EOF").count() == 1, "{attack:?}");
        assert!(no_commands(&evil), "{attack:?}");
        for render in [trackers::bmf, trackers::gh_benchmark] {
            let parsed =
                |summary| -> serde_json::Value { serde_json::from_str(&render(summary)).unwrap() };
            assert_eq!(size(&parsed(hostile)), size(&parsed(twin)), "{attack:?}");
        }
        let parsed = |summary| -> serde_json::Value {
            serde_json::from_str(&json::render(summary, "folder")).unwrap()
        };
        assert_eq!(size(&parsed(hostile)), size(&parsed(twin)), "{attack:?}");
    });
}

/// How many values a document of JSON has.
fn size(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(values) => 1 + values.iter().map(size).sum::<usize>(),
        serde_json::Value::Object(fields) => 1 + fields.values().map(size).sum::<usize>(),
        _ => 1,
    }
}

#[test]
fn terminals_are_not_commanded() {
    each(|attack, hostile, twin| {
        for render in [table::render, table::render_wide] {
            let (evil, good) = (render(hostile, None), render(twin, None));
            assert!(no_commands(&evil), "{attack:?}");
            assert_eq!(evil.lines().count(), good.lines().count(), "{attack:?}");
        }
    });
}

/// No character but line ends commands whatever shows the text, or reorders it.
fn no_commands(text: &str) -> bool {
    let command = |letter: char| letter.is_control() && letter != '\n';
    !text.contains(|letter| command(letter) || ('\u{202a}'..='\u{202e}').contains(&letter))
}
