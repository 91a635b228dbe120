// Blosc 1 with LZ4, as numcodecs writes it: a header of 16 bytes, the offsets of the blocks, and each block as one LZ4
// stream, or as one for each byte of an element. https://github.com/Blosc/c-blosc/blob/main/README_CHUNK_FORMAT.rst
const HEADER = 16;
const COPIED = 0x02, SHUFFLED = 0x01, BIT_SHUFFLED = 0x04, ONE_STREAM = 0x10;
const CODECS = ["blosclz", "lz4", "snappy", "zlib", "zstd"];

/** The bytes that were compressed. Throws an Error for what is damaged or compressed otherwise. */
export function decompress(source) {
  if (source.length < HEADER) throw new Error("a Blosc buffer ends within its header");
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  const flags = source[2], typeSize = source[3];
  const size = view.getUint32(4, true), blockSize = view.getUint32(8, true), length = view.getUint32(12, true);
  if (length !== source.length) throw new Error(`a Blosc buffer says ${length} bytes and has ${source.length}`);
  if (flags & COPIED) return source.slice(HEADER, HEADER + size);
  if (flags & BIT_SHUFFLED) throw new Error("Blosc's bit shuffle can't be read here");
  const codec = flags >> 5;
  if (codec !== 1) throw new Error(`Blosc with ${CODECS[codec] ?? codec} can't be read here, only with lz4`);
  const target = new Uint8Array(size);
  for (let block = 0, start = 0; start < size; block++, start += blockSize) {
    const end = Math.min(start + blockSize, size);
    const streams = flags & ONE_STREAM || end - start < blockSize ? 1 : typeSize;
    const raw = flags & SHUFFLED && typeSize > 1 ? new Uint8Array(end - start) : target.subarray(start, end);
    readStreams(source, view, view.getInt32(HEADER + 4 * block, true), raw, streams);
    if (flags & SHUFFLED && typeSize > 1) unshuffle(raw, target.subarray(start, end), typeSize);
  }
  return target;
}

function readStreams(source, view, position, target, streams) {
  const size = target.length / streams;
  for (let stream = 0; stream < streams; stream++) {
    const length = view.getInt32(position, true);
    position += 4;
    const part = target.subarray(stream * size, (stream + 1) * size);
    const compressed = source.subarray(position, position + length);
    if (length === size) part.set(compressed);
    else lz4(compressed, part);
    position += length;
  }
}

/** One LZ4 block, which must fill its target. */
function lz4(source, target) {
  let from = 0, to = 0;
  const more = (length) => {
    if (length < 15) return length;
    let byte;
    do length += byte = source[from++]; while (byte === 255);
    return length;
  };
  while (from < source.length) {
    const token = source[from++];
    const literals = more(token >> 4);
    if (from + literals > source.length || to + literals > target.length) throw new Error("an LZ4 block is damaged");
    target.set(source.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    if (from === source.length) break;
    const offset = source[from++] | (source[from++] << 8);
    const end = to + more(token & 15) + 4;
    if (!offset || offset > to || !(end <= target.length)) throw new Error("an LZ4 block is damaged");
    for (; to < end; to++) target[to] = target[to - offset];
  }
  if (to !== target.length) throw new Error("an LZ4 block is damaged");
}

/** The first bytes of all elements come first, then the second ones, …; what is left over stays as it is. */
function unshuffle(source, target, typeSize) {
  const elements = Math.floor(source.length / typeSize);
  for (let byte = 0, from = 0; byte < typeSize; byte++)
    for (let element = 0, to = byte; element < elements; element++, to += typeSize) target[to] = source[from++];
  target.set(source.subarray(elements * typeSize), elements * typeSize);
}
