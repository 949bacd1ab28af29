//! Runs the same work on many concurrency models and compares them honestly. See [`simul::cli`].

fn main() -> std::process::ExitCode {
    simul::cli::main()
}
