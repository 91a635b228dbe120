// Draws one slice of a tomogram, and again when a control changes.
import { open } from "./zarr.js";

const element = (id) => document.getElementById(id);
const viewer = element("viewer"), canvas = element("canvas"), controls = element("controls");
const z = element("z"), level = element("level"), black = element("black"), white = element("white");
let levels = [], range = null, drawing = new AbortController();

start();

async function start() {
  try {
    levels = await open(viewer.dataset.zarr);
    levels.forEach(({ shape: [depth, height, width], scale: [, , spacing] }, number) => {
      level.add(new Option(`${width} x ${height} x ${depth} voxels of ${+spacing.toFixed(3)} Å`, number));
    });
    level.value = levels.length - 1; // the coarsest is the smallest to read
    chooseLevel(0.5);
    controls.disabled = false;
    await draw();
  } catch (error) {
    fail(error);
  }
}

/** The slider for the level's slices, at a part of their depth. */
function chooseLevel(part) {
  const depth = levels[level.value].shape[0];
  z.max = depth - 1;
  z.value = Math.min(Math.floor(part * depth), depth - 1);
}

async function draw() {
  drawing.abort();
  const current = drawing = new AbortController();
  const chosen = levels[level.value], number = z.valueAsNumber;
  canvas.setAttribute("aria-busy", "true");
  say();
  try {
    const slice = await chosen.slice(number, current.signal);
    if (current !== drawing) return;
    range ??= extremes(slice.voxels);
    paint(slice);
    tell(chosen, number, slice);
  } catch (error) {
    if (current === drawing) fail(error);
  }
}

function extremes(voxels) {
  let least = Infinity, most = -Infinity;
  for (const voxel of voxels) {
    if (voxel < least) least = voxel;
    if (voxel > most) most = voxel;
  }
  return { least, most };
}

function paint({ voxels, width, height }) {
  const part = (control) => range.least + ((range.most - range.least) * control.valueAsNumber) / 100;
  const darkest = part(black), brightest = part(white);
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let index = 0; index < voxels.length; index++) {
    const grey = shade((voxels[index] - darkest) / (brightest - darkest));
    pixels[index] = 0xff000000 | (grey << 16) | (grey << 8) | grey;
  }
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** From 0, black, to 255. Where black and white are the same, the part is no number for what is just that. */
function shade(part) {
  return part > 0 ? Math.min(255, Math.floor(part * 255 + 0.5)) : 0;
}

function say() {
  const depth = levels[level.value].shape[0];
  element("z-value").value = `${z.valueAsNumber + 1} of ${depth}`;
  z.setAttribute("aria-valuetext", `slice ${z.valueAsNumber + 1} of ${depth}`);
  for (const control of [black, white]) element(`${control.id}-value`).value = `${control.value} %`;
}

function tell(chosen, number, { width, height, missing, chunks }) {
  const place = `slice ${number + 1} of ${chosen.shape[0]}, ${width} x ${height} voxels`;
  canvas.setAttribute("aria-label", `${viewer.dataset.name}: ${place}`);
  canvas.setAttribute("aria-busy", "false");
  const gaps = missing ? `; ${missing} of its ${chunks} chunks are not there and drawn as ${chosen.fill}` : "";
  element("status").textContent = `Drawn: ${place}${gaps}.`;
  element("problem").hidden = true;
}

function fail(error) {
  canvas.setAttribute("aria-busy", "false");
  element("status").textContent = "Not drawn.";
  element("problem").textContent = `The tomogram can't be drawn: ${error.message}.`;
  element("problem").hidden = false;
}

for (const control of [z, black, white]) control.addEventListener("input", draw);
level.addEventListener("change", () => {
  const part = z.valueAsNumber / (+z.max || 1);
  chooseLevel(part);
  draw();
});
element("fit").addEventListener("click", () => {
  range = null;
  black.value = 0;
  white.value = 100;
  draw();
});
