// Named once for all modules: what builds for Android then compiles with the same Kotlin as what needs none.
plugins {
    alias(libs.plugins.android.application) apply false
    alias(libs.plugins.android.library) apply false
    alias(libs.plugins.kotlin.jvm) apply false
}
