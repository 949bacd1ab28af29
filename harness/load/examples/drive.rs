//! scratch
use simul_load::*;
use std::time::Duration;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let target = Target::parse(&a[1]).unwrap();
    let connections = a[2].parse().unwrap();
    let rate: f64 = a[3].parse().unwrap();
    let secs: f64 = a[4].parse().unwrap();
    let arrivals = a.get(5).map_or(Arrivals::Poisson, |t| t.parse().unwrap());
    let pacing = a.get(6).map_or(Pacing::Hybrid, |t| t.parse().unwrap());
    let s = Settings {
        target,
        connections,
        pacing,
        timeout: Duration::from_secs(10),
        grace: Duration::from_secs(10),
    };
    let mut g = Generator::new(s).unwrap();
    g.connect().unwrap();
    let mode = if rate == 0.0 { Mode::Closed } else { Mode::Open { rate_per_sec: rate, arrivals } };
    let o = g.drive(&mode, Duration::from_secs_f64(secs), Duration::ZERO, 1).unwrap();
    println!(
        "offered {:.0} achieved {:.0} drawn {} sent {} completed {} failed {} unfinished {} {:?} rec {} busy {:.3} cpu/req {:.2}us limited {} {:?}",
        o.offered_per_sec,
        o.achieved_per_sec,
        o.drawn,
        o.sent,
        o.completed,
        o.failed,
        o.unfinished,
        o.errors,
        o.reconnects,
        o.busy,
        o.cpu_ns as f64 / o.handled() as f64 / 1e3,
        o.generator_limited,
        o.saturated
    );
    let p = |n: &str, d: &Distribution| {
        print!("{n}:");
        for q in [0.5, 0.9, 0.95, 0.99, 0.999, 1.0] {
            print!(" {:?}", d.quantile(q));
        }
        println!();
    };
    if let Some(r) = &o.response {
        p("response", r)
    }
    p("service", &o.service);
    p("wait", &o.wait);
    p("lag", &o.lag);
}
