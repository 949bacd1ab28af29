//! What does the script of a report know?
//!
//! The values of the heat map, what is decided between each two runners of a contest, and the table for
//! spreadsheets, as one JSON text that cannot end the element that holds it. Values are rounded to seven digits, of
//! which three are shown; the table is packed, and not rounded. It must not know HTML. Read next: `report.js`.

use super::heat::{BARRED, STEPS, class, sign};
use crate::{
    Summary,
    heat::{By, Column, Field, Map, Standing, Value, decided},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::ZlibEncoder};
use serde_json::{Map as Object, Value as Json, json};
use std::io::Write;

/// What the values are in, by [`By::ALL`]; the script shows nanoseconds and bytes in units that suit their size.
const UNITS: [&str; 5] = ["ns", "ns", "µs", "/s", "bytes"];

/// The text of the element, with the table for spreadsheets.
pub(super) fn text(summary: &Summary, map: &Map, table: &str) -> String {
    let metrics = By::ALL.map(|by| {
        json!({
            "key": by.key(),
            "title": by.title(),
            "unit": UNITS[by as usize],
            "less": by.less_is_better(),
            "tested": by.tested().is_some(),
            "absence": by.absence(),
        })
    });
    let standings = [
        Standing::Base,
        Standing::Better,
        Standing::Worse,
        Standing::Tie,
        Standing::Undecided,
        Standing::Invalid,
    ];
    let signs: Object<String, Json> = standings
        .into_iter()
        .map(|standing| {
            let (sign, words) = sign(standing);
            (class(standing).into(), json!([sign, words]))
        })
        .collect();
    let contests: Vec<Json> =
        map.columns.iter().map(|column| contest(summary, map, column)).collect();
    let data = json!({
        "metrics": metrics,
        "steps": STEPS,
        "signs": signs,
        "barred": BARRED,
        "runners": map.runners,
        "contests": contests,
        "table": packed(table),
    });
    // Only `<` can end the element or begin a comment in it.
    data.to_string().replace('<', "\\u003c")
}

/// Compressed as zlib does it, which browsers unpack: most readers never ask for it, and it is a tenth of a large report.
fn packed(table: &str) -> String {
    let mut bytes = ZlibEncoder::new(Vec::new(), Compression::default());
    let whole = bytes.write_all(table.as_bytes()).and_then(|()| bytes.finish());
    STANDARD.encode(whole.expect("a vector takes every byte"))
}

fn contest(summary: &Summary, map: &Map, column: &Column) -> Json {
    let ranked: Vec<usize> =
        (0..map.runners.len()).filter(|row| column.fields[*row].is_ranked()).collect();
    let cells: Vec<Json> = column
        .fields
        .iter()
        .map(|field| match field {
            Field::Measured { values, .. } => {
                values.iter().map(|value| value.as_ref().map_or(Json::Null, numbers)).collect()
            }
            _ => Json::Null,
        })
        .collect();
    let relations = &summary.contests[column.place].relations;
    let mut found = Object::new();
    for by in By::ALL {
        let Some(metric) = by.tested() else { continue };
        let mut signs = String::new();
        for base in &ranked {
            for row in &ranked {
                let relation = relations.between(&map.runners[*row], &map.runners[*base], metric);
                signs.push(match decided(relation) {
                    Standing::Better => 'b',
                    Standing::Worse => 'w',
                    Standing::Tie => '=',
                    _ => '?',
                });
            }
        }
        found.insert(by.key().into(), signs.into());
    }
    json!({ "ranked": ranked, "cells": cells, "decided": found })
}

/// The median; from six blocks on its range, and 1 behind it where the truth is larger.
fn numbers(value: &Value) -> Json {
    let estimate = &value.estimate;
    match (value.has_range, value.is_bound) {
        (false, false) => json!([short(estimate.median)]),
        (true, false) => json!([estimate.median, estimate.low, estimate.high].map(short)),
        (true, true) => {
            json!([short(estimate.median), short(estimate.low), short(estimate.high), 1])
        }
        (false, true) => json!([short(estimate.median), null, null, 1]),
    }
}

/// Seven significant digits.
pub(super) fn short(value: f64) -> f64 {
    format!("{value:.6e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{export::csv, synthetic};
    use flate2::read::ZlibDecoder;
    use std::io::Read;

    #[test]
    fn the_script_reads_what_the_map_has() {
        let summary =
            Summary::of(&synthetic::recording(&["tokio", "smol", "threads"], 6, 4, 400)).unwrap();
        let map = Map::of(&summary);
        let text = text(&summary, &map, &csv::render(&summary));
        assert!(!text.contains('<'));
        let data: Json = serde_json::from_str(&text).unwrap();
        assert_eq!(data["runners"], json!(["tokio", "smol", "threads", "glommio"]));
        let contest = &data["contests"][0];
        assert_eq!(contest["ranked"], json!([0, 1, 2]));
        // Compared with tokio, then with smol, then with threads.
        assert_eq!(contest["decided"]["p50"], "?wwb?wbb?");
        assert_eq!(contest["cells"][3], Json::Null, "glommio was not measured");
        let median = contest["cells"][1][0][0].as_f64().unwrap();
        let exact = summary.contests[0].cells[1].numbers.as_ref().unwrap().p50_ns.median;
        assert!((median / exact - 1.0).abs() < 1e-6);
        let packed = STANDARD.decode(data["table"].as_str().unwrap()).unwrap();
        let mut table = String::new();
        ZlibDecoder::new(packed.as_slice()).read_to_string(&mut table).unwrap();
        assert_eq!(table, csv::render(&summary));
    }

    #[test]
    fn values_keep_their_ranges_and_bounds() {
        let estimate = crate::statistics::Estimate { median: 1.0 / 3.0, low: 0.25, high: 0.5 };
        let of = |has_range, is_bound| numbers(&Value { estimate, has_range, is_bound });
        assert_eq!(of(false, false), json!([0.333_333_3]));
        assert_eq!(of(true, false), json!([0.333_333_3, 0.25, 0.5]));
        assert_eq!(of(true, true), json!([0.333_333_3, 0.25, 0.5, 1]));
        assert_eq!(of(false, true), json!([0.333_333_3, null, null, 1]));
    }
}
