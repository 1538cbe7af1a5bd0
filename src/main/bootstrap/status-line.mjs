/** Least time between two lines where the output is a file or a pipe. */
const PLAIN_INTERVAL_MS = 5000;

/**
 * Progress on stderr: one line that is rewritten on a terminal, a new line now and then elsewhere.
 *
 * @param {NodeJS.WriteStream} stream
 */
export function createStatusLine(stream = process.stderr) {
  let lastPlain = { text: '', at: -Infinity };
  let isOpen = false;
  return {
    /** @param {string} text */
    update(text) {
      if (stream.isTTY) {
        stream.write(`\r\x1b[K${text.slice(0, stream.columns - 1)}`);
        isOpen = true;
      } else if (text !== lastPlain.text && performance.now() - lastPlain.at >= PLAIN_INTERVAL_MS) {
        stream.write(`${text}\n`);
        lastPlain = { text, at: performance.now() };
      }
    },
    /** Leaves the terminal on a fresh line. */
    end() {
      if (isOpen) stream.write('\r\x1b[K');
      isOpen = false;
    },
  };
}
