// A line chart, with the same numbers in a table.

import {element} from "./elements.js";

const WIDTH = 340, HEIGHT = 210, LEFT = 40, BOTTOM = 36, TOP = 12, RIGHT = 12;

/**
 * Return a figure of lines over a common x.
 *
 * @param x {name, values, isLog}.
 * @param lines [{name, values}]; a null value is a gap. Each line has its own dashes.
 * @param y the name of the other axis.
 */
export function lineChart(x, lines, y) {
  const at = value => (x.isLog ? Math.log2(value) : value);
  const all = lines.flatMap(({values}) => values.filter(value => value != null));
  const toX = scale(x.values.map(at), LEFT, WIDTH - RIGHT);
  const toY = scale(all, HEIGHT - BOTTOM, TOP);
  const picture = svg("svg", {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "chart", role: "img",
    "aria-label": `${y} against ${x.name}; the numbers are in the table below`});
  for (const value of ticks(all)) {
    picture.append(svg("line", {class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: toY(value), y2: toY(value)}),
      label(value.toFixed(2), LEFT - 6, toY(value) + 4, "end"));
  }
  const marks = x.isLog ? x.values : ticks(x.values);
  for (const value of marks) picture.append(label(short(value), toX(at(value)), HEIGHT - BOTTOM + 18, "middle"));
  picture.append(label(x.name, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 3, "middle"));
  lines.forEach(({values}, i) => {
    const known = values.flatMap((value, k) => (value == null ? [] : [`${toX(at(x.values[k]))},${toY(value)}`]));
    picture.append(svg("polyline", {class: `line line${i}`, points: known.join(" ")}));
  });
  const key = lines.length < 2 ? [] : [element("figcaption", {}, lines.map(({name}, i) => {
    const dash = svg("svg", {class: "dash", viewBox: "0 0 30 8", "aria-hidden": "true"});
    dash.append(svg("line", {class: `line line${i}`, x1: 0, x2: 30, y1: 4, y2: 4}));
    return element("span", {}, [dash, ` ${name}`]);
  }))];
  return element("figure", {}, [picture, ...key, table(x, lines, y)]);
}

function table(x, lines, y) {
  const head = element("tr", {}, [x.name, ...lines.map(({name}) => name ?? y)].map(textContent =>
    element("th", {scope: "col", textContent})));
  const rows = x.values.map((value, k) => element("tr", {}, [
    element("th", {scope: "row", textContent: value.toLocaleString("en")}),
    ...lines.map(({values}) => element("td", {textContent: values[k]?.toFixed(3) ?? "–"})),
  ]));
  const whole = element("table", {}, [element("thead", {}, [head]), element("tbody", {}, rows)]);
  return element("details", {}, [element("summary", {textContent: "As a table"}), whole]);
}

function scale(values, from, to) {
  const least = Math.min(...values), span = Math.max(...values) - least || 1;
  return value => Math.round(10 * (from + ((value - least) / span) * (to - from))) / 10;
}

/** Return about five round numbers within the range of some values. */
function ticks(values) {
  const least = Math.min(...values), most = Math.max(...values);
  const rough = (most - least || 1) / 5, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find(factor => factor * power >= rough) * power;
  const first = Math.ceil(least / step - 1e-9);
  return Array.from({length: Math.floor(most / step + 1e-9) - first + 1}, (_, i) => (first + i) * step);
}

const short = value => new Intl.NumberFormat("en", {notation: "compact"}).format(value);

const label = (words, x, y, anchor) => {
  const text = svg("text", {x, y, "text-anchor": anchor});
  text.textContent = words;
  return text;
};

function svg(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
