import { StudioError } from '#shared/errors.ts';
import type { Camera, Size } from './camera.ts';

/**
 * Points in WebGL 2. Libraries for this were looked at and left: regl and all that build on it make code by `new Function`, which the studio's
 * content policy forbids, and deck.gl brings two megabytes of maps for one layer of points.
 */

const VERTEX = `#version 300 es
in vec2 position;
in uint code;
in uint selected;
uniform vec2 middle;
uniform vec2 scale;
uniform float size;
uniform float opacity;
uniform bool hasSelection;
uniform int layer;
uniform sampler2D palette;
flat out vec4 color;
void main() {
  color = texelFetch(palette, ivec2(int(code), 0), 0);
  int own = (hasSelection && selected == 1u ? 2 : 0) + (color.a < 1.0 ? 0 : 1);
  bool isHidden = color.a == 0.0 || (layer >= 0 && layer != own);
  if (hasSelection && selected == 0u) color.a *= 0.22;
  else if (hasSelection) color.a = 1.0;
  color.a *= hasSelection && selected == 1u ? 1.0 : opacity;
  gl_Position = isHidden ? vec4(2.0, 2.0, 0.0, 1.0) : vec4((position - middle) * scale, 0.0, 1.0);
  gl_PointSize = size * (hasSelection && selected == 1u ? 1.35 : 1.0);
}`;
const FRAGMENT = `#version 300 es
precision mediump float;
flat in vec4 color;
out vec4 drawn;
void main() {
  float away = length(gl_PointCoord - 0.5) * 2.0;
  float alpha = color.a * (1.0 - smoothstep(0.75, 1.0, away));
  drawn = vec4(color.rgb * alpha, alpha);
}`;

const PALETTE_SIZE = 256;
const UNIFORMS = ['middle', 'scale', 'size', 'opacity', 'hasSelection', 'layer', 'palette'] as const;

/** A colour of the palette: 0 … 255 each; an alpha of 0 hides the points, one below 255 makes them recede. */
export type PaletteColor = readonly [red: number, green: number, blue: number, alpha: number];

/** N points that are drawn in an order of no meaning, so that no class covers another, and any first part of them stands for all. */
export class Scatter {
  readonly #gl: WebGL2RenderingContext;
  readonly #count: number;
  readonly #order: Uint32Array;
  readonly #locations: Readonly<Record<(typeof UNIFORMS)[number], WebGLUniformLocation | null>>;
  readonly #codes: WebGLBuffer;
  readonly #selected: WebGLBuffer;
  #hasSelection = false;
  #hasFaint = false;

