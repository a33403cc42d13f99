//! One co-signer in a terminal.
//!
//! `cargo run -p countersign-driver --example phone -- --dir /tmp/ada`, then `help`.

mod app;

fn main() -> std::process::ExitCode {
    app::main(std::env::args_os())
}
