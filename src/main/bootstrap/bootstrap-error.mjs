/** What the bootstrap tells the person when it cannot go on: one sentence, and what to do. (StudioError needs the project's own Node.) */
export class BootstrapError extends Error {
  /**
   * @param {string} message
   * @param {string} hint
   * @param {{ cause?: unknown, exitCode?: number }} [options]
   */
  constructor(message, hint, options = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'BootstrapError';
    this.hint = hint;
    this.exitCode = options.exitCode ?? 1;
  }
}
