//! A few hundred simulated worlds, in bounded time; the simulator runs as many as wanted.

use countersign_tests::world::{Kit, Options, run};

#[test]
#[cfg(not(feature = "without-consumed-record"))]
fn nothing_goes_wrong_in_worlds_of_two_to_five_phones() {
    for (phones, seeds) in [(2, 200), (3, 300), (4, 100), (5, 50)] {
        let kit = Kit::new(phones);
        let mut completed = 0;
        for seed in 0..seeds {
            let report = run(&kit, seed, &Options::default());
            assert_eq!(report.violation, None, "--seeds {seed}..{} --phones {phones}", seed + 1);
            completed += report.counts.get("completed").copied().unwrap_or_default();
        }
        println!("{seeds} worlds of {phones} phones, {completed} sessions completed somewhere");
        assert!(completed > seeds, "the worlds are too bad to show anything");
    }
}

#[test]
#[cfg(not(feature = "without-consumed-record"))]
fn without_faults_every_phone_completes_every_session_that_has_the_time() {
    let kit = Kit::new(3);
    for seed in 0..30 {
        let report = run(&kit, seed, &Options { faults: [].into(), ..Options::default() });
        assert_eq!(report.violation, None, "--seeds {seed}..{} --phones 3 --faults none", seed + 1);
        let ended = |how| report.counts.get(how).copied().unwrap_or_default();
        assert_eq!(ended("completed") + ended("expired"), 3 * ended("sessions proposed"));
    }
}

#[test]
fn one_seed_is_always_the_same_world() {
    let kits = [Kit::new(3), Kit::new(3)];
    let mut traces = std::collections::BTreeSet::new();
    for seed in 0..30 {
        let [first, second] = kits.each_ref().map(|kit| run(kit, seed, &Options::default()));
        assert_eq!(first.trace, second.trace);
        assert_eq!(first.taken, second.taken);
        assert_eq!(first.counts, second.counts);
        traces.insert(first.trace);
    }
    assert_eq!(traces.len(), 30, "other seeds, other worlds");
}

#[test]
#[cfg(feature = "without-consumed-record")]
fn a_machine_without_the_consumed_record_is_found_out_and_its_story_is_short() {
    use countersign_tests::rig::oracle;
    use countersign_tests::world::{Decision, Violation, shrink};

    let kit = Kit::new(3);
    let mut caught = 0;
    for seed in 0..20 {
        let options = Options::default();
        let report = run(&kit, seed, &options);
        let is_caught = |found: &Option<Violation>| {
            matches!(found, Some(Violation::Oracle(oracle::Violation::NotConsumed { .. })))
        };
        if !is_caught(&report.violation) {
            continue;
        }
        caught += 1;
        let story = shrink(&kit, seed, &options, report);
        assert!(is_caught(&story.violation));
        let [(_, Decision::Proposes { .. })] = story.taken[..] else {
            panic!("one proposal is enough: {:?}", story.taken);
        };
    }
    assert!(caught > 10, "found out in only {caught} of 20 worlds");
}