  /** @param positions [N×2]. @throws StudioError 'unsupported' where the browser has no WebGL 2. */
  constructor(canvas: HTMLCanvasElement, positions: Float32Array) {
    const gl = canvas.getContext('webgl2', { antialias: false, alpha: true, premultipliedAlpha: true });
    if (gl === null) {
      throw new StudioError('unsupported', 'This browser cannot draw the map: it has no WebGL 2.', {
        hint: 'Turn on graphics acceleration in its settings, or use another browser.',
      });
    }
    this.#gl = gl;
    this.#count = positions.length / 2;
    this.#order = mixedOrder(this.#count);
    const program = programOf(gl);
    gl.useProgram(program);
    this.#locations = Object.fromEntries(
      UNIFORMS.map((name) => [name, gl.getUniformLocation(program, name)]),
    ) as Readonly<Record<(typeof UNIFORMS)[number], WebGLUniformLocation | null>>;
    const mixed = new Float32Array(positions.length);
    this.#order.forEach((point, place) => {
      mixed[2 * place] = positions[2 * point]!;
      mixed[2 * place + 1] = positions[2 * point + 1]!;
    });
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, mixed, gl.STATIC_DRAW);
    const place = gl.getAttribLocation(program, 'position');
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, 2, gl.FLOAT, false, 0, 0);
    this.#codes = this.#bytesOf(program, 'code');
    this.#selected = this.#bytesOf(program, 'selected');
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.uniform1i(this.#locations.palette, 0);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  /** @param codes [N] which colour of the palette each point has. */
  setCodes(codes: Uint8Array): void {
    this.#fill(this.#codes, codes);
  }

  /** Colours by code; those left out are hidden. */
  setPalette(colors: ReadonlyMap<number, PaletteColor>): void {
    this.#hasFaint = [...colors.values()].some(([, , , alpha]) => alpha < 255);
    const bytes = new Uint8Array(PALETTE_SIZE * 4);
    for (const [code, color] of colors) bytes.set(color, code * 4);
    const gl = this.#gl;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, PALETTE_SIZE, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
  }

  /** The points that stand out; none: all are alike. */
  setSelection(points: Uint32Array): void {
    this.#hasSelection = points.length > 0;
    const selected = new Uint8Array(this.#count);
    for (const point of points) selected[point] = 1;
    this.#fill(this.#selected, selected);
  }

  /** @param size of the canvas in CSS pixels. @param most points that are drawn: fewer while the map moves on a slow machine. */
  draw(camera: Camera, size: Size, pixelRatio: number, most: number): void {
    const gl = this.#gl;
    const { canvas } = gl;
    const [width, height] = [Math.round(size.width * pixelRatio), Math.round(size.height * pixelRatio)];
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    const drawn = Math.min(most, this.#count);
    const { diameter, opacity } = lookOf(this.#count, camera.scale / Math.min(size.width, size.height));
    gl.uniform2f(this.#locations.middle, camera.x, camera.y);
    gl.uniform2f(this.#locations.scale, (2 * camera.scale) / size.width, (2 * camera.scale) / size.height);
    gl.uniform1f(this.#locations.size, diameter * pixelRatio);
    gl.uniform1f(this.#locations.opacity, opacity);
    gl.uniform1i(this.#locations.hasSelection, Number(this.#hasSelection));
    for (const layer of this.#layers()) {
      gl.uniform1i(this.#locations.layer, layer);
      gl.drawArrays(gl.POINTS, 0, drawn);
    }
  }

  /** Faint points lie beneath the others, and those that are selected on top; -1 draws all at once. */
  #layers(): readonly number[] {
    if (this.#hasFaint) return this.#hasSelection ? [0, 1, 2, 3] : [0, 1];
    return this.#hasSelection ? [1, 3] : [-1];
  }

  #bytesOf(program: WebGLProgram, name: string): WebGLBuffer {
    const gl = this.#gl;
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, this.#count, gl.DYNAMIC_DRAW);
    const place = gl.getAttribLocation(program, name);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribIPointer(place, 1, gl.UNSIGNED_BYTE, 0, 0);
    return buffer;
  }

  #fill(buffer: WebGLBuffer, values: Uint8Array): void {
    const gl = this.#gl;
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferSubData(
      gl.ARRAY_BUFFER,
      0,
      Uint8Array.from(this.#order, (point) => values[point]!),
    );
  }
}

/** Many points are small and let each other through; they grow as one comes nearer. @param nearness 0.46 where all of the map is seen. */
export function lookOf(count: number, nearness: number): { readonly diameter: number; readonly opacity: number } {
  const zoom = Math.max(1, nearness / 0.46);
  const crowd = Math.log10(Math.max(10, count));
  const diameter = Math.min(12, Math.max(1.6, (9.5 - 1.35 * crowd) * zoom ** 0.4));
  const opacity = Math.min(0.92, Math.max(0.3, 1.35 - 0.16 * crowd + 0.18 * Math.log2(zoom)));
  return { diameter, opacity };
}

/** All of 0 … N-1, by steps of the golden section, so that any stretch of it is spread over all. */
function mixedOrder(count: number): Uint32Array {
  let step = Math.max(1, Math.round(count * 0.618_033_988_75));
  while (greatestCommonDivisor(step, count) !== 1) step++;
  const order = new Uint32Array(count);
  for (let place = 0, point = 0; place < count; place++, point = (point + step) % count) order[place] = point;
  return order;
}

function greatestCommonDivisor(one: number, other: number): number {
  return other === 0 ? one : greatestCommonDivisor(other, one % other);
}

function programOf(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(kind)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (gl.getProgramParameter(program, gl.LINK_STATUS) !== true && !gl.isContextLost()) {
    throw new StudioError(
      'internal',
      `The map cannot be drawn: ${gl.getProgramInfoLog(program) ?? 'its program does not link'}.`,
    );
  }
  return program;
}
