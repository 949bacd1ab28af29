//! What does one recorded sample cost, and what does it cost to make a histogram of the samples?
//!
//! `turn/next+done` is the whole path of an operation that does nothing: one chained clock read, one
//! sample. The bar is 40 ns; there is no lock and no allocation on it (`harness/tests/allocation.rs`).

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use simul::{
    clock,
    trial::{
        recorder::{Chunk, Recorder},
        turn::{TrialTurn, Window},
    },
};
use simul_results::histogram;
use simul_runners::Turn;
use simul_workloads::Digest;
use std::{
    hint::black_box,
    sync::{Arc, atomic::AtomicU64},
    time::{Duration, Instant},
};

/// Samples of one slice of a quick operation.
const SAMPLES: u64 = 100_000;

fn recorder() -> Arc<Recorder> {
    Arc::new(Recorder::new(SAMPLES * 100, 1))
}

fn turn(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("turn");
    group.bench_function("clock", |bencher| bencher.iter(clock::now_ns));
    group.bench_function("next+done", |bencher| {
        bencher.iter_custom(|iterations| {
            let (mut left, mut spent) = (iterations, Duration::ZERO);
            while left > 0 {
                let now = left.min(SAMPLES);
                let recorder = recorder();
                let starts = Arc::new([AtomicU64::new(0)]);
                let (window, _quiet) = Window::new(recorder, starts, 0, u64::MAX / 4);
                let mut turn = TrialTurn::new(window, 0, clock::now_ns());
                let start = Instant::now();
                for number in 0..now {
                    assert!(turn.next());
                    turn.done(Digest(black_box(number)), Duration::ZERO);
                }
                spent += start.elapsed();
                left -= now;
            }
            spent
        });
    });
    group.finish();
}

fn samples(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("samples");
    let filled = || {
        let recorder = recorder();
        let mut chunk = Chunk::default();
        // Times between 50 and 150 µs, as those of an echo.
        (0..SAMPLES).for_each(|n| recorder.record(&mut chunk, 50_000 + n * 7919 % 100_000));
        recorder
    };
    group.bench_function("to histogram (100,000)", |bencher| {
        bencher.iter_batched(filled, |recorder| recorder.drain(), BatchSize::LargeInput);
    });
    let (one, _) = filled().drain();
    group.bench_function("merge histograms", |bencher| {
        bencher.iter_batched(
            histogram::empty,
            |mut sum| {
                sum.add(&one).expect("same bounds");
                sum
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("encode", |bencher| bencher.iter(|| histogram::encode(&one)));
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30).measurement_time(Duration::from_secs(2));
    targets = turn, samples
}
criterion_main!(benches);
