import com.android.build.api.variant.HostTestBuilder
import javax.inject.Inject
import org.gradle.process.ExecOperations

plugins {
    alias(libs.plugins.android.library)
    `maven-publish`
}

/** Builds the Rust library for the processors of phones; what is stale Cargo knows. */
abstract class CargoNdk @Inject constructor(private val exec: ExecOperations) : DefaultTask() {
    /** The workspace. */
    @get:Internal
    abstract val workspace: DirectoryProperty

    /** The native development kit. */
    @get:Internal
    abstract val ndk: DirectoryProperty

    /** The oldest Android. */
    @get:Input
    abstract val platform: Property<Int>

    /** The processors, by Android's names. */
    @get:Input
    abstract val abis: ListProperty<String>

    /** Gets a folder for each processor. */
    @get:OutputDirectory
    abstract val libraries: DirectoryProperty

    init {
        outputs.upToDateWhen { false }
    }

    @TaskAction
    fun build() {
        exec.exec {
            workingDir(workspace)
            environment("ANDROID_NDK_HOME", ndk.get().asFile.path)
            // Phones with pages of 16 KB load nothing else; kits from 28 on do so by themselves.
            environment("RUSTFLAGS", "-C link-arg=-Wl,-z,max-page-size=16384")
            commandLine("cargo", "ndk", "--platform", platform.get().toString(), "--output-dir", libraries.get().asFile.path)
            abis.get().forEach { args("--target", it) }
            args("build", "--locked", "--profile", "mobile", "--package", "countersign-bindings")
        }
    }
}

android {
    namespace = "org.countersign.shell"
    compileSdk = libs.versions.android.compile.get().toInt()
    ndkVersion = libs.versions.android.ndk.get()

    defaultConfig {
        minSdk = libs.versions.android.min.get().toInt()
        consumerProguardFiles("consumer-rules.pro")
    }

    compileOptions {
        sourceCompatibility = JavaVersion.toVersion(libs.versions.java.get())
        targetCompatibility = JavaVersion.toVersion(libs.versions.java.get())
    }

    publishing {
        singleVariant("release") {
            withSourcesJar()
        }
    }
}

kotlin {
    explicitApi()
}

androidComponents {
    // Maven runs the tests: they simulate Android.
    beforeVariants { it.hostTests[HostTestBuilder.UNIT_TEST_TYPE]?.enable = false }
    onVariants { variant ->
        val native = tasks.register<CargoNdk>("cargoNdk${variant.name.replaceFirstChar(Char::uppercase)}") {
            group = "build"
            description = "Builds the native library of ${variant.name}."
            workspace = layout.projectDirectory.dir("../..")
            ndk = sdkComponents.ndkDirectory
            platform = libs.versions.android.min.map(String::toInt)
            abis = listOf("arm64-v8a", "armeabi-v7a", "x86_64")
        }
        variant.sources.jniLibs?.addGeneratedSourceDirectory(native, CargoNdk::libraries)
    }
}

dependencies {
    api(project(":session"))
    implementation(libs.coroutines.android)
    // As an archive for Android, which has the native part for phones.
    implementation(variantOf(libs.jna) { artifactType("aar") })
}

// Gradle's own metadata would not say that JNA is wanted as an archive for Android; the POM does.
tasks.withType<GenerateModuleMetadata>().configureEach { enabled = false }

publishing {
    publications {
        register<MavenPublication>("release") {
            afterEvaluate { from(components["release"]) }
        }
    }
}
