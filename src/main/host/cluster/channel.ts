import { deserialize, serialize } from 'node:v8';
import type { WebSocket } from 'ws';

/** How often each end asks for a sign of life. */
const PING_MILLISECONDS = 1_000;

/** Why a channel is closed: what the other end said, or that nothing was heard of it. */
export interface ChannelEnd {
  readonly reason: string;
}

/**
 * Messages both ways over a WebSocket, structured clones as between processes. The other end counts as gone when nothing of it, not even an
 * answer to a ping, was heard for the limit: a cable that is cut closes no connection.
 */
export class Channel<Out, In> {
  /** Settles once, whoever ended it. Never rejects. */
  readonly ended: Promise<ChannelEnd>;
  readonly #socket: WebSocket;
  readonly #pings: NodeJS.Timeout;
  #heard = performance.now();
  #end!: (end: ChannelEnd) => void;

  /** @param silenceMilliseconds nothing heard for so long ends it. @param onMessage is called in order; what it throws ends it. */
  constructor(socket: WebSocket, silenceMilliseconds: number, onMessage: (message: In) => void) {
    this.#socket = socket;
    this.ended = new Promise((resolve) => (this.#end = resolve));
    const heard = (): void => void (this.#heard = performance.now());
    socket.on('open', heard).on('ping', heard).on('pong', heard);
    socket.on('message', (data: Buffer) => {
      heard();
      try {
        onMessage(deserialize(data) as In);
      } catch (error) {
        this.close((error as Error).message);
      }
    });
    socket.on('error', (error) => this.close(error.message));
    socket.on('close', (_code, reason) => this.close(reason.toString() || 'The connection was closed.'));
    this.#pings = setInterval(() => {
      if (socket.readyState === socket.CONNECTING) return; // which has a limit of its own
      const silent = performance.now() - this.#heard;
      if (silent > silenceMilliseconds) this.close(`Nothing was heard of it for ${Math.round(silent / 1000)} seconds.`);
      else if (socket.readyState === socket.OPEN) socket.ping();
    }, PING_MILLISECONDS);
  }

  /** Settles when the message has left this process: what is sent faster than the network takes it waits here. */
  send(message: Out): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.readyState !== this.#socket.OPEN) return resolve();
      this.#socket.send(serialize(message), () => resolve()); // a failed connection ends the channel
    });
  }

  close(reason: string): void {
    clearInterval(this.#pings);
    this.#end({ reason });
    // A close handshake needs the other end, which may be gone.
    if (this.#socket.readyState === this.#socket.OPEN)
      this.#socket.close(1000, Buffer.from(reason).subarray(0, 120).toString());
    setTimeout(() => this.#socket.terminate(), PING_MILLISECONDS).unref();
  }
}
