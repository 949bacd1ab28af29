//! The generator measures asynchronous runtimes; none may be in its own dependency tree.

use std::process::Command;

const RUNTIMES: [&str; 18] = [
    "tokio",
    "async-std",
    "smol",
    "async-io",
    "async-executor",
    "async-global-executor",
    "rayon",
    "rayon-core",
    "compio",
    "monoio",
    "glommio",
    "tokio-uring",
    "may",
    "futures",
    "futures-executor",
    "hyper",
    "pollster",
    "actix-rt",
];

#[test]
fn no_asynchronous_runtime_is_in_the_tree() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "-p", "simul-load", "-e", "normal", "--offline", "--prefix", "none"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    let names: Vec<_> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains(&"simul-load") && names.contains(&"httparse"), "{tree}");
    for runtime in RUNTIMES {
        assert!(!names.contains(&runtime), "{runtime} is in the tree");
    }
}
