//! Does the page say the same to whoever has no script, no colours and no mouse?

mod synthetic;

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::read::ZlibDecoder;
use sha2::{Digest, Sha256};
use simul_results::{
    Role, State, Summary,
    chart::Palette,
    record::mark,
    report::{self, Pictures},
    store::Recording,
};
use std::io::Read;
use synthetic::{cell, recording, unmeasured};

fn page(recording: &Recording) -> String {
    let summary = Summary::of(recording).unwrap();
    report::render(&summary, &Pictures::of(&summary, &Palette::of(&summary)))
}

/// What stands between the first of one text and the next of another behind it.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let begin = text.find(from).unwrap_or_else(|| panic!("no {from}")) + from.len();
    &text[begin..begin + text[begin..].find(to).unwrap_or_else(|| panic!("no {to}"))]
}

/// Three runners that were measured, one of them barred, one that was not made for this, one not available.
fn mixed() -> Recording {
    let mut recording = recording(&["tokio", "smol", "threads", "rayon"], 6, 2, 200);
    recording.trials.retain(|trial| trial.runner != "rayon");
    let rayon = cell("rayon", Role::Runner);
    recording.trials.push(unmeasured(&rayon, 0, State::NotApplicable, "a \"pool\" <waits>"));
    for trial in recording.trials.iter_mut().filter(|trial| trial.runner == "threads") {
        trial.marks = vec![mark::STARVED.into()];
    }
    recording
}

#[test]
fn the_page_lets_its_own_script_run_and_no_other() {
    let page = page(&mixed());
    let script = between(&page, "<script>", "</script>");
    let hash = STANDARD.encode(Sha256::digest(script.as_bytes()));
    let policy = between(&page, "http-equiv=\"Content-Security-Policy\" content=\"", "\"");
    let parts: Vec<&str> = policy.split("; ").collect();
    assert!(parts.contains(&"default-src 'none'"), "{policy}");
    assert!(parts.contains(&format!("script-src 'sha256-{hash}'").as_str()), "{policy}");
    assert!(!page.contains(" onclick=") && !page.contains(" onload="));
}

#[test]
fn the_data_of_the_script_is_json_with_the_whole_table() {
    let recording = mixed();
    let page = page(&recording);
    let data = between(&page, "id=\"data\">", "</script>");
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    let table = simul_results::export::csv::render(&Summary::of(&recording).unwrap());
    let packed = STANDARD.decode(data["table"].as_str().unwrap()).unwrap();
    let mut unpacked = String::new();
    ZlibDecoder::new(packed.as_slice()).read_to_string(&mut unpacked).unwrap();
    assert_eq!(unpacked, table);
    assert_eq!(data["contests"][0]["ranked"], serde_json::json!([0, 1]));
}

#[test]
fn every_field_of_the_map_is_there_and_explains_itself() {
    let page = page(&mixed());
    let map = between(&page, "<table id=\"heat\"", "</table>");
    let fields: Vec<&str> = map.split("<td ").skip(1).collect();
    assert_eq!(fields.len(), 5, "five runners in one contest");
    let of = |runner: &str| {
        let name = format!("data-runner=\"{runner}\"");
        *fields.iter().find(|field| field.contains(&name)).unwrap()
    };
    assert!(of("tokio").contains("class=\"base w0\"") && of("tokio").contains(">1.00<"));
    assert!(of("smol").contains("class=\"worse w"), "{}", of("smol"));
    let reasons = between(&page, "id=\"heat-reasons\"", "</details>");
    for (runner, class, sign) in
        [("threads", "invalid", ">!<"), ("rayon", "na", ">n/a<"), ("glommio", "na", ">unav.<")]
    {
        let field = of(runner);
        assert!(field.contains(&format!("class=\"{class}")) && field.contains(sign), "{field}");
        let why = between(field, "title=\"", "\"");
        // Quotes are escaped in attributes only.
        let text = why.replace("&quot;", "\"");
        let told = reasons.contains(why) || reasons.contains(&text);
        assert!(why.len() > 10 && told, "{why}");
    }
    assert!(reasons.contains("&lt;waits&gt;"));
}

#[test]
fn the_words_of_each_contest_stand_at_a_glance_and_at_the_contest() {
    let page = page(&mixed());
    let words = "<strong>tokio is fastest</strong>; behind: smol +1";
    assert_eq!(page.matches(words).count(), 2);
    for said in [
        "rayon is not made for this",
        "glommio is not available here",
        "threads is not ranked (starved)",
    ] {
        assert_eq!(page.matches(said).count(), 2, "{said}");
    }
    let header = between(&page, "<header>", "</header>");
    assert!(header.contains("noise floor: identical code differed"), "{header}");
    assert!(header.contains("3 runners did the same work, in 1 contest, in turns"), "{header}");
    assert!(page.contains("How fast does a message go to a peer and back?</small><strong>tokio"));
}

#[test]
fn whoever_wants_to_measure_again_finds_the_command_and_the_seed() {
    let mut recording = mixed();
    recording.run.command = vec!["simul".into(), "run".into(), "--runners".into(), "a b".into()];
    assert!(page(&recording).contains("simul run --runners 'a b' --seed 7<"));
    recording.run.command.push("--seed=7".into());
    assert!(page(&recording).contains("simul run --runners 'a b' --seed=7<"));
}

#[test]
fn parts_have_names_and_tables_have_heads() {
    let page = page(&mixed());
    for name in page.split("aria-labelledby=\"").skip(1).map(|rest| rest.split('"').next().unwrap())
    {
        assert_eq!(page.matches(&format!(" id=\"{name}\"")).count(), 1, "{name}");
    }
    for link in page.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert_eq!(page.matches(&format!(" id=\"{link}\"")).count(), 1, "a link to #{link}");
    }
    let heads = page.matches("<th ").count();
    assert_eq!((page.matches("<th>").count(), page.matches("scope=\"").count()), (0, heads));
    assert!(page.contains("lang=\"en\"") && page.contains("<main id=\"main\""));
}
