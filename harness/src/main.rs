//! Runs the same work on many concurrency models and compares them honestly. See [`simul::cli`].

mod allocator;

#[global_allocator]
static ALLOCATOR: allocator::Counting = allocator::Counting;

fn main() -> std::process::ExitCode {
    simul::cli::main()
}
