import Countersign
import Fakes
import Foundation

/// A co-signer that is told what to do, one JSON object a line: `CoSignerProgram FOLDER NUMBER`.
@main
enum CoSignerProgram {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let number = UInt8(arguments[2]), 1...100 ~= number else {
            FileHandle.standardError.write(Data("use: CoSignerProgram FOLDER NUMBER\n".utf8))
            exit(64)
        }
        let phone: Phone
        do {
            phone = try await Phone(folder: arguments[1], number: number)
            say(Answer(event: "ready", card: try await phone.card()))
        } catch {
            say(Answer(error: name(of: error)))
            exit(1)
        }
        for await line in lines() {
            do {
                let command = try Command(line: line)
                var answer = try await phone.carryOut(command)
                answer.answer = command.kind.rawValue
                say(answer)
                // Not `exit`, which waits for the lock of the standard input, and so for another line.
                if command.kind == .close { _exit(0) }
            } catch {
                say(Answer(error: name(of: error)))
            }
        }
    }

    /// Reads on a thread of its own: reading blocks.
    private static func lines() -> AsyncStream<String> {
        let (lines, arrival) = AsyncStream.makeStream(of: String.self)
        Thread.detachNewThread {
            while let line = readLine() { arrival.yield(line) }
            arrival.finish()
        }
        return lines
    }

    private static func say(_ answer: Answer) {
        guard let line = try? answer.line() else { return }
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }

    /// The name of a variant, such as `NotReady`.
    private static func name(of error: any Error) -> String {
        guard error is NodeError else { return String(describing: type(of: error)) }
        return String(String(reflecting: error).split(separator: "(")[0].split(separator: ".").last ?? "")
    }
}
