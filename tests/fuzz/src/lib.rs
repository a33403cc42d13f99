//! Feeds the machine what a fuzzer makes up: what must hold then is in `countersign_tests::fuzzing`.

pub use cap::Cap;
pub use countersign_tests::fuzzing::{Target, get_ready};
pub use libfuzzer_sys::fuzz_target;

/// Makes the program that fuzzes the target of this name, in no more memory than the target allows.
#[macro_export]
macro_rules! fuzz {
    ($name:literal) => {
        #[global_allocator]
        static ALLOCATOR: $crate::Cap<std::alloc::System> = $crate::Cap::new(std::alloc::System, usize::MAX);

        static TARGET: std::sync::LazyLock<$crate::Target> = std::sync::LazyLock::new(|| {
            $crate::get_ready();
            $crate::Target::named($name)
        });

        $crate::fuzz_target!(|input: &[u8]| TARGET.run_within(&ALLOCATOR, input));
    };
}
