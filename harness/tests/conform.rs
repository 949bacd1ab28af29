//! `simul conform` lets a sound program pass and says of each other what is wrong with it; the document for authors
//! speaks the protocol of the program.

mod support;

use simul::{
    control::vetting::{self, Ordered},
    protocol::{Order, Reply, Spec},
};
use support::{Place, program, text};

#[test]
fn a_sound_program_passes_every_step() {
    let place = Place::new();
    let simul = program();
    let output = place.run(&format!(
        "conform -w echo,sleep,file-read:1,ping-pong --runner threads -- {simul} trial"
    ));
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", text(&output.stderr));
    for step in [
        "ok    echo:64, set-up",
        "ok    sleep:500, idle before work",
        "ok    file-read:1, slice",
        "ok    ping-pong, work",
        "ok    end of input",
        "ok    unknown work",
        "it keeps the protocol",
    ] {
        assert!(said.contains(step), "'{step}' is missing in:\n{said}");
    }
    place.assert_clean();
}

#[test]
fn what_is_wrong_is_said_at_its_step() {
    let simul = program();
    for (fault, line) in [
        ("garbage", "WRONG echo:64, slice: it wrote 'lorem ipsum dolor sit amet'"),
        ("burns", "WRONG echo:64, idle before work: it burnt"),
        ("strays", "WRONG echo:64, finish: it left processes behind"),
        ("wrong", "WRONG echo:64, work: actor 0"),
        ("answers-twice", "which nobody had asked for"),
        ("state", "WRONG echo:64, set-up: it refused as 'measured'"),
    ] {
        let place = Place::new();
        let output =
            place.run(&format!("conform -w echo --runner threads -- {simul} canary {fault}"));
        let said = text(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{fault}: {said}{}", text(&output.stderr));
        assert!(said.contains(line), "{fault}: '{line}' is missing in:\n{said}");
        place.assert_clean();
    }
}

#[test]
fn what_cannot_be_checked_is_bad_input() {
    let place = Place::new();
    for (arguments, line) in [
        ("conform nobody", "no runner matches 'nobody'"),
        ("conform -w ecoh -- true", "no workload matches 'ecoh'"),
        ("conform", "required"),
    ] {
        let output = place.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments}: {}", text(&output.stdout));
        assert!(text(&output.stderr).contains(line), "{}", text(&output.stderr));
    }
    place.assert_clean();
}

#[test]
fn the_doctor_tells_of_the_machine_the_runners_and_the_tools() {
    let place = Place::new();
    let output = place.run("doctor --json");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let object = support::json(&output);
    assert_eq!(object["broken"], 0, "{object:#}");
    let findings = object["findings"].as_array().unwrap();
    for name in ["cores", "clock source", "open files", "threads", "tokio", "Python", "strace"] {
        let finding = findings.iter().find(|finding| finding["name"] == name);
        let finding = finding.unwrap_or_else(|| panic!("{name} is missing in {object:#}"));
        assert!(!finding["found"].as_str().unwrap().is_empty());
        let good = finding["state"] == "good";
        assert_eq!(good, finding["remedy"].is_null(), "{finding:#}");
    }
    let said = text(&place.run("doctor").stdout);
    for heading in ["the machine:", "runners:", "external tools:"] {
        assert!(said.contains(heading), "{said}");
    }
    place.assert_clean();
}

/// The dialogue in `runners/PROTOCOL.md`: what goes there, and what comes back.
#[test]
fn the_documented_dialogue_is_the_protocol() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../runners/PROTOCOL.md");
    let document = std::fs::read_to_string(path).unwrap();
    let (_, rest) = document.split_once("<!-- dialogue: begin -->").unwrap();
    let (dialogue, _) = rest.split_once("<!-- dialogue: end -->").unwrap();
    let mut ordered: Option<Order> = None;
    let mut seen = Vec::new();
    for line in dialogue.lines() {
        if let Some(sent) = line.strip_prefix("→ ") {
            if ordered.is_none() && seen.is_empty() {
                let spec: Spec = serde_json::from_str(sent).unwrap();
                assert_eq!(
                    (spec.protocol, &*spec.workload),
                    (simul::protocol::PROTOCOL, "echo:64")
                );
                seen.push("spec");
            } else {
                ordered = Some(serde_json::from_str(sent).unwrap());
            }
        } else if let Some(answer) = line.strip_prefix("← ") {
            let reply: Reply = serde_json::from_str(answer).unwrap();
            seen.push(reply.name());
            let lengths = match ordered {
                Some(Order::Slice { duration_ns, drop_ns }) => [duration_ns, drop_ns],
                Some(Order::WarmUp { duration_ns }) => [duration_ns, 0],
                _ => continue,
            };
            if let Reply::Warm(slice) | Reply::Slice(slice) = reply {
                let [duration_ns, drop_ns] = lengths;
                let told_ns = slice.started_ns;
                let heard_ns = slice.ended_ns;
                let cores = 1;
                let order =
                    Ordered { duration_ns, drop_ns, told_ns, heard_ns, cpu_ns: None, cores };
                vetting::vet(slice, &order).unwrap();
            }
        }
    }
    assert_eq!(
        seen,
        ["spec", "ready", "refused", "warm", "slice", "failed", "finished"],
        "every message is shown"
    );
}
