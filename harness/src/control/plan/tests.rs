//! Which cells does a plan have, and what does it refuse?

use super::*;

fn plan(workload: &str, runners: &[&str]) -> Result<Plan, String> {
    let request = Request {
        workloads: vec![workload.into()],
        runners: runners.iter().map(|runner| (*runner).into()).collect(),
        null_arms: 1,
        seed: Some(1),
        ..Request::default()
    };
    Plan::make(&request, &[0, 1]).map_err(|failure| failure.to_string())
}

fn cells(plan: &Plan) -> Vec<String> {
    plan.record.contests.iter().flat_map(|contest| contest.cells.clone()).collect()
}

#[test]
fn a_contest_has_its_runners_a_null_arm_and_a_floor() {
    let plan = plan("echo:128", &["threads", "inline"]).unwrap();
    assert_eq!(
        cells(&plan),
        [
            "echo:128/threads/closed-32@separate",
            "echo:128/inline/closed-32@separate",
            "echo:128/threads~null/closed-32@separate",
            "echo:128/floor-epoll/closed-32@separate",
        ]
    );
}

#[test]
fn what_is_unavailable_keeps_its_cells_and_is_no_baseline() {
    let request = Request {
        workloads: vec!["echo".into()],
        runners: vec!["tokio".into(), "threads".into(), "native-tokio".into()],
        unavailable: [("tokio".to_owned(), "no; do this".to_owned())].into(),
        null_arms: 1,
        seed: Some(1),
        ..Request::default()
    };
    let plan = Plan::make(&request, &[0, 1]).unwrap();
    let arms = &plan.contests[0].arms;
    let why = Some((State::Unavailable, "no; do this".to_owned()));
    assert_eq!((&arms[0].refusal, &arms[2].refusal), (&why, &why), "the native one as well");
    assert_eq!(plan.contests[0].baseline.as_deref(), Some("threads"));
    assert_eq!(plan.runners(), ["threads"]);
}

#[test]
fn the_floor_of_computing_is_inline_under_a_name_of_its_own() {
    let plan = plan("sha256", &["inline"]).unwrap();
    let floor = plan.contests[0].arms.last().unwrap();
    assert_eq!((&*floor.cell.runner, &*floor.program), ("floor-inline", "inline"));
    assert_eq!((floor.workers, plan.contests[0].cores.workers), (1, 2));
}

#[test]
fn refusals_quote_and_advise() {
    assert_eq!(
        plan("ecoh", &[]).unwrap_err(),
        "no workload matches 'ecoh'; did you mean 'echo'? see: simul list workloads"
    );
    assert_eq!(
        plan("echo:3", &[]).unwrap_err(),
        "parameter bytes = '3' is not a whole number from 16 to 1048576"
    );
    assert_eq!(
        plan("sha256", &["native-threads"]).unwrap_err(),
        "the selection matches no cell that can run (it is hand-written for echo); \
         see: simul list runners"
    );
}
