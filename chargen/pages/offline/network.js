// The network in the page, one character at a time: decoder.py in JavaScript and WebAssembly.
//
// Weights are int8 with one scale per column, or float32; states and gates are float32. What a
// character adds to the gates of the first layer is worked out when it first comes, and kept.

const STEPS = {lstm, gru, rnn};
const {fround} = Math;

export class Network {
  #kernel; // exports of kernel.wasm
  #arrays;
  #layers = [];
  #dense;
  #rows = new Map(); // of the first layer's table, by character and label

  /**
   * @param kernel the bytes of kernel.wasm.
   * @param config {cell, units, vocab_size, …}.
   * @param arrays typed arrays by name, matrices by rows of their outputs.
   */
  constructor(kernel, {cell, units, vocab_size: vocabSize, embedding_dim: width}, arrays) {
    Object.assign(this, {cell, units, vocabSize});
    this.#arrays = arrays;
    this.#kernel = new WebAssembly.Instance(new WebAssembly.Module(kernel)).exports;
    const memory = new Memory(this.#kernel.memory);
    let inputs = width;
    for (const [number, size] of units.entries()) {
      const part = name => `${cell}_${number}/${name}`, columns = BLOCKS[cell] * size;
      const bias = arrays[part("bias")];
      this.#layers.push({
        // A GRU has two biases, and keeps the two products apart: one before its reset gate, one after.
        bias: bias.slice(0, columns), recurrentBias: bias.slice(columns),
        input: number ? new Product(this.#kernel, memory, arrays, part("kernel"), inputs, columns) : null,
        recurrent: new Product(this.#kernel, memory, arrays, part("recurrent_kernel"), size, columns),
        step: STEPS[cell], z: new Float32Array(columns), r: new Float32Array(columns),
      });
      inputs = size;
    }
    this.#dense = new Product(this.#kernel, memory, arrays, "dense/kernel", inputs, vocabSize);
    this.width = width;
  }

  /** Return the state of a text that begins: for each layer, h and, of an LSTM, c. */
  zeroState() {
    return this.units.map(size => ({h: new Float32Array(size), c: new Float32Array(size)}));
  }

  /** Read a character; change the state, and return the logits of the one after it. */
  step(id, state, label = null) {
    let x = null;
    this.#layers.forEach((layer, number) => {
      const {z, r, bias, recurrentBias, recurrent} = layer, {h, c} = state[number];
      if (number) {
        z.set(bias);
        layer.input.addTo(z, x);
      } else z.set(this.#row(id, label));
      if (recurrentBias.length) {
        r.set(recurrentBias);
        recurrent.addTo(r, h);
      } else recurrent.addTo(z, h);
      layer.step(z, r, h, c);
      x = h;
    });
    const logits = new Float32Array(this.#arrays["dense/bias"]);
    this.#dense.addTo(logits, x);
    return logits;
  }

  /** Return what a character, and the label, add to the gates of the first layer, with the bias. */
  #row(id, label) {
    const key = label === null ? id : `${label} ${id}`;
    if (!this.#rows.has(key)) this.#rows.set(key, this.#makeRow(id, label));
    return this.#rows.get(key);
  }

  #makeRow(id, label) {
    const {width} = this, row = Float32Array.from(this.#layers[0].bias);
    const of = (name, number) => this.#arrays[name].subarray(number * width, (number + 1) * width);
    const x = Float64Array.from(of("embedding/embeddings", id));
    if (label !== null) of("label/embeddings", label).forEach((value, i) => { x[i] += value; });
    const name = `${this.cell}_0/kernel`, kernel = this.#arrays[name], scale = this.#arrays[`${name}/scale`];
    for (let column = 0; column < row.length; column++) {
      let sum = 0;
      for (let i = 0; i < width; i++) sum += x[i] * kernel[column * width + i];
      row[column] += sum * (scale?.[column] ?? 1);
    }
    return row;
  }
}

const BLOCKS = {lstm: 4, gru: 3, rnn: 1}; // of columns: the gates

const tanh = x => 1 - 2 / (Math.exp(2 * x) + 1); // sooner than Math.tanh, and right to 1e-16
const sigmoid = x => 1 / (1 + Math.exp(-x));

// One step of a layer: from the products z (and r) to the next state, in place.

function lstm(z, r, h, c) {
  const n = h.length;
  for (let i = 0; i < n; i++) {
    c[i] = fround(sigmoid(z[n + i])) * c[i] + fround(sigmoid(z[i])) * fround(tanh(z[2 * n + i]));
    h[i] = fround(sigmoid(z[3 * n + i])) * fround(tanh(c[i]));
  }
}

function gru(z, r, h) {
  const n = h.length;
  for (let i = 0; i < n; i++) {
    const update = sigmoid(z[i] + r[i]), reset = sigmoid(z[n + i] + r[n + i]);
    const candidate = tanh(z[2 * n + i] + reset * r[2 * n + i]);
    h[i] = candidate + update * (h[i] - candidate);
  }
}

function rnn(z, r, h) {
  for (let i = 0; i < h.length; i++) h[i] = tanh(z[i]);
}

/** A place for arrays in the memory of the kernel. */
class Memory {
  #memory;
  #used = 0;

