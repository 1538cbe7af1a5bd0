import type { RgbImage } from './image.ts';

/** Pictures kept by key, the least recently used given up first, their pixels never more than `capacity` bytes together. */
export class ImageCache {
  readonly capacity: number;
  /** In order of use, the oldest first. */
  readonly #images = new Map<string, RgbImage>();
  #bytes = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): RgbImage | undefined {
    const image = this.#images.get(key);
    if (image === undefined) return undefined;
    this.#images.delete(key);
    this.#images.set(key, image);
    return image;
  }

  /** Keeps the picture, unless it alone is larger than the capacity. */
  set(key: string, image: RgbImage): void {
    this.#delete(key);
    if (image.data.length > this.capacity) return;
    this.#images.set(key, image);
    this.#bytes += image.data.length;
    for (const oldest of this.#images.keys()) {
      if (this.#bytes <= this.capacity) break;
      this.#delete(oldest);
    }
  }

  #delete(key: string): void {
    const image = this.#images.get(key);
    if (image === undefined) return;
    this.#images.delete(key);
    this.#bytes -= image.data.length;
  }
}
