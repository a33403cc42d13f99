//! Writes the inputs with which the fuzzer begins: `seeds DIR SEED`, one folder a target.

use std::path::PathBuf;

use countersign_tests::fuzzing::seeds;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(Ok(seed))) = (arguments.next(), arguments.next().map(|seed| seed.parse())) else {
        eprintln!("usage: seeds DIR SEED");
        std::process::exit(2);
    };
    let folder = PathBuf::from(folder);
    for ((target, name), bytes) in seeds::all(seed) {
        std::fs::create_dir_all(folder.join(target))?;
        std::fs::write(folder.join(target).join(name), bytes)?;
    }
    Ok(())
}