  constructor(memory) {
    this.#memory = memory;
  }

  /** Return where so many bytes are free. */
  take(bytes) {
    const place = this.#used;
    this.#used += Math.ceil(bytes / 16) * 16;
    const missing = this.#used - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / 65536));
    return place;
  }
}

const LARGEST = 2 ** 31 - 1;

/** A matrix in the kernel's memory, and its product with a vector. */
class Product {
  #kernel;
  #places = {};
  #rows;
  #width;
  #step; // of the vector's int16 numbers; 0 where it is float32

  constructor(kernel, memory, arrays, name, inputs, outputs) {
    const matrix = arrays[name], scale = arrays[`${name}/scale`], isInt8 = Boolean(scale);
    this.#kernel = kernel;
    this.#rows = Math.ceil(outputs / 4) * 4;
    this.#width = Math.ceil(inputs / 8) * 8;
    const size = isInt8 ? 1 : 4;
    const w = memory.take(this.#rows * this.#width * size), y = memory.take(4 * this.#rows);
    const x = memory.take(4 * this.#width), s = memory.take(4 * this.#rows);
    this.#places = {w, x, s, y};
    const {buffer} = kernel.memory, all = new matrix.constructor(buffer, w, this.#rows * this.#width);
    for (let row = 0; row < outputs; row++) {
      all.set(matrix.subarray(row * inputs, (row + 1) * inputs), row * this.#width);
    }
    // As fine as the sums allow: each of four adds up a quarter of the products in 32 bits.
    this.#step = isInt8 ? 1 / Math.min(32767, Math.floor(LARGEST / (127 * this.#width / 4))) : 0;
    if (isInt8) new Float32Array(buffer, s, outputs).set(scale.map(each => each * this.#step));
  }

  /** Add the product with x to y; with int8 weights x is in [-1, 1]. */
  addTo(y, x) {
    const {buffer} = this.#kernel.memory, at = this.#places, step = this.#step;
    const sums = new Float32Array(buffer, at.y, y.length);
    sums.set(y);
    if (step) {
      const whole = new Int16Array(buffer, at.x, x.length), factor = 1 / step;
      for (let i = 0; i < x.length; i++) whole[i] = Math.round(x[i] * factor);
      this.#kernel.int8(at.w, at.x, at.s, at.y, this.#rows, this.#width);
    } else {
      new Float32Array(buffer, at.x, x.length).set(x);
      this.#kernel.float32(at.w, at.x, at.y, this.#rows, this.#width);
    }
    y.set(sums);
  }
}
