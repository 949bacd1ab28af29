//! Does the kernel count what is done here, and is what it loses not told?

use super::*;
use crate::clock;
use std::io::{Read, Write};

fn me() -> [i32; 1] {
    [std::process::id() as i32]
}

fn burn(least_ns: u64) {
    let until = clock::own_cpu_ns() + least_ns;
    while clock::own_cpu_ns() < until {
        std::hint::spin_loop();
    }
}

#[test]
fn what_a_process_does_is_counted() {
    let (mut there, mut here) = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| {
            let here = std::net::TcpStream::connect(listener.local_addr()?)?;
            Ok((listener.accept()?.0, here))
        })
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut file = std::fs::File::create(folder.path().join("bytes")).unwrap();
    let before = Reading::of(&me()).unwrap();
    file.write_all(&[7; 100_000]).unwrap();
    let fresh = std::hint::black_box(vec![1_u8; 8 << 20]);
    here.write_all(&fresh[..50_000]).unwrap();
    there.read_exact(&mut vec![0; 50_000]).unwrap();
    let reading = Reading::of(&me()).unwrap();
    let price = reading.since(&before);
    assert!(price.write_call_bytes.unwrap() >= 100_000, "{price:?}");
    assert!(price.loopback_bytes.unwrap() >= 50_000, "{price:?}");
    assert!(price.minor_faults.unwrap() >= 1000, "{price:?}");
    assert!(price.rss_bytes.unwrap() >= 8 << 20, "{price:?}");
    assert!(price.threads.unwrap() >= 1, "{price:?}");
    assert_eq!(reading.processes(), 1);
    drop(fresh);
}

#[test]
fn switches_of_a_thread_that_takes_turns_are_counted() {
    // A process of its own: other tests start and end threads here.
    let mut child = std::process::Command::new("sh")
        .args(["-c", "while read line; do echo $line; done"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let (mut orders, mut answers) = child.stdin.take().zip(child.stdout.take()).unwrap();
    let mut ask = || {
        for _ in 0..50 {
            orders.write_all(b"x\n").unwrap();
            answers.read_exact(&mut [0; 2]).unwrap();
        }
    };
    let pid = [child.id() as i32];
    ask();
    let before = Reading::of(&pid).unwrap();
    ask();
    let price = Reading::of(&pid).unwrap().since(&before);
    // On one busy core the shell may lose the CPU to us with each answer, and find the next line without a wait.
    let switches = [price.voluntary_switches, price.involuntary_switches].map(Option::unwrap);
    assert!(switches.iter().sum::<u64>() >= 10, "{price:?}");
    assert!(price.run_queue_wait_ns.is_some(), "{price:?}");
    // Each line of two bytes comes in and goes out by the calls that are counted.
    assert!(price.read_call_bytes.unwrap() >= 100 && price.write_call_bytes.unwrap() >= 100);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(Reading::of(&pid), None);
}

#[test]
fn what_ended_threads_did_is_not_told() {
    let before = Reading::of(&me()).unwrap();
    std::thread::spawn(|| burn(50_000_000)).join().unwrap();
    let after = Reading::of(&me()).unwrap();
    assert_eq!(after.since(&before).voluntary_switches, None);
    // Nothing was lost between two looks at the same moment.
    assert_eq!(after.since(&after).voluntary_switches, Some(0));
}

#[test]
fn counters_that_shrink_are_not_told() {
    let small = Reading { faults: Some([1, 1]), ..Reading::default() };
    let large = Reading { faults: Some([2, 0]), ..Reading::default() };
    let price = small.since(&large);
    assert_eq!((price.minor_faults, price.major_faults), (None, Some(1)));
    assert_eq!(price.run_queue_wait_ns, None);
}

#[test]
fn every_second_round_is_read_without() {
    assert!(Collection::Always.is_on(3) && !Collection::Never.is_on(0));
    assert!(Collection::Alternate.is_on(0) && !Collection::Alternate.is_on(1));
}
