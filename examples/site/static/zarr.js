// An OME-Zarr of format 2 over HTTP, read with fetch alone.
import { decompress } from "./blosc.js";

const TYPES = {
  f4: Float32Array, f8: Float64Array, i1: Int8Array, u1: Uint8Array, i2: Int16Array, u2: Uint16Array,
  i4: Int32Array, u4: Uint32Array,
};
const NATIVE = { gzip: "gzip", zlib: "deflate" };
const CACHE_BYTES = 512 * 2 ** 20;
const FIXED = { ">": false, "<": true, "|": true };

/** The resolutions of the OME-Zarr at a URL, the finest first. */
export async function open(url) {
  const attributes = await json(`${url}/.zattrs`);
  const image = attributes.multiscales?.[0];
  if (!image) throw new Error(`${url}/.zattrs has no multiscales`);
  const cache = new Cache();
  return Promise.all(image.datasets.map(async ({ path, coordinateTransformations }) => {
    const scale = coordinateTransformations?.find((item) => item.type === "scale")?.scale ?? [1, 1, 1];
    return new Level(`${url}/${path}`, await json(`${url}/${path}/.zarray`), scale, cache);
  }));
}

/** One resolution: a three-dimensional array with the axes z, y, x. */
class Level {
  constructor(url, description, scale, cache) {
    const { shape, chunks, dtype, compressor, filters, order, zarr_format: format } = description;
    const refuse = (what) => { throw new Error(`${url}/.zarray: ${what} can't be read here`); };
    if (format !== 2) refuse(`zarr format ${format}`);
    if (shape.length !== 3) refuse(`an array of ${shape.length} axes`);
    if (!(dtype.slice(1) in TYPES)) refuse(`the type ${dtype}`);
    if (order !== "C") refuse(`the order ${order}`);
    if (filters?.length) refuse(`the filter ${filters[0].id}`);
    if (compressor && compressor.id !== "blosc" && !(compressor.id in NATIVE)) refuse(`the compressor ${compressor.id}`);
    Object.assign(this, { url, shape, chunks, compressor, scale, cache });
    this.separator = description.dimension_separator ?? ".";
    this.fill = Number(description.fill_value ?? 0);
    this.Type = TYPES[dtype.slice(1)];
    this.littleEndian = FIXED[dtype[0]];
  }

  /** The voxels of a slice along z, row by row, and how many of its chunks are not there (they are the fill value). */
  async slice(z, signal) {
    const [, height, width] = this.shape;
    const [depth, rows, columns] = this.chunks;
    const voxels = new this.Type(height * width);
    const places = [];
    for (let y = 0; y < height; y += rows) for (let x = 0; x < width; x += columns) places.push([y, x]);
    const parts = await Promise.all(places.map(async ([y, x]) => {
      const chunk = await this.chunk([Math.floor(z / depth), y / rows, x / columns], signal);
      if (!chunk) {
        for (let row = y; row < Math.min(y + rows, height); row++)
          voxels.fill(this.fill, row * width + x, row * width + Math.min(x + columns, width));
        return 1;
      }
      for (let row = y; row < Math.min(y + rows, height); row++) {
        const start = ((z % depth) * rows + row - y) * columns;
        voxels.set(chunk.subarray(start, start + Math.min(columns, width - x)), row * width + x);
      }
      return 0;
    }));
    return { voxels, width, height, missing: parts.reduce((sum, part) => sum + part, 0), chunks: parts.length };
  }

  async chunk(index, signal) {
    const url = `${this.url}/${index.join(this.separator)}`;
    const kept = this.cache.get(url);
    if (kept !== undefined) return kept;
    const answer = await request(url, signal);
    const chunk = answer.status === 404 ? null : this.decode(url, await this.bytes(answer));
    this.cache.set(url, chunk);
    return chunk;
  }

  async bytes(answer) {
    const native = NATIVE[this.compressor?.id];
    if (native) answer = new Response(answer.body.pipeThrough(new DecompressionStream(native)));
    const bytes = new Uint8Array(await answer.arrayBuffer());
    return this.compressor?.id === "blosc" ? decompress(bytes) : bytes;
  }

  decode(url, bytes) {
    const size = this.chunks.reduce((product, edge) => product * edge, this.Type.BYTES_PER_ELEMENT);
    if (bytes.length !== size) throw new Error(`${url} has ${bytes.length} bytes, ${size} are expected`);
    if (!this.littleEndian) swap(bytes, this.Type.BYTES_PER_ELEMENT);
    return new this.Type(bytes.buffer, bytes.byteOffset, size / this.Type.BYTES_PER_ELEMENT);
  }
}

/** The chunks that were used last, up to a number of bytes. */
class Cache {
  #chunks = new Map();
  #bytes = 0;

  get(url) {
    const chunk = this.#chunks.get(url);
    if (chunk === undefined) return undefined;
    this.#chunks.delete(url);
    this.#chunks.set(url, chunk);
    return chunk;
  }

  set(url, chunk) {
    this.#chunks.set(url, chunk);
    this.#bytes += chunk?.byteLength ?? 0;
    for (const [oldest, dropped] of this.#chunks) {
      if (this.#bytes <= CACHE_BYTES) break;
      this.#chunks.delete(oldest);
      this.#bytes -= dropped?.byteLength ?? 0;
    }
  }
}

async function json(url) {
  const answer = await request(url);
  if (answer.status === 404) throw new Error(`${url} is not there`);
  return answer.json();
}

async function request(url, signal) {
  let answer;
  try {
    answer = await fetch(url, { signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error(`${url} does not answer`);
  }
  if (!answer.ok && answer.status !== 404) throw new Error(`${url} answers ${answer.status}`);
  return answer;
}

function swap(bytes, size) {
  for (let start = 0; start < bytes.length; start += size) bytes.subarray(start, start + size).reverse();
}
