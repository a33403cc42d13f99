import com.android.build.api.variant.HostTestBuilder

plugins {
    alias(libs.plugins.android.application)
}

android {
    namespace = "org.countersign.sample"
    compileSdk = libs.versions.android.compile.get().toInt()

    defaultConfig {
        applicationId = "org.countersign.sample"
        minSdk = libs.versions.android.min.get().toInt()
        targetSdk = libs.versions.android.compile.get().toInt()
        versionCode = 1
        versionName = project.version.toString()
    }

    buildTypes {
        release {
            isMinifyEnabled = true
            isShrinkResources = true
            proguardFiles(getDefaultProguardFile("proguard-android-optimize.txt"))
        }
    }

    compileOptions {
        sourceCompatibility = JavaVersion.toVersion(libs.versions.java.get())
        targetCompatibility = JavaVersion.toVersion(libs.versions.java.get())
    }

    androidResources {
        // The shell's list of languages is the one: the manifest names it.
        generateLocaleConfig = false
    }
}

androidComponents {
    // Maven runs the tests: they simulate Android.
    beforeVariants { it.hostTests[HostTestBuilder.UNIT_TEST_TYPE]?.enable = false }
}

dependencies {
    implementation(project(":shell"))
    implementation(libs.zxing.core)
}
