//! Makes the story of a violation short: leaves out whatever it does not need.

use std::collections::BTreeSet;

use super::schedule::Decision;
use super::{Kit, Options, Report, run};

/// How many worlds a story may cost.
const RUNS: usize = 500;

/// Runs `seed` again and again with fewer decisions, as long as the same kind of violation comes of it. Returns the
/// shortest run that was found.
pub fn shrink(kit: &Kit, seed: u64, options: &Options, report: Report) -> Report {
    let Some(violation) = report.violation.clone() else { return report };
    let mut best = report;
    let mut size = best.taken.len();
    let mut runs = 0;
    while size > 0 && runs < RUNS {
        let decisions: Vec<Decision> = best.taken.iter().map(|(_, decision)| *decision).collect();
        let before = decisions.len();
        for chunk in decisions.chunks(size) {
            let kept = best.taken.iter().map(|(_, decision)| *decision);
            let only: BTreeSet<Decision> = kept.filter(|decision| !chunk.contains(decision)).collect();
            let tried = run(kit, seed, &Options { only: Some(only), ..options.clone() });
            runs += 1;
            if tried.violation.as_ref().is_some_and(|found| found.is_like(&violation)) {
                best = tried;
            }
        }
        // A round of single decisions is repeated until it leaves nothing out any more.
        if best.taken.len() == before || size > 1 {
            size /= 2;
        }
    }
    best
}
