// Pictures of activations, from -1 to 1, in the colours of the style sheet.

/**
 * Draw all units over the text: a row a unit, a column a character.
 *
 * @param rows {characters, units, values}, values in int8 a character after the other; or nothing.
 * @param chosen the unit to point out.
 */
export function drawStrip(canvas, rows, chosen) {
  canvas.hidden = !rows;
  if (!rows) return;
  const {characters, units: {length: units}, values} = rows;
  canvas.width = characters;
  canvas.height = units;
  canvas.style.height = `${Math.min(400, Math.max(160, units))}px`;
  const context = canvas.getContext("2d");
  const shades = allShades(context, canvas);
  const image = context.createImageData(characters, units);
  for (let unit = 0; unit < units; unit++) {
    for (let i = 0; i < characters; i++) {
      image.data.set(shades[values[i * units + unit] + 128], 4 * (unit * characters + i));
    }
  }
  context.putImageData(image, 0, 0);
  canvas.parentElement.style.setProperty("--chosen", `${(100 * (chosen + 0.5)) / units}%`);
}

/** Draw one unit's activations as bars up from the middle, or down. */
export function drawTrace(canvas, values) {
  canvas.hidden = !values;
  if (!values) return;
  canvas.width = canvas.clientWidth * devicePixelRatio;
  canvas.height = canvas.clientHeight * devicePixelRatio;
  const context = canvas.getContext("2d"), middle = canvas.height / 2, step = canvas.width / values.length;
  const [up, down, line] = ["--positive", "--negative", "--muted"].map(name => colour(context, canvas, name));
  values.forEach((value, i) => {
    context.fillStyle = css(value > 0 ? up : down);
    context.fillRect(i * step, middle, Math.max(step - 0.5, 0.5), -value * middle);
  });
  context.fillStyle = css(line);
  context.fillRect(0, middle, canvas.width, 1);
}

/** Return the colour, [r, g, b, 255], of each int8 value from -128 on. */
function allShades(context, canvas) {
  const [up, down, none] = ["--positive", "--negative", "--surface"].map(name => colour(context, canvas, name));
  return Array.from({length: 256}, (_, i) => {
    const part = Math.min(1, Math.abs(i - 128) / 127), full = i < 128 ? down : up;
    return [...none.map((value, k) => value + part * (full[k] - value)), 255];
  });
}

/** Return a colour of the style sheet as [r, g, b]. */
function colour(context, canvas, name) {
  context.fillStyle = getComputedStyle(canvas).getPropertyValue(name);
  return [1, 3, 5].map(i => parseInt(context.fillStyle.slice(i, i + 2), 16));
}

const css = rgb => `rgb(${rgb.join(" ")})`;
