plugins {
    alias(libs.plugins.kotlin.jvm)
    `java-library`
    `maven-publish`
}

/** The library that the sources are generated from: a debug build for this host, unless `-Pcountersign.library` names another folder. */
val library = providers.gradleProperty("countersign.library")
    .orElse("${rootDir.parent}/target/debug")
    .map { file("$it/${System.mapLibraryName("countersign")}") }

val generated = layout.buildDirectory.dir("generated/bindings")

val bindgen by tasks.registering(Exec::class) {
    group = "build"
    description = "Generates the Kotlin sources from the library."
    inputs.file(library)
    outputs.dir(generated)
    workingDir(rootDir.parentFile)
    commandLine("cargo", "run", "--package", "countersign-bindings", "--features", "cli", "--bin", "bindgen", "--")
    argumentProviders.add { listOf(library.get().path, generated.get().asFile.path) }
}

kotlin {
    jvmToolchain(libs.versions.java.get().toInt())
    compilerOptions {
        // What is generated is nobody's prose.
        suppressWarnings = true
    }
    sourceSets.main {
        kotlin.srcDir(bindgen.map { generated.get().dir("kotlin") })
    }
}

dependencies {
    api(libs.coroutines.core)
    // An Android app brings it as `net.java.dev.jna:jna@aar`, which has the native part for phones.
    compileOnly(libs.jna)
}

publishing {
    publications {
        register<MavenPublication>("release") { from(components["java"]) }
    }
}
