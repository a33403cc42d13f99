plugins {
    alias(libs.plugins.kotlin.jvm)
    `java-library`
    `maven-publish`
}

kotlin {
    jvmToolchain(libs.versions.java.get().toInt())
    explicitApi()
    compilerOptions {
        allWarningsAsErrors = true
    }
    sourceSets.test {
        kotlin.srcDir("src/testFixtures/kotlin")
    }
}

dependencies {
    api(project(":bindings"))

    testImplementation(libs.coroutines.test)
    testImplementation(libs.junit.jupiter)
    testImplementation(libs.serialization.json)
    testRuntimeOnly(libs.jna)
    testRuntimeOnly(libs.junit.platform.launcher)
}

tasks.test {
    useJUnitPlatform()
    val target = "${rootDir.parent}/target/debug"
    systemProperty("jna.library.path", providers.gradleProperty("countersign.library").getOrElse(target))
    systemProperty("countersign.bindings", "$target/bindings")
    systemProperty("countersign.corpus", "${rootDir.parent}/tests/plan/corpus.json")
    // One test lets the library panic.
    environment("RUST_BACKTRACE", "0")
}

publishing {
    publications {
        register<MavenPublication>("release") { from(components["java"]) }
    }
}
