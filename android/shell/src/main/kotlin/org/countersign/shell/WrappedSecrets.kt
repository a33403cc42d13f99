package org.countersign.shell

import android.content.Context
import android.util.AtomicFile
import java.io.IOException
import javax.crypto.Cipher

/** Wrapped secrets in files that no backup takes along. */
internal class WrappedSecrets(private val context: Context) {
    /** Returns what is kept under a name, if anything is. */
    fun read(name: KeyName): Wrapped? {
        val file = file(name)
        if (!file.baseFile.exists()) return null
        val bytes = file.readFully()
        if (bytes.size <= IV_BYTES) throw IOException("the file is cut off")
        return Wrapped(bytes.copyOf(IV_BYTES), bytes.copyOfRange(IV_BYTES, bytes.size))
    }

    /** Wraps a secret with a cipher that may, and keeps it. */
    fun write(name: KeyName, cipher: Cipher, secret: ByteArray) {
        val sealed = cipher.doFinal(secret)
        val file = file(name)
        val stream = file.startWrite()
        try {
            stream.write(cipher.iv)
            stream.write(sealed)
            file.finishWrite(stream)
        } catch (fault: IOException) {
            file.failWrite(stream)
            throw fault
        }
    }

    private fun file(name: KeyName) = AtomicFile(context.noBackupFilesDir.resolve("countersign." + name.name.lowercase()))

    /** A secret that only its key opens. */
    class Wrapped(val iv: ByteArray, val sealed: ByteArray)

    private companion object {
        const val IV_BYTES = 12
    }
}
